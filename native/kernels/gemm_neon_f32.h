/* gemm_neon_f32.h: FP32 tile. ISA: armv8.0, FMLA by lane.
 *
 * Tile: mr x nr, nr % 4 = 0, any k. A: row-major floats. Weights: [panel][k][nr] floats.
 * Accumulators: bias[n], then fused multiply-adds in the order of k; within 1e-5 relative of TFLite, which adds in
 * another order. */
#ifndef IG_GEMM_NEON_F32_H
#define IG_GEMM_NEON_F32_H

#include "gemm.h"
#include "gemm_in_order_f32.h"
#if IG_NEON

#define GEMM_FMLA_LANE(L)                                   \
  if (L < depth) {                                          \
    GEMM_UNROLL for (int v = 0; v < nv; v++) {              \
      const float32x4_t b = vld1q_f32(w + 4 * v);           \
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)           \
        acc[i][v] = vfmaq_laneq_f32(acc[i][v], b, x[i], L); \
    }                                                       \
    w += g->nr;                                             \
  }

IG_INLINE const float *gemm_step_f32(const gemm_f32 *g, float32x4_t acc[GEMM_MR][GEMM_NV], const float32x4_t *x,
                                     const float *w, int depth) {
  const int nv = g->nr / 4;
  GEMM_FMLA_LANE(0)
  GEMM_FMLA_LANE(1)
  GEMM_FMLA_LANE(2)
  GEMM_FMLA_LANE(3)
  return w;
}

IG_INLINE void gemm_tile_f32(const gemm_f32 *g, const float *a, const void *panel, int j, float *c) {
  const float *w = panel;
  float32x4_t acc[GEMM_MR][GEMM_NV], x[GEMM_MR];
  GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
    const float32x4_t bias = vld1q_f32(g->bias + j + 4 * v);
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      acc[i][v] = bias;
  }
  int k = 0;
#ifdef IG_IN_ORDER
  if (g->loop) {
    io_f32_sums(g, acc, a, w);
    k = g->k / 2 * 2;
    w += k * g->nr;
  }
#endif
  GEMM_ROLLED for (; k + 4 <= g->k; k += 4) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      x[i] = vld1q_f32(a + i * g->lda + k);
    w = gemm_step_f32(g, acc, x, w, 4);
  }
  GEMM_ROLLED for (; k < g->k; k++) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      x[i] = vld1q_dup_f32(a + i * g->lda + k);
    w = gemm_step_f32(g, acc, x, w, 1);
  }
  const float32x4_t low = vdupq_n_f32(g->low), high = vdupq_n_f32(g->high);
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
    for (int v = 0; v < g->nr / 4; v++) {
      const float32x4_t r = vminq_f32(vmaxq_f32(acc[i][v], low), high);
      float *to = c + i * g->ldc + 4 * v;
      const int cols = g->n - 4 * v; /* < 4 only in a padded panel */
      if (g->n >= g->nr || cols >= 4) vst1q_f32(to, r);
      else if (cols > 0) memcpy(to, &r, 4 * (size_t)cols);
    }
}

#endif
#endif
