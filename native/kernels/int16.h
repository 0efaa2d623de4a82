/* int16.h: operators of INT16x8 models: sigmoid, tanh and softmax by table and interpolation, addition by shifts. ISA:
 * portable C. Tables are computed when the model is compiled.
 * Arithmetic: TFLite integer_ops/logistic.h, integer_ops/tanh.h, reference/softmax.h, reference/add.h. */
#ifndef IG_INT16_H
#define IG_INT16_H

#include "arith.h"

/* x in units of 1 / (3 * 2^12). */
IG_INLINE int32_t ig_scale_s16(int32_t x, int32_t multiplier, int shift) {
  const int32_t rounding = shift > 0 ? 1 << (shift - 1) : 0;
  return (x * multiplier + rounding) >> shift;
}

/* Interpolates between two entries of the sigmoid table, 2^bits apart; magnitudes beyond entry 255 take entry 255. */
IG_INLINE int32_t ig_between_s16(uint32_t magnitude, int bits, int32_t top, const uint16_t *table) {
  const uint32_t at = magnitude >> bits;
  if (at >= 255) return top;
  return (int32_t)((uint32_t)table[at] << bits) +
         (int32_t)(magnitude & ((1u << bits) - 1)) * (table[at + 1] - table[at]);
}

IG_FUNC void ig_sigmoid_s16(const int16_t *restrict in, int16_t *restrict out, size_t n, int32_t multiplier, int shift,
                            const uint16_t *restrict table) {
  for (size_t i = 0; i < n; i++) {
    const int32_t v = ig_scale_s16(in[i], multiplier, shift);
    const int32_t y = ig_between_s16(v < 0 ? 0u - (uint32_t)v : (uint32_t)v, 9, 0x7fff << 10, table);
    out[i] = (int16_t)((v >= 0 ? y + 512 : (1 << 25) - y + 511) >> 10);
  }
}

/* tanh(x) = 2 * sigmoid(2x) - 1 */
IG_FUNC void ig_tanh_s16(const int16_t *restrict in, int16_t *restrict out, size_t n, int32_t multiplier, int shift,
                         const uint16_t *restrict table) {
  for (size_t i = 0; i < n; i++) {
    const int32_t v = ig_scale_s16(in[i], multiplier, shift);
    const int32_t y = ig_between_s16(v < 0 ? 0u - (uint32_t)v : (uint32_t)v, 8, 0xffff << 8, table);
    out[i] = (int16_t)((v >= 0 ? y - (1 << 23) + 128 : (1 << 23) - y + 127) >> 8);
  }
}

/* A table of 513 entries over int16, interpolated. */
IG_INLINE int32_t ig_look_up_s16(int32_t value, const int16_t *table) {
  const int32_t at = 256 + (value >> 7);
  const int16_t slope = (int16_t)(table[at + 1] - table[at]);
  return (int16_t)(table[at] + ((slope * (value & 0x7f) + 64) >> 7));
}

/* (m, s) scales differences to [-10, 0] in 65535 steps. Tables: exp on [-10, 0], and 1 / (1 + x) on [0, 1]. */
IG_FUNC void ig_softmax_s16(const int16_t *restrict in, int16_t *restrict out, int32_t rows, int32_t depth, int32_t m,
                            int s, const int16_t *restrict exps, const int16_t *restrict reciprocals) {
  for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {
    int32_t top = in[0], sum = 0;
    for (int32_t i = 1; i < depth; i++) top = ig_max(top, in[i]);
    for (int32_t i = 0; i < depth; i++) {
      const int32_t x = ig_requant_s32_tflite(in[i] - top, m, s) + 32767;
      out[i] = (int16_t)ig_look_up_s16(ig_clamp(x, -32768, 32767), exps);
      sum += out[i];
    }
    const int zeros = __builtin_clz((uint32_t)sum),
              right = 31 - zeros; /* sum > 0: it holds the maximum's exponential */
    const int64_t shifted = ((int64_t)sum * ((int64_t)1 << zeros) / 2 + (1 << 13)) >> 14;
    const int64_t x = shifted - 32768 - 65536;
    const int32_t inverse = ig_look_up_s16(x < -32768 ? -32768 : x > 32767 ? 32767 : (int32_t)x, reciprocals);
    for (int32_t i = 0; i < depth; i++) {
      const int64_t y = ((int64_t)out[i] * inverse + (1ll << (right - 1))) >> right;
      out[i] = (int16_t)(y < 0 ? 0 : y > 32767 ? 32767 : y);
    }
  }
}

/* Operands with power-of-two scales: shifted right to a common scale. */
IG_INLINE void ig_shifted_sum_s16(const int16_t *restrict a, int sa, const int16_t *restrict b, int sb,
                                  int16_t *restrict out, size_t n, int minus, int right1, int right2, int32_t lo,
                                  int32_t hi) {
  for (size_t i = 0; i < n; i++) {
    const int32_t x = ig_rdivpot(a[i * sa], right1), y = ig_rdivpot(b[i * sb], right2);
    out[i] = (int16_t)ig_clamp(minus ? x - y : x + y, lo, hi);
  }
}

#endif
