/* softmax.h: softmax over rows. ISA: portable C. Layout: `rows` rows of `depth` elements.
 * Arithmetic: TFLite reference/softmax.h. The fixed-point exponential of a difference is a table, computed when the
 * model is compiled: exps[d] belongs to an element d below its row's maximum (Q0.31; 0 where TFLite leaves it out). */
#ifndef IG_SOFTMAX_H
#define IG_SOFTMAX_H

#include "transcendental.h"

/* gemmlowp's SaturatingRoundingMultiplyByPOT for a positive exponent. */
IG_INLINE int32_t ig_shl_saturating(int32_t x, int n) {
  const int32_t most = (int32_t)(1u << (31 - n)) - 1;
  return x > most ? INT32_MAX : x < -most ? INT32_MIN : ig_shl(x, n);
}

/* gemmlowp's one_over_one_plus_x_for_x_in_0_1 on Q0.31: Newton-Raphson on 1 / ((1 + x) / 2), in Q2.29. */
IG_INLINE int32_t ig_one_over_one_plus_x(int32_t x) {
  const int64_t sum = (int64_t)x + INT32_MAX;
  const int32_t half = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
  int32_t y = 1515870810 + ig_sqrdmulh(half, -1010580540); /* 48/17 - 32/17 * half */
  for (int i = 0; i < 3; i++) {
    const int32_t rest = (1 << 29) - ig_sqrdmulh(half, y);
    y += ig_shl_saturating(ig_sqrdmulh(y, rest), 2);
  }
  return ig_shl_saturating(y, 1);
}

/* The reciprocal of a sum in Q12.19 as Q0.31, and how many bits it lies above one. */
IG_INLINE int32_t ig_reciprocal_q12(int32_t sum, int *bits_over_unit) {
  const int zeros = __builtin_clz((uint32_t)sum); /* the maximum's own exponential keeps the sum above 0 */
  *bits_over_unit = 12 - zeros;
  return ig_one_over_one_plus_x((int32_t)(((uint32_t)sum << zeros) - (1u << 31)));
}

#define IG_SOFTMAX_8(NAME, T, OUT, BITS, LOWEST, HIGHEST)                                                        \
  IG_FUNC void NAME(const T *restrict in, OUT *restrict out, int32_t rows, int32_t depth,                      \
                    const int32_t *restrict exps) {                                                             \
    for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {                                             \
      int32_t top = in[0], sum = 0;                                                                             \
      for (int32_t i = 1; i < depth; i++) top = ig_max(top, in[i]);                                             \
      for (int32_t i = 0; i < depth; i++) sum += ig_rdivpot(exps[top - in[i]], 12);                             \
      int over;                                                                                                 \
      const int32_t scale = ig_reciprocal_q12(sum, &over);                                                      \
      const int shift = over + 31 - BITS;                                                                       \
      for (int32_t i = 0; i < depth; i++) {                                                                     \
        const int32_t e = exps[top - in[i]];                                                                    \
        const int32_t y = ig_sqrdmulh(scale, e);                                                                \
        /* Sums of 512 and more overflow TFLite's shift, which on real machines then shifts by nothing. */      \
        out[i] = (OUT)ig_clamp((shift > 31 ? y : ig_rdivpot(y, shift)) + (LOWEST), LOWEST, HIGHEST);            \
      }                                                                                                         \
    }                                                                                                           \
  }
IG_SOFTMAX_8(ig_softmax_s8, int8_t, int8_t, 8, INT8_MIN, INT8_MAX)
IG_SOFTMAX_8(ig_softmax_u8, uint8_t, uint8_t, 8, 0, UINT8_MAX)
IG_SOFTMAX_8(ig_softmax_s8_s16, int8_t, int16_t, 16, INT16_MIN, INT16_MAX)

IG_FUNC void ig_softmax_f32(const float *restrict in, float *restrict out, int32_t rows, int32_t depth, float beta) {
  for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {
    float top = -3.402823466e+38f, sum = 0.0f;
    for (int32_t i = 0; i < depth; i++) top = top < in[i] ? in[i] : top;
    for (int32_t i = 0; i < depth; i++) out[i] = ig_exp_f32((in[i] - top) * beta);
    for (int32_t i = 0; i < depth; i++) sum += out[i];
    for (int32_t i = 0; i < depth; i++) out[i] = out[i] / sum;
  }
}

#endif
