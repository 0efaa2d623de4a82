/* lstm.h: LSTM over a sequence, float32 with float32 or int8 weights ("hybrid": data is quantized while running).
 * ISA: portable C written to vectorise. Arithmetic: TFLite lstm_eval.cc. */
#ifndef IG_LSTM_H
#define IG_LSTM_H

#include "conv_plain.h"
#include "recurrent.h"

typedef struct {
  const void *weights, *recurrent, *peephole; /* weights NULL: no such gate; peephole NULL: none */
  const float *bias, *norm;                   /* norm NULL: no layer normalization */
  float weights_scale, recurrent_scale, peephole_scale; /* hybrid */
} ig_lstm_gate;

typedef struct {
  int32_t batch, time, inputs, cells, outputs;
  int time_major, hybrid, asymmetric, with_tanh;
  float low, high, cell_clip, projection_clip; /* clips: 0 for none */
  ig_lstm_gate input, forget, cell, output;
  const void *projection; /* NULL: none */
  const float *projection_bias;
  float projection_scale;
} ig_lstm;

/* A vector to multiply with; quantized where weights are. */
typedef struct {
  const float *values;
  int8_t *quantized;
  float scale;
  int32_t zero;
} ig_lstm_vector;

IG_INLINE void ig_lstm_prepare(const ig_lstm *p, ig_lstm_vector *v, const float *values, int32_t n) {
  v->values = values;
  if (p->hybrid) hybrid_quantize(values, (size_t)n, p->asymmetric, v->quantized, &v->scale, &v->zero);
}

IG_INLINE float ig_lstm_product(const ig_lstm *p, const ig_lstm_vector *v, const void *w, float scale, int32_t row, int32_t n) {
  if (!p->hybrid) return ig_dot_f32((const float *)w + (size_t)row * n, v->values, n);
  const int8_t *from = (const int8_t *)w + (size_t)row * n;
  const int32_t sum = ig_dot_s8(from, v->quantized, n) - (p->asymmetric ? ig_total_s8(from, n) * v->zero : 0);
  return (float)sum * (v->scale * scale);
}

IG_INLINE void ig_lstm_normalize(float *x, int32_t n, const float *coefficients, const float *bias) {
  float sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) sum += x[i];
  const float mean = sum / (float)n;
  for (int32_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / sqrtf(squares / (float)n + 1e-8f);
  for (int32_t i = 0; i < n; i++) x[i] = (x[i] - mean) * inverse * coefficients[i] + bias[i];
}

/* By way of double, which rounds alike on every libm: where the state is quantized, its last bit may decide on a step. */
IG_INLINE float ig_lstm_sigmoid(float x) { return 1.0f / (1.0f + (float)exp(-(double)x)); }
IG_INLINE float ig_lstm_activate(const ig_lstm *p, float x) {
  return p->with_tanh ? (float)tanh((double)x) : ig_activate_f32(x, p->low, p->high, 0);
}

IG_INLINE void ig_lstm_run_gate(const ig_lstm *p, const ig_lstm_gate *g, int is_cell, const ig_lstm_vector *x,
                                const ig_lstm_vector *h, const float *c, float *restrict out) {
  for (int32_t i = 0; i < p->cells; i++) {
    float sum = (g->norm ? 0.0f : g->bias[i]) + ig_lstm_product(p, x, g->weights, g->weights_scale, i, p->inputs);
    sum += ig_lstm_product(p, h, g->recurrent, g->recurrent_scale, i, p->outputs);
    if (g->peephole) {
      const float weight = p->hybrid ? g->peephole_scale * ((const int8_t *)g->peephole)[i] : ((const float *)g->peephole)[i];
      sum += weight * c[i];
    }
    out[i] = sum;
  }
  if (g->norm) ig_lstm_normalize(out, p->cells, g->norm, g->bias);
  for (int32_t i = 0; i < p->cells; i++)
    out[i] = is_cell ? ig_lstm_activate(p, out[i]) : ig_lstm_sigmoid(out[i]);
}

IG_INLINE float ig_lstm_clip(float x, float limit) { return limit > 0 ? fminf(fmaxf(x, -limit), limit) : x; }

/* scratch: 4 * cells floats, then inputs + outputs + cells bytes */
IG_INLINE void ig_lstm_step(const ig_lstm *p, const float *x, float *h, float *c, float *scratch) {
  const int32_t n = p->cells;
  float *forget = scratch, *input = forget + n, *update = input + n, *output = update + n;
  int8_t *bytes = (int8_t *)(output + n);
  ig_lstm_vector data = {.quantized = bytes}, state = {.quantized = bytes + p->inputs};
  ig_lstm_vector hidden = {.quantized = bytes + p->inputs + p->outputs};
  ig_lstm_prepare(p, &data, x, p->inputs);
  ig_lstm_prepare(p, &state, h, p->outputs);
  ig_lstm_run_gate(p, &p->forget, 0, &data, &state, c, forget);
  if (p->input.weights) ig_lstm_run_gate(p, &p->input, 0, &data, &state, c, input);
  else
    for (int32_t i = 0; i < n; i++) input[i] = 1.0f - forget[i];
  ig_lstm_run_gate(p, &p->cell, 1, &data, &state, c, update);
  for (int32_t i = 0; i < n; i++) c[i] = ig_lstm_clip(forget[i] * c[i] + update[i] * input[i], p->cell_clip);
  ig_lstm_run_gate(p, &p->output, 0, &data, &state, c, output);
  for (int32_t i = 0; i < n; i++) output[i] *= ig_lstm_activate(p, c[i]);
  if (!p->projection) {
    memcpy(h, output, sizeof(float) * (size_t)n);
    return;
  }
  ig_lstm_prepare(p, &hidden, output, n);
  for (int32_t i = 0; i < p->outputs; i++) {
    const float sum = ig_lstm_product(p, &hidden, p->projection, p->projection_scale, i, n);
    h[i] = ig_lstm_clip((p->projection_bias ? p->projection_bias[i] : 0.0f) + sum, p->projection_clip);
  }
}

IG_INLINE void ig_lstm_run(const ig_lstm *p, const float *in, float *out, float *hidden, float *cell, float *scratch) {
  for (int32_t t = 0; t < p->time; t++)
    for (int32_t b = 0; b < p->batch; b++) {
      const size_t at = p->time_major ? (size_t)t * p->batch + b : (size_t)b * p->time + t;
      float *h = hidden + (size_t)b * p->outputs;
      ig_lstm_step(p, in + at * p->inputs, h, cell + (size_t)b * p->cells, scratch);
      memcpy(out + at * p->outputs, h, sizeof(float) * (size_t)p->outputs);
    }
}

#endif
