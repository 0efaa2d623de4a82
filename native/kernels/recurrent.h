/* recurrent.h: matrix-vector products (GEMV) and time steps of recurrent layers. ISA: NEON for float and int8 matrices,
 * SDOT with dotprod; else portable C that vectorises. Tile: four rows. Matrix: row-major. Accumulators: float, or
 * int32, exact for n < 2^17. */
#ifndef IG_RECURRENT_H
#define IG_RECURRENT_H

#include "hybrid_quantize.h"
#include "transcendental.h"

/* Eight partial sums: the compiler may not reorder a float sum. */
IG_INLINE float ig_dot_f32(const float *restrict a, const float *restrict b, int32_t n) {
  float sums[8] = {0}, rest = 0;
  int32_t k = 0;
  for (; k + 8 <= n; k += 8)
    for (int j = 0; j < 8; j++) sums[j] += a[k + j] * b[k + j];
  for (; k < n; k++) rest += a[k] * b[k];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest;
}

IG_INLINE int32_t ig_dot_s8(const int8_t *restrict a, const int8_t *restrict b, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

#if IG_NEON
IG_INLINE int32x4_t ig_mac_s8x16(int32x4_t sums, int8x16_t a, int8x16_t b) {
#ifdef __ARM_FEATURE_DOTPROD
  return vdotq_s32(sums, a, b);
#else
  sums = vpadalq_s16(sums, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
  return vpadalq_s16(sums, vmull_high_s8(a, b));
#endif
}

/* Four rows of n >= 16 values times x. The last step reads the last 16 values again; `last` masks those already added.
 */
IG_INLINE int32x4_t ig_gemv_4_s8(const int8_t *restrict w, int32_t n, const int8_t *restrict x, int8x16_t last) {
  int32x4_t sums[4] = {0};
  int32_t k = 0;
  for (; k + 16 <= n; k += 16)
    for (int r = 0; r < 4; r++) sums[r] = ig_mac_s8x16(sums[r], vld1q_s8(w + (size_t)r * n + k), vld1q_s8(x + k));
  if (k < n)
    for (int r = 0; r < 4; r++) sums[r] = ig_mac_s8x16(sums[r], vld1q_s8(w + (size_t)r * n + n - 16), last);
  return vpaddq_s32(vpaddq_s32(sums[0], sums[1]), vpaddq_s32(sums[2], sums[3]));
}
#endif

/* out = W x, W [rows][n] int8. Accumulators: int32, exact for n < 2^17. */
IG_INLINE void ig_gemv_s8(const int8_t *restrict w, int32_t rows, int32_t n, const int8_t *restrict x,
                          int32_t *restrict out) {
  int32_t i = 0;
#if IG_NEON
  if (n >= 16) {
    static const int8_t mask[32] = {[16] = -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    const int8x16_t last = vandq_s8(vld1q_s8(x + n - 16), vld1q_s8(mask + n % 16));
    for (; i + 4 <= rows; i += 4) vst1q_s32(out + i, ig_gemv_4_s8(w + (size_t)i * n, n, x, last));
  }
#endif
  for (; i < rows; i++) out[i] = ig_dot_s8(w + (size_t)i * n, x, n);
}

/* The same of float32. */
IG_INLINE void ig_gemv_f32(const float *restrict w, int32_t rows, int32_t n, const float *restrict x,
                           float *restrict out) {
  int32_t i = 0;
#if IG_NEON
  for (; i + 4 <= rows; i += 4) {
    const float *row = w + (size_t)i * n;
    float32x4_t sums[4] = {0};
    int32_t k = 0;
    for (; k + 4 <= n; k += 4)
      for (int r = 0; r < 4; r++) sums[r] = vfmaq_f32(sums[r], vld1q_f32(row + (size_t)r * n + k), vld1q_f32(x + k));
    vst1q_f32(out + i, vpaddq_f32(vpaddq_f32(sums[0], sums[1]), vpaddq_f32(sums[2], sums[3])));
    for (; k < n; k++)
      for (int r = 0; r < 4; r++) out[i + r] += row[(size_t)r * n + k] * x[k];
  }
#endif
  for (; i < rows; i++) out[i] = ig_dot_f32(w + (size_t)i * n, x, n);
}

IG_INLINE int32_t ig_dot_s16(const int16_t *restrict a, const int16_t *restrict b, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

IG_INLINE int32_t ig_total_s8(const int8_t *restrict a, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k];
  return sum;
}

/* A batch of sequences: layout and order of its time steps. */
typedef struct {
  int32_t batch, time;
  int time_major, reversed;
} ig_sequence;

/* Row of batch entry b at time step `step`. */
IG_INLINE size_t ig_row_at(const ig_sequence *s, int32_t step, int32_t b) {
  const size_t t = (size_t)(s->reversed ? s->time - 1 - step : step);
  return s->time_major ? t * s->batch + b : (size_t)b * s->time + t;
}

/* Offset of its auxiliary data: rows of `aux` values, time steps `stride` values long per row. */
IG_INLINE size_t ig_aux_at(const ig_sequence *s, int32_t step, int32_t b, int32_t aux, int32_t stride) {
  return s->time_major ? ig_row_at(s, step, 0) * stride + (size_t)b * aux : ig_row_at(s, step, b) * stride;
}

/* Form of a product: float weights; or `hybrid`: int8 weights, data quantized at run time. */
typedef struct {
  int hybrid, asymmetric;
} ig_mix;

/* A vector operand; quantized if hybrid. */
typedef struct {
  const float *values;
  int8_t *quantized;
  float scale;
  int32_t zero;
} ig_vector;

IG_INLINE ig_vector ig_prepare(ig_mix mix, const float *values, int32_t n, int8_t *quantized) {
  ig_vector v = {.values = values, .quantized = quantized};
  if (mix.hybrid) hybrid_quantize(values, (size_t)n, mix.asymmetric, quantized, &v.scale, &v.zero);
  return v;
}

/* out = W v, W [rows][n]. Hybrid: out holds the int32 accumulators first, and is scaled in place. */
IG_INLINE void ig_products(ig_mix mix, const ig_vector *v, const void *w, float scale, int32_t rows, int32_t n,
                           float *out) {
  if (!mix.hybrid) {
    ig_gemv_f32((const float *)w, rows, n, v->values, out);
    return;
  }
  int32_t *sums = (int32_t *)out;
  ig_gemv_s8((const int8_t *)w, rows, n, v->quantized, sums);
  if (mix.asymmetric)
    for (int32_t i = 0; i < rows; i++) sums[i] -= ig_total_s8((const int8_t *)w + (size_t)i * n, n) * v->zero;
  for (int32_t i = 0; i < rows; i++) out[i] = (float)sums[i] * (v->scale * scale);
}

/* A fused activation: a clamp, or tanh if `with_tanh`. */
IG_INLINE float ig_activate_f32(float x, float low, float high, int with_tanh) {
  return with_tanh ? ig_tanh_f32(x) : x < low ? low : x > high ? high : x;
}

#endif
