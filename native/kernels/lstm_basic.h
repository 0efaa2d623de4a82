/* lstm_basic.h: one step of an LSTM with one matrix for its four gates; float32, or uint8 with an int16 state. ISA:
 * that of the products in recurrent.h; else portable C that vectorises. Arithmetic: TFLite reference/lstm_cell.h, gates
 * rounded as in its GEMM library. */
#ifndef IG_LSTM_BASIC_H
#define IG_LSTM_BASIC_H

#include "fixed16.h"
#include "recurrent.h"

typedef struct {
  int32_t batch, inputs, cells;
} ig_lstm_basic;

/* Order of gates: input, update, forget, output. joined: data and the previous activation, concatenated. */
IG_INLINE void ig_lstm_basic_f32(const ig_lstm_basic *p, const float *weights, const float *bias, const float *in,
                                 const float *before, const float *state, float *activation, float *next, float *joined,
                                 float *gates) {
  const int32_t n = p->cells, wide = p->inputs + n;
  for (int32_t b = 0; b < p->batch; b++, joined += wide, gates += 4 * n) {
    memcpy(joined, in + (size_t)b * p->inputs, sizeof(float) * (size_t)p->inputs);
    memcpy(joined + p->inputs, before + (size_t)b * n, sizeof(float) * (size_t)n);
    ig_gemv_f32(weights, 4 * n, wide, joined, gates);
    for (int32_t i = 0; i < 4 * n; i++) gates[i] += bias[i];
    for (int32_t i = 0; i < n; i++) {
      const size_t at = (size_t)b * n + i;
      const float added = ig_sigmoid_f32(gates[i]) * ig_tanh_f32(gates[n + i]);
      next[at] = added + ig_sigmoid_f32(gates[2 * n + i]) * state[at];
      activation[at] = ig_sigmoid_f32(gates[3 * n + i]) * ig_tanh_f32(next[at]);
    }
  }
}

/* weights: w - 128; weights_zero: zero point - 128. */
typedef struct {
  ig_lstm_basic shape;
  const int8_t *weights;
  const int32_t *bias;
  int32_t weights_zero, m;
  int shift;
} ig_lstm_basic_u8;

/* scratch: 8 * cells int32, then inputs + cells bytes */
IG_INLINE void ig_lstm_basic_run_u8(const ig_lstm_basic_u8 *p, const uint8_t *in, const uint8_t *before,
                                    const int16_t *state, uint8_t *activation, int16_t *next, uint8_t *joined,
                                    int16_t *gates, int32_t *scratch) {
  const int32_t inputs = p->shape.inputs, n = p->shape.cells, wide = inputs + n;
  int16_t *active = (int16_t *)(scratch + 4 * n), *squashed = active + 4 * n;
  int8_t *vector = (int8_t *)(scratch + 8 * n);
  for (int32_t b = 0; b < p->shape.batch; b++, joined += wide, gates += 4 * n) {
    memcpy(joined, in + (size_t)b * inputs, (size_t)inputs);
    memcpy(joined + inputs, before + (size_t)b * n, (size_t)n);
    for (int32_t k = 0; k < wide; k++) vector[k] = (int8_t)(joined[k] - 128);
    ig_gemv_s8(p->weights, 4 * n, wide, vector, scratch);
    const int32_t total = ig_total_s8(vector, wide) * p->weights_zero;
    for (int32_t i = 0; i < 4 * n; i++)
      gates[i] = (int16_t)ig_clamp16(ig_requant_s32_up(scratch[i] - total + p->bias[i], p->m, p->shift));
    ig_logistic16_each(gates, active, n);
    ig_tanh16_each(gates + n, active + n, n, 3);
    ig_logistic16_each(gates + 2 * n, active + 2 * n, 2 * n);
    for (int32_t i = 0; i < n; i++) {
      const int32_t added = ig_rdivpot(ig_mul16(active[i], active[n + i]), 4);
      const int32_t sum = ig_clamp16(added + ig_mul16(active[2 * n + i], state[(size_t)b * n + i]));
      next[(size_t)b * n + i] = (int16_t)sum;
      squashed[i] = (int16_t)ig_shl16(sum, 1);
    }
    ig_tanh16_each(squashed, squashed, n, 3);
    for (int32_t i = 0; i < n; i++) {
      const int32_t y = ig_rdivpot(ig_mul16(active[3 * n + i], squashed[i]), 8);
      activation[(size_t)b * n + i] = (uint8_t)(128 + ig_clamp(y, -128, 127));
    }
  }
}

#endif
