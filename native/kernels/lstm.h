/* lstm.h: LSTM over a sequence, float32 with float32 weights or, hybrid, int8 weights (data quantized at run time).
 * ISA: that of the products in recurrent.h; else portable C that vectorises. Arithmetic: TFLite lstm_eval.cc. */
#ifndef IG_LSTM_H
#define IG_LSTM_H

#include "recurrent.h"

typedef struct {
  const void *weights, *aux, *recurrent, *peephole;                /* weights NULL: no such gate; peephole NULL: none */
  const float *bias, *norm;                                        /* norm NULL: no layer normalization */
  float weights_scale, aux_scale, recurrent_scale, peephole_scale; /* hybrid */
} ig_lstm_gate;

typedef struct {
  ig_sequence steps;
  int32_t inputs, aux, cells, outputs, row; /* aux 0: no auxiliary data; row: columns of the result */
  ig_mix mix;
  int with_tanh;
  float low, high, cell_clip, projection_clip; /* clips: 0 for none */
  ig_lstm_gate input, forget, cell, output;
  const void *projection; /* NULL: none */
  const float *projection_bias;
  float projection_scale;
} ig_lstm;

IG_INLINE void ig_lstm_normalize(float *x, int32_t n, const float *coefficients, const float *bias) {
  float sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) sum += x[i];
  const float mean = sum / (float)n;
  for (int32_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1.0f / sqrtf(squares / (float)n + 1e-8f);
  for (int32_t i = 0; i < n; i++) x[i] = (x[i] - mean) * inverse * coefficients[i] + bias[i];
}

/* Inputs of a gate. */
typedef struct {
  ig_vector data, aux, state;
} ig_lstm_vectors;

/* products: scratch, one float per cell. */
IG_INLINE void ig_lstm_run_gate(const ig_lstm *p, const ig_lstm_gate *g, int is_cell, const ig_lstm_vectors *v,
                                const float *c, float *restrict products, float *restrict out) {
  ig_products(p->mix, &v->data, g->weights, g->weights_scale, p->cells, p->inputs, out);
  for (int32_t i = 0; i < p->cells; i++) out[i] = (g->norm ? 0.0f : g->bias[i]) + out[i];
  if (p->aux) {
    ig_products(p->mix, &v->aux, g->aux, g->aux_scale, p->cells, p->aux, products);
    for (int32_t i = 0; i < p->cells; i++) out[i] += products[i];
  }
  ig_products(p->mix, &v->state, g->recurrent, g->recurrent_scale, p->cells, p->outputs, products);
  for (int32_t i = 0; i < p->cells; i++) out[i] += products[i];
  if (g->peephole)
    for (int32_t i = 0; i < p->cells; i++) {
      const float weight =
          p->mix.hybrid ? g->peephole_scale * ((const int8_t *)g->peephole)[i] : ((const float *)g->peephole)[i];
      out[i] += weight * c[i];
    }
  if (g->norm) ig_lstm_normalize(out, p->cells, g->norm, g->bias);
  for (int32_t i = 0; i < p->cells; i++)
    out[i] = is_cell ? ig_activate_f32(out[i], p->low, p->high, p->with_tanh) : ig_sigmoid_f32(out[i]);
}

IG_INLINE float ig_lstm_clip(float x, float limit) { return limit > 0 ? fminf(fmaxf(x, -limit), limit) : x; }

/* scratch: 5 * cells floats, then inputs + aux + outputs + cells bytes */
IG_INLINE void ig_lstm_step(const ig_lstm *p, const float *x, const float *aux, float *h, float *c, float *scratch) {
  const int32_t n = p->cells;
  float *forget = scratch, *input = forget + n, *update = input + n, *output = update + n;
  float *products = output + n;
  int8_t *bytes = (int8_t *)(products + n), *more = bytes + p->inputs, *past = more + p->aux;
  ig_lstm_vectors v = {.data = ig_prepare(p->mix, x, p->inputs, bytes),
                       .state = ig_prepare(p->mix, h, p->outputs, past)};
  if (p->aux) v.aux = ig_prepare(p->mix, aux, p->aux, more);
  ig_lstm_run_gate(p, &p->forget, 0, &v, c, products, forget);
  if (p->input.weights) ig_lstm_run_gate(p, &p->input, 0, &v, c, products, input);
  else
    for (int32_t i = 0; i < n; i++) input[i] = 1.0f - forget[i];
  ig_lstm_run_gate(p, &p->cell, 1, &v, c, products, update);
  for (int32_t i = 0; i < n; i++) c[i] = ig_lstm_clip(forget[i] * c[i] + update[i] * input[i], p->cell_clip);
  ig_lstm_run_gate(p, &p->output, 0, &v, c, products, output);
  for (int32_t i = 0; i < n; i++) output[i] *= ig_activate_f32(c[i], p->low, p->high, p->with_tanh);
  if (!p->projection) {
    memcpy(h, output, sizeof(float) * (size_t)n);
    return;
  }
  const ig_vector hidden = ig_prepare(p->mix, output, n, past + p->outputs);
  ig_products(p->mix, &hidden, p->projection, p->projection_scale, p->outputs, n, h);
  for (int32_t i = 0; i < p->outputs; i++)
    h[i] = ig_lstm_clip((p->projection_bias ? p->projection_bias[i] : 0.0f) + h[i], p->projection_clip);
}

/* aux: NULL, or auxiliary data */
IG_INLINE void ig_lstm_run(const ig_lstm *p, const float *in, const float *aux, float *out, float *hidden, float *cell,
                           float *scratch) {
  for (int32_t t = 0; t < p->steps.time; t++)
    for (int32_t b = 0; b < p->steps.batch; b++) {
      const size_t at = ig_row_at(&p->steps, t, b);
      const float *more = aux ? aux + ig_aux_at(&p->steps, t, b, p->aux, p->inputs) : NULL;
      float *h = hidden + (size_t)b * p->outputs;
      ig_lstm_step(p, in + at * p->inputs, more, h, cell + (size_t)b * p->cells, scratch);
      memcpy(out + at * p->row, h, sizeof(float) * (size_t)p->outputs);
    }
}

#endif
