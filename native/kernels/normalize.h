/* normalize.h: log softmax, L2 normalization and local response normalization over rows. ISA: portable C.
 * Layout: `rows` rows of `depth` elements.
 * Arithmetic: TFLite reference/log_softmax.h, integer_ops/l2normalization.h, common.h (logarithm and inverse root). */
#ifndef IG_NORMALIZE_H
#define IG_NORMALIZE_H

#include "softmax.h"

/* ln(x) of a positive Q12.19 as Q5.26. The constants are Q0.31. */
IG_INLINE int32_t ig_log_q12(int32_t x) {
  const int32_t ln2 = 1488522236, root4 = 1805811301, root2 = 1518500250; /* ln 2, and roots of 1/2 */
  const int32_t alpha_n = 117049297, alpha_d = 127690142, alpha_i = 1057819769, alpha_f = 638450708;
  const int32_t quarter = 1 << 23;
  const int za = __builtin_clz((uint32_t)x | 1u) - 1, zb = __builtin_clz((uint32_t)ig_sqrdmulh(x, root2) | 1u) - 1;
  const int head_a = za < 0 ? 0 : za, head_b = zb < 0 ? 0 : zb;
  const int32_t ra = ig_shl_saturating(ig_sqrdmulh(ig_shl_saturating(x, head_a), root2), 1);
  const int32_t rb = ig_shl_saturating(x, head_b);
  const int64_t pa = (int64_t)ig_shl_saturating(11 - head_a, 25) + quarter;
  const int64_t pb = (int64_t)ig_shl_saturating(12 - head_b, 25) - quarter;
  const int64_t power = pa > pb ? pa : pb;
  const int32_t r = ig_min(ra, rb);
  const int64_t sum = (int64_t)r + root4;
  const int32_t p = (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
  const int32_t q = (int32_t)((uint32_t)(r - root4) * 2), q2 = ig_sqrdmulh(q, q);
  const int32_t numerator = ig_sqrdmulh(q, r) + ig_sqrdmulh(ig_sqrdmulh(q, q2), alpha_n);
  const int32_t factor = alpha_i + q + ig_sqrdmulh(alpha_d, q2);
  const int32_t inverse = ig_one_over_one_plus_x(ig_sqrdmulh(p, factor) + ig_sqrdmulh(alpha_f, q));
  const int32_t high = power > INT32_MAX ? INT32_MAX : power < INT32_MIN ? INT32_MIN : (int32_t)power;
  return ig_shl_saturating(ig_sqrdmulh(high, ln2) + ig_sqrdmulh(ig_rdivpot(numerator, 6), inverse), 1);
}

/* exps[d] is e^-d of the scaled difference in Q0.31, (m, s) scales a difference to Q5.26 and (bm, bs) back. */
#define IG_LOG_SOFTMAX(T, SUFFIX, LOWEST, HIGHEST)                                                                   \
  IG_FUNC void ig_log_softmax_##SUFFIX(const T *restrict in, T *restrict out, int32_t rows, int32_t depth,           \
                                       const int32_t *restrict exps, int32_t m, int s, int32_t diff_min, int32_t bm, \
                                       int bs) {                                                                     \
    for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {                                                  \
      int32_t top = in[0], sum = 0;                                                                                  \
      for (int32_t i = 1; i < depth; i++) top = ig_max(top, in[i]);                                                  \
      for (int32_t i = 0; i < depth; i++) sum += ig_rdivpot(exps[top - in[i]], 12);                                  \
      const int32_t log = ig_log_q12(sum);                                                                           \
      const int32_t back = ig_requant_s32_tflite((int32_t)((uint32_t)log + (1u << 31)), bm, bs);                     \
      const int32_t least = ig_max(diff_min - 1, back);                                                              \
      for (int32_t i = 0; i < depth; i++) {                                                                          \
        const int32_t d = in[i] - top, y = ig_rdivpot(ig_requant_s32_tflite(d, m, s) - log, 22);                     \
        out[i] = (T)(d > least ? ig_clamp(y + (HIGHEST), LOWEST, HIGHEST) : (LOWEST));                               \
      }                                                                                                              \
    }                                                                                                                \
  }
IG_LOG_SOFTMAX(int8_t, s8, INT8_MIN, INT8_MAX)
IG_LOG_SOFTMAX(uint8_t, u8, 0, UINT8_MAX)

