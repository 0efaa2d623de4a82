/* gemm_portable.h: tile for all 8-bit weights, and for floats. ISA: portable C; the kernel of target `host`.
 *
 * Tile: mr x nr, any k. A: row-major int8, uint8 or float. Weights: [panel][k][nr], int16 with the zero point
 * subtracted, or float. Accumulators: int32, wrapping; |x * w| <= 255 * 255, hence exact up to k = 33,000. Floats:
 * bias, then the products in the order of k. */
#ifndef IG_GEMM_PORTABLE_H
#define IG_GEMM_PORTABLE_H

#include "gemm.h"

/* round(v), halves away from zero; gemm_round_even: halves to even. Outside int32: INT32_MIN, as CVTTSD2SI gives on the
 * x86 machines that made TFLite's reference outputs. */
IG_INLINE int32_t gemm_round_away(double v) {
  if (!(v < 2147483647.5 && v > -2147483648.5)) return INT32_MIN;
  const int64_t whole = (int64_t)v;
  const double rest = v - (double)whole; /* exact */
  return (int32_t)(whole + (rest >= 0.5) - (rest <= -0.5));
}
IG_INLINE int32_t gemm_round_even(float v) {
  const float big = v < 0 ? -8388608.0f : 8388608.0f; /* from 2^23 on, every float is an integer */
  const float even = v > -8388608.0f && v < 8388608.0f ? (v + big) - big : v;
  return even >= -2147483648.0f && even < 2147483648.0f ? (int32_t)even : INT32_MIN;
}

/* Requantizes and clamps an accumulator (bias included) of column j. */
IG_INLINE int32_t gemm_result(const gemm_epilogue *e, int32_t acc, int j) {
  const int32_t r = e->requantize == GEMM_DOUBLE       ? gemm_round_away((double)acc * e->scale[j])
                    : e->requantize == GEMM_SINGLE     ? gemm_round_even((float)acc * e->scale_f32[j])
                    : e->requantize == GEMM_ROUND_ONCE ? ig_requant_s32_single(acc, e->multiplier[j], e->shift[j])
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
      if (g->out.requantize == GEMM_INT32) ((int32_t *)c)[i * g->ldc + v] = acc[i][v];
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
