/* softmax.h: softmax over rows. ISA: NEON TBL for long rows of 8 bits; else portable C. Layout: [rows][depth].
 * Arithmetic: TFLite reference/softmax.h. exps[d], computed when the model is compiled: fixed-point exponential of an
 * element d below its row's maximum, Q0.31; 0 where TFLite skips the element. */
#ifndef IG_SOFTMAX_H
#define IG_SOFTMAX_H

#include "table.h"
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

/* Reciprocal of a sum in Q12.19: Q0.31, and the sum's bits above one. */
IG_INLINE int32_t ig_reciprocal_q12(int32_t sum, int *bits_over_unit) {
  const int zeros = __builtin_clz((uint32_t)sum); /* sum > 0: it holds the maximum's exponential */
  *bits_over_unit = 12 - zeros;
  return ig_one_over_one_plus_x((int32_t)(((uint32_t)sum << zeros) - (1u << 31)));
}

/* Factor and right shift of a row's exponentials. */
typedef struct {
  int32_t scale;
  int shift;
} ig_softmax_by;

/* Sums >= 512 overflow TFLite's shift count; x86 and ARM64 then shift by 0. */
IG_INLINE ig_softmax_by ig_softmax_scale(int32_t sum, int bits) {
  int over;
  const int32_t scale = ig_reciprocal_q12(sum, &over);
  const int shift = over + 31 - bits;
  return (ig_softmax_by){scale, shift > 31 ? 0 : shift};
}

/* 8-bit results minus the least result, for elements 0, 1, .. 255 below the maximum. `falls`: exps is non-increasing;
 * then so are they, and all are 0 from the first 0 on. */
IG_INLINE void ig_softmax_results(ig_softmax_by by, const int32_t *restrict exps, int falls,
                                  uint8_t *restrict results) {
  int32_t d = 0;
#if IG_NEON
  for (int last = 1; (last > 0 || !falls) && d < 256; d += 16) {
    uint16x4_t y[4];
    for (int k = 0; k < 4; k++) {
      const int32x4_t high = vqrdmulhq_n_s32(vld1q_s32(exps + d + 4 * k), by.scale);
      y[k] = vqmovun_s32(ig_rdivpot_s32x4(high, vdupq_n_s32(-by.shift)));
    }
    vst1q_u8(results + d, vqmovn_high_u16(vqmovn_u16(vcombine_u16(y[0], y[1])), vcombine_u16(y[2], y[3])));
    last = vget_lane_u16(y[3], 3);
  }
#else
  for (int32_t last = 1; (last > 0 || !falls) && d < 256; d++) {
    last = ig_clamp(ig_rdivpot(ig_sqrdmulh(by.scale, exps[d]), by.shift), 0, 255);
    results[d] = (uint8_t)last;
  }
#endif
  memset(results + d, 0, (size_t)(256 - d));
}

/* A row of 8-bit elements; arguments are bit patterns. */
IG_INLINE void ig_softmax_row_8(const uint8_t *restrict in, uint8_t *restrict out, int32_t depth, uint8_t top,
                                uint8_t lowest, ig_softmax_by by, const int32_t *restrict exps, int falls) {
  uint8_t results[256];
  ig_softmax_results(by, exps, falls, results);
  int32_t i = 0;
#if IG_NEON
  const ig_table_256 t = ig_load_table(results);
  for (; i + 16 <= depth; i += 16) {
    const uint8x16_t below = vsubq_u8(vdupq_n_u8(top), vld1q_u8(in + i));
    vst1q_u8(out + i, vaddq_u8(ig_look_up_16(&t, below), vdupq_n_u8(lowest)));
  }
#endif
  for (; i < depth; i++) out[i] = (uint8_t)(results[(uint8_t)(top - in[i])] + lowest);
}

/* Rows of at least IG_SOFTMAX_LONG bytes get a table of all results. */
enum { IG_SOFTMAX_LONG = 32 };

#define IG_SOFTMAX_8(NAME, T, OUT, BITS, LOWEST, HIGHEST)                                                       \
  IG_FUNC void NAME(const T *restrict in, OUT *restrict out, int32_t rows, int32_t depth,                       \
                    const int32_t *restrict exps, int falls) {                                                  \
    for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {                                             \
      int32_t top = in[0], sum = 0;                                                                             \
      for (int32_t i = 1; i < depth; i++) top = ig_max(top, in[i]);                                             \
      /* No exponential is negative: halves away from 0 are halves up. */                                       \
      for (int32_t i = 0; i < depth; i++) sum += (int32_t)(((uint32_t)exps[top - in[i]] + 2048) >> 12);         \
      const ig_softmax_by by = ig_softmax_scale(sum, BITS);                                                     \
      if (BITS == 8 && depth >= IG_SOFTMAX_LONG) {                                                              \
        ig_softmax_row_8((const uint8_t *)in, (uint8_t *)out, depth, (uint8_t)top, (uint8_t)(LOWEST), by, exps, \
                         falls);                                                                                \
        continue;                                                                                               \
      }                                                                                                         \
      for (int32_t i = 0; i < depth; i++) {                                                                     \
        const int32_t y = ig_rdivpot(ig_sqrdmulh(by.scale, exps[top - in[i]]), by.shift);                       \
        out[i] = (OUT)ig_clamp(y + (LOWEST), LOWEST, HIGHEST);                                                  \
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
    IG_SIDE_BY_SIDE for (int32_t i = 0; i < depth; i++)
      out[i] = ig_exp_f32((in[i] - top) * beta);
    for (int32_t i = 0; i < depth; i++) sum += out[i];
    for (int32_t i = 0; i < depth; i++) out[i] = out[i] / sum;
  }
}

#endif