IG_FUNC void ig_log_softmax_f32(const float *restrict in, float *restrict out, int32_t rows, int32_t depth) {
  for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {
    float top = -3.402823466e+38f, sum = 0.0f;
    for (int32_t i = 0; i < depth; i++) top = top < in[i] ? in[i] : top;
    IG_SIDE_BY_SIDE for (int32_t i = 0; i < depth; i++)
      out[i] = ig_exp_f32(in[i] - top);
    for (int32_t i = 0; i < depth; i++) sum += out[i];
    const float log = logf(sum);
    for (int32_t i = 0; i < depth; i++) out[i] = in[i] - top - log;
  }
}

/* 1 / sqrt(x) as (m, right shift): Newton steps from 1 in Q3.28; x <= 0 is taken as 1. */
IG_INLINE int32_t ig_inverse_sqrt(int32_t x, int *right) {
  *right = 0;
  if (x <= 1) return INT32_MAX;
  int shift = 11;
  for (; x >= 1 << 29; shift++) x /= 4;
  const int pairs = (__builtin_clz((uint32_t)x) - 1) / 2 - 1;
  shift -= pairs;
  const int32_t half = ig_rdivpot((x << (2 * pairs)) >> 1, 1), three_halves = (1 << 28) + (1 << 27);
  int32_t y = 1 << 28;
  for (int i = 0; i < 5; i++) {
    const int32_t cube = ig_shl_saturating(ig_sqrdmulh(ig_sqrdmulh(y, y), y), 6);
    y = ig_shl_saturating(ig_sqrdmulh(three_halves, y) - ig_sqrdmulh(half, cube), 3);
  }
  const int32_t m = ig_sqrdmulh(y, 1518500250);
  if (shift < 0) return ig_shl(m, -shift);
  *right = shift;
  return m;
}

/* Outputs have scale 1/128 and zero point `middle`. uint8 shifts by the 7 bits before the multiplication. */
#define IG_L2_NORMALIZE(T, SUFFIX, SCALED, LOWEST, HIGHEST)                                                 \
  IG_FUNC void ig_l2_normalize_##SUFFIX(const T *restrict in, T *restrict out, int32_t rows, int32_t depth, \
                                        int32_t zero) {                                                     \
    for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {                                         \
      int32_t sum = 0;                                                                                      \
      int right;                                                                                            \
      for (int32_t i = 0; i < depth; i++) sum += (in[i] - zero) * (in[i] - zero);                           \
      const int32_t m = ig_inverse_sqrt(sum, &right);                                                       \
      for (int32_t i = 0; i < depth; i++) {                                                                 \
        const int32_t d = in[i] - zero;                                                                     \
        out[i] = (T)ig_clamp(SCALED, LOWEST, HIGHEST);                                                      \
      }                                                                                                     \
    }                                                                                                       \
  }
IG_L2_NORMALIZE(int8_t, s8, ig_requant_s32_tflite(d, m, 7 - right), INT8_MIN, INT8_MAX)
IG_L2_NORMALIZE(uint8_t, u8, 128 + ig_requant_s32_tflite(128 * d, m, -right), 0, UINT8_MAX)

IG_FUNC void ig_l2_normalize_f32(const float *restrict in, float *restrict out, int32_t rows, int32_t depth) {
  for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {
    float sum = 0.0f;
    for (int32_t i = 0; i < depth; i++) sum += in[i] * in[i];
    const float root = sqrtf(sum), norm = root < 1e-6f ? 1e-6f : root;
    for (int32_t i = 0; i < depth; i++) out[i] = in[i] / norm;
  }
}

/* x * (bias + alpha * sum of squares)^-beta; the sum is over `radius` channels below and radius - 1 above, as in
 * TFLite's reference. */
IG_FUNC void ig_lrn_f32(const float *restrict in, float *restrict out, int32_t rows, int32_t depth, int32_t radius,
                        float bias, float alpha, float beta) {
  for (int32_t r = 0; r < rows; r++, in += depth, out += depth) {
    for (int32_t c = 0; c < depth; c++) {
      const int32_t begin = c > radius ? c - radius : 0, end = depth - c > radius ? c + radius : depth;
      float sum = 0.0f;
      for (int32_t i = begin; i < end; i++) sum += in[i] * in[i];
      out[c] = in[c] * powf(bias + alpha * sum, -beta);
    }
  }
}

#endif
