/* lstm.h: LSTM over a sequence, float32 with float32 or int8 weights ("hybrid": data is quantized while running).
 * ISA: portable C written to vectorise; products as recurrent.h has them. Arithmetic: TFLite lstm_eval.cc. */
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

/* out = W v, W of `rows` rows of n. Where it is quantized, the exact sums stand in out first. */
IG_INLINE void ig_lstm_products(const ig_lstm *p, const ig_lstm_vector *v, const void *w, float scale, int32_t rows, int32_t n,
                                float *out) {
  if (!p->hybrid) {
    ig_gemv_f32((const float *)w, rows, n, v->values, out);
    return;
  }
  int32_t *sums = (int32_t *)out;
  ig_gemv_s8((const int8_t *)w, rows, n, v->quantized, sums);
  if (p->asymmetric)
    for (int32_t i = 0; i < rows; i++) sums[i] -= ig_total_s8((const int8_t *)w + (size_t)i * n, n) * v->zero;
  for (int32_t i = 0; i < rows; i++) out[i] = (float)sums[i] * (v->scale * scale);
}

IG_INLINE void ig_lstm_normalize(float *x, int32_t n, const float *coefficients, const float *bias) {
  float sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) sum += x[i];
  const float mean = sum / (float)n;
  for (int32_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / sqrtf(squares / (float)n + 1e-8f);
  for (int32_t i = 0; i < n; i++) x[i] = (x[i] - mean) * inverse * coefficients[i] + bias[i];
}

/* `state`: room for as many floats as there are cells. */
IG_INLINE void ig_lstm_run_gate(const ig_lstm *p, const ig_lstm_gate *g, int is_cell, const ig_lstm_vector *x,
                                const ig_lstm_vector *h, const float *c, float *restrict state, float *restrict out) {
  ig_lstm_products(p, x, g->weights, g->weights_scale, p->cells, p->inputs, out);
  ig_lstm_products(p, h, g->recurrent, g->recurrent_scale, p->cells, p->outputs, state);
  for (int32_t i = 0; i < p->cells; i++) out[i] = (g->norm ? 0.0f : g->bias[i]) + out[i] + state[i];
  if (g->peephole)
    for (int32_t i = 0; i < p->cells; i++) {
      const float weight = p->hybrid ? g->peephole_scale * ((const int8_t *)g->peephole)[i] : ((const float *)g->peephole)[i];
      out[i] += weight * c[i];
    }
  if (g->norm) ig_lstm_normalize(out, p->cells, g->norm, g->bias);
  for (int32_t i = 0; i < p->cells; i++)
    out[i] = is_cell ? ig_activate_f32(out[i], p->low, p->high, p->with_tanh) : ig_sigmoid_f32(out[i]);
}

IG_INLINE float ig_lstm_clip(float x, float limit) { return limit > 0 ? fminf(fmaxf(x, -limit), limit) : x; }

/* scratch: 5 * cells floats, then inputs + outputs + cells bytes */
IG_INLINE void ig_lstm_step(const ig_lstm *p, const float *x, float *h, float *c, float *scratch) {
  const int32_t n = p->cells;
  float *forget = scratch, *input = forget + n, *update = input + n, *output = update + n;
  float *products = output + n;
  int8_t *bytes = (int8_t *)(products + n);
  ig_lstm_vector data = {.quantized = bytes}, state = {.quantized = bytes + p->inputs};
  ig_lstm_vector hidden = {.quantized = bytes + p->inputs + p->outputs};
  ig_lstm_prepare(p, &data, x, p->inputs);
  ig_lstm_prepare(p, &state, h, p->outputs);
  ig_lstm_run_gate(p, &p->forget, 0, &data, &state, c, products, forget);
  if (p->input.weights) ig_lstm_run_gate(p, &p->input, 0, &data, &state, c, products, input);
  else
    for (int32_t i = 0; i < n; i++) input[i] = 1.0f - forget[i];
  ig_lstm_run_gate(p, &p->cell, 1, &data, &state, c, products, update);
  for (int32_t i = 0; i < n; i++) c[i] = ig_lstm_clip(forget[i] * c[i] + update[i] * input[i], p->cell_clip);
  ig_lstm_run_gate(p, &p->output, 0, &data, &state, c, products, output);
  for (int32_t i = 0; i < n; i++) output[i] *= ig_activate_f32(c[i], p->low, p->high, p->with_tanh);
  if (!p->projection) {
    memcpy(h, output, sizeof(float) * (size_t)n);
    return;
  }
  ig_lstm_prepare(p, &hidden, output, n);
  ig_lstm_products(p, &hidden, p->projection, p->projection_scale, p->outputs, n, h);
  for (int32_t i = 0; i < p->outputs; i++)
    h[i] = ig_lstm_clip((p->projection_bias ? p->projection_bias[i] : 0.0f) + h[i], p->projection_clip);
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
