/* svdf.h: SVDF: each filter is a product of feature weights, applied to the newest step, and time weights, applied to
 * the stored activations. ISA: portable C that vectorises. Arithmetic: TFLite reference/svdf.h. */
#ifndef IG_SVDF_H
#define IG_SVDF_H

#include "conv_reference.h"
#include "recurrent.h"

typedef struct {
  int32_t batch, inputs, filters, memory, rank;
} ig_svdf;

/* float32 weights; or `hybrid`: int8 weights, data quantized at run time. scratch: hybrid: inputs bytes */
typedef struct {
  ig_svdf shape;
  int hybrid, asymmetric, with_tanh;
  float low, high, feature_scale;
  const void *feature;
  const float *time, *bias; /* time weights as real numbers; bias NULL: none */
} ig_svdf_f32;

IG_INLINE void ig_svdf_run_f32(const ig_svdf_f32 *p, const float *in, float *restrict state, float *restrict out,
                               int8_t *q) {
  const ig_svdf *s = &p->shape;
  const int32_t units = s->filters / s->rank;
  memmove(state, state + 1, sizeof(float) * ((size_t)s->batch * s->filters * s->memory - 1));
  for (int32_t b = 0; b < s->batch; b++, in += s->inputs, state += (size_t)s->filters * s->memory) {
    float scale = 1;
    int32_t zero = 0;
    if (p->hybrid) hybrid_quantize(in, (size_t)s->inputs, p->asymmetric, q, &scale, &zero);
    for (int32_t r = 0; r < s->filters; r++) {
      const size_t row = (size_t)r * s->inputs;
      float *newest = state + (size_t)(r + 1) * s->memory - 1;
      if (p->hybrid) {
        const int8_t *w = (const int8_t *)p->feature + row;
        const int32_t sum = ig_dot_s8(w, q, s->inputs) - (p->asymmetric ? ig_total_s8(w, s->inputs) * zero : 0);
        *newest = (float)sum * (scale * p->feature_scale);
      } else {
        *newest = ig_dot_f32((const float *)p->feature + row, in, s->inputs);
      }
    }
    for (int32_t u = 0; u < units; u++) {
      float sum = 0;
      for (int32_t r = u * s->rank; r < (u + 1) * s->rank; r++)
        sum += ig_dot_f32(p->time + (size_t)r * s->memory, state + (size_t)r * s->memory, s->memory);
      out[(size_t)b * units + u] = ig_activate_f32(sum + (p->bias ? p->bias[u] : 0.0f), p->low, p->high, p->with_tanh);
    }
  }
}

/* int8 with int16 time weights and state. */
typedef struct {
  ig_svdf shape;
  const int8_t *feature;
  const int16_t *time;
  const int32_t *feature_bias, *bias; /* feature_bias: corrections for the zero point; bias NULL: none */
  int32_t feature_m, time_m, zero_point;
  int feature_shift, time_shift;
} ig_svdf_s8;

IG_INLINE void ig_svdf_run_s8(const ig_svdf_s8 *p, const int8_t *in, int16_t *restrict state, int8_t *restrict out) {
  const ig_svdf *s = &p->shape;
  const int32_t units = s->filters / s->rank;
  memmove(state, state + 1, sizeof(int16_t) * ((size_t)s->batch * s->filters * s->memory - 1));
  for (int32_t b = 0; b < s->batch; b++, in += s->inputs, state += (size_t)s->filters * s->memory) {
    for (int32_t r = 0; r < s->filters; r++) {
      const int32_t sum = ig_dot_s8(p->feature + (size_t)r * s->inputs, in, s->inputs) + p->feature_bias[r];
      const int32_t scaled = ig_requant_s32_tflite(sum, p->feature_m, p->feature_shift);
      state[(size_t)(r + 1) * s->memory - 1] = (int16_t)ig_clamp(scaled, -32768, 32767);
    }
    for (int32_t u = 0; u < units; u++) {
      const size_t from = (size_t)u * s->rank * s->memory;
      const int32_t sum = ig_dot_s16(p->time + from, state + from, s->rank * s->memory) + (p->bias ? p->bias[u] : 0);
      const int32_t scaled = ig_requant_s32_tflite(sum, p->time_m, p->time_shift);
      out[(size_t)b * units + u] = (int8_t)ig_clamp(scaled + p->zero_point, -128, 127);
    }
  }
}

#endif
