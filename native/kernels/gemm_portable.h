/* gemm_portable.h: the tile in plain C, for target `host` and as a kernel that is right everywhere.
 *
 * Tile: any mr x nr. Weights: [panel][k][nr], int16 (8-bit weight minus its zero point, so -128 and legacy uint8 are
 * safe) or float. Accumulators: int32 that wrap; |x * w| <= 255 * 255, hence exact for k up to 33,000.
 */
#ifndef IG_GEMM_PORTABLE_H
#define IG_GEMM_PORTABLE_H

#include "gemm.h"

/* Rounds to the nearest integer, halves away from zero. What int32 cannot hold becomes INT32_MIN: the conversion of the
 * machines that TFLite's reference outputs come from. */
IG_INLINE int32_t gemm_round_away(double v) {
  if (!(v < 2147483647.5 && v > -2147483648.5)) return INT32_MIN;
  const int64_t whole = (int64_t)v;
  const double rest = v - (double)whole; /* exact */
  return (int32_t)(whole + (rest >= 0.5) - (rest <= -0.5));
}
IG_INLINE int32_t gemm_round_even(float v) {
  const float big = v < 0 ? -8388608.0f : 8388608.0f; /* beyond 2^23 all are integers */
  const float even = v > -8388608.0f && v < 8388608.0f ? (v + big) - big : v;
  return even >= -2147483648.0f && even < 2147483648.0f ? (int32_t)even : INT32_MIN;
}

/* The result of an accumulator (bias included) of column j. */
IG_INLINE int32_t gemm_result(const gemm_epilogue *e, int32_t acc, int j) {
  const int32_t r = e->requantize == GEMM_DOUBLE       ? gemm_round_away((double)acc * e->scale[j])
                    : e->requantize == GEMM_SINGLE     ? gemm_round_even((float)acc * e->scale_f32[j])
                    : e->requantize == GEMM_SHIFT_ONCE ? ig_requant_s32_single(acc, e->multiplier[j], e->shift[j])
                                                       : ig_requant_s32(acc, e->multiplier[j], e->shift[j]);
  return ig_clamp(r + e->zero_point, e->low, e->high);
}

IG_INLINE void gemm_tile_portable(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const void *panel, int p,
                                  int j, uint8_t *c) {
  const int16_t *w = panel;
  (void)p;
  int32_t acc[GEMM_MR][4 * GEMM_NV];
  for (int i = 0; i < g->mr; i++)
    for (int v = 0; v < g->nr; v++) acc[i][v] = g->out.bias[j + v] + (rows ? rows[i] : 0);
  for (int k = 0; k < g->k; k++, w += g->nr)
    for (int i = 0; i < g->mr; i++) {
      const uint8_t byte = a[i * g->lda + k];
      const int32_t x = g->out.is_unsigned ? byte : (int8_t)byte;
      for (int v = 0; v < g->nr; v++) acc[i][v] += x * w[v];
    }
  for (int i = 0; i < g->mr; i++)
    for (int v = 0; v < g->nr && v < g->n; v++) {
      if (g->out.requantize == GEMM_SUMS) ((int32_t *)c)[i * g->ldc + v] = acc[i][v];
      else c[i * g->ldc + v] = (uint8_t)gemm_result(&g->out, acc[i][v], j + v);
    }
}

#define GEMM_KERNEL portable
#include "gemm_rows.h"

IG_INLINE void gemm_tile_f32_portable(const gemm_f32 *g, const float *a, const void *panel, int j, float *c) {
  const float *w = panel;
  float acc[GEMM_MR][4 * GEMM_NV];
  for (int i = 0; i < g->mr; i++)
    for (int v = 0; v < g->nr; v++) acc[i][v] = g->bias[j + v];
  for (int k = 0; k < g->k; k++, w += g->nr)
    for (int i = 0; i < g->mr; i++)
      for (int v = 0; v < g->nr; v++) acc[i][v] += a[i * g->lda + k] * w[v];
  for (int i = 0; i < g->mr; i++)
    for (int v = 0; v < g->nr && v < g->n; v++) {
      const float r = acc[i][v] < g->low ? g->low : acc[i][v]; /* NaN stays */
      c[i * g->ldc + v] = r > g->high ? g->high : r;
    }
}

#endif
