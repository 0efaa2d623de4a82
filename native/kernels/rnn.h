/* rnn.h: RNN over a sequence: h = activation(W x + R h + b), float32 with float32 or int8 weights. ISA: that of the
 * products in recurrent.h; else portable C that vectorises. Arithmetic: TFLite kernel_utils.cc. */
#ifndef IG_RNN_H
#define IG_RNN_H

#include "recurrent.h"

typedef struct {
  ig_sequence steps;
  int32_t inputs, units, row; /* row: columns of the result */
  int32_t aux, aux_stride;    /* aux 0: no auxiliary data */
  int32_t rounds;             /* passes over the sequence */
  ig_mix mix;
  int with_tanh;
  float low, high, weights_scale, aux_scale, recurrent_scale;
  const void *weights, *aux_weights, *recurrent;
  const float *bias;
} ig_rnn;

/* out += W x. products: units floats; bytes: n */
IG_INLINE void ig_rnn_add(const ig_rnn *p, const float *x, int32_t n, const void *w, float scale,
                          float *restrict products, int8_t *bytes, float *restrict out) {
  const ig_vector v = ig_prepare(p->mix, x, n, bytes);
  ig_products(p->mix, &v, w, scale, p->units, n, products);
  for (int32_t i = 0; i < p->units; i++) out[i] += products[i];
}

/* aux: NULL, or auxiliary data. scratch: 2 * units floats, then as many bytes as the longest of the vectors has values
 */
IG_INLINE void ig_rnn_run(const ig_rnn *p, const float *in, const float *aux, float *out, float *hidden,
                          float *scratch) {
  const ig_sequence *s = &p->steps;
  const size_t state = sizeof(float) * (size_t)p->units;
  float *next = scratch, *products = next + p->units;
  int8_t *bytes = (int8_t *)(products + p->units);
  for (int32_t round = 0; round < p->rounds; round++)
    for (int32_t t = 0; t < s->time; t++)
      for (int32_t b = 0; b < s->batch; b++) {
        const size_t at = ig_row_at(s, t, b);
        float *h = hidden + (size_t)b * p->units;
        memcpy(next, p->bias, state);
        ig_rnn_add(p, in + at * p->inputs, p->inputs, p->weights, p->weights_scale, products, bytes, next);
        if (aux) {
          const float *more = aux + ig_aux_at(s, t, b, p->aux, p->aux_stride);
          ig_rnn_add(p, more, p->aux, p->aux_weights, p->aux_scale, products, bytes, next);
        }
        ig_rnn_add(p, h, p->units, p->recurrent, p->recurrent_scale, products, bytes, next);
        for (int32_t i = 0; i < p->units; i++) h[i] = ig_activate_f32(next[i], p->low, p->high, p->with_tanh);
        memcpy(out + at * p->row, h, state);
      }
}

#endif
