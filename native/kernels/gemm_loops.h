/* gemm_loops.h: the loops around the tiles of gemm_*.h. */
#ifndef IG_GEMM_LOOPS_H
#define IG_GEMM_LOOPS_H

#include "gemm_chains.h"
#include "gemm_dot.h"
#include "gemm_mlal.h"
#include "gemm_mmla.h"
#include "gemm_neon_f32.h"
#include "gemm_portable.h"
#include "gemm_smull.h"

/* Entries of the bias and the like. */
IG_INLINE int gemm_entries(const gemm_i8 *g) {
  if (g->kernel == GEMM_MMLA) return 2 * g->nr * gemm_count(g->n, g->nr);
  return g->n < g->nr ? g->nr : g->n;
}

/* The tile with rows `a` (and their sums) and panel `p`, results to row `c`. */
IG_INLINE void gemm_tile_i8(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, int p, uint8_t *c) {
  const int j = gemm_start(p, g->nr, g->n);
  const int wide = g->kernel == GEMM_PORTABLE || g->kernel == GEMM_MLAL;
  const uint8_t *w = (const uint8_t *)g->weights + (size_t)p * g->packed_k * g->nr * (wide ? 2 : 1);
  c += j;
#if IG_NEON
  if (g->kernel == GEMM_MLAL) gemm_tile_mlal(g, a, rows, (const int16_t *)w, j, c);
  if (g->kernel == GEMM_SMULL) gemm_tile_smull(g, a, rows, (const int8_t *)w, j, c);
#endif
#if IG_NEON && defined(__ARM_FEATURE_DOTPROD)
  if (g->kernel == GEMM_DOT) gemm_tile_dot(g, a, rows, w, j, c);
#endif
#if IG_NEON && defined(__ARM_FEATURE_MATMUL_INT8)
  if (g->kernel == GEMM_MMLA) gemm_tile_mmla(g, a, rows, w, p, c);
#endif
  if (g->kernel == GEMM_PORTABLE) gemm_tile_i8_portable(g, a, rows, (const int16_t *)w, j, c);
}

/* The rows `a` (and their sums) with panels `first` to `end`, results to row `c`. */
IG_INLINE void gemm_rows_i8(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first, int end) {
#if IG_NEON && defined(IG_IN_ORDER)
  if (g->kernel == GEMM_CHAINS) {
    gemm_rows_chains(g, a, c, first, end);
    return;
  }
#endif
  for (int p = first; p < end; p++) gemm_tile_i8(g, a, rows, p, c);
}

IG_INLINE void gemm_tile_float(const gemm_f32 *g, const float *a, int p, float *c) {
  const int j = gemm_start(p, g->nr, g->n);
  const float *w = g->weights + (size_t)p * g->k * g->nr;
#if IG_NEON
  if (!g->portable) {
    gemm_tile_f32(g, a, w, j, c + j);
    return;
  }
#endif
  gemm_tile_f32_portable(g, a, w, j, c + j);
}

/* rows[i] = row_factor * sum of row i of A, for `count` rows. */
IG_INLINE void gemm_row_sums(const gemm_i8 *g, const uint8_t *a, int count, int32_t *rows) {
  for (int i = 0; i < count; i++, a += g->lda) {
    int32_t sum = 0;
    int k = 0;
#if IG_NEON
    uint32x4_t lanes = vdupq_n_u32(0);
    for (; k + 16 <= g->k; k += 16) lanes = vpadalq_u16(lanes, vpaddlq_u8(vld1q_u8(a + k)));
    if (g->k % 16 >= 8) {
      lanes = vpadalq_u16(lanes, vmovl_u8(vld1_u8(a + k)));
      k += 8;
    }
    sum = (int32_t)vaddvq_u32(lanes);
#endif
    for (; k < g->k; k++) sum += a[k];
    rows[i] = g->row_factor * sum;
  }
}

/* Steps `first` to `end` of the outer loop (panels with weights_first, else tiles; all of them make all of C).
 * `rows`: scratch for the sums of m rows with weights_first, else of mr; NULL when row_factor is 0. */
IG_INLINE void gemm_run_i8(const gemm_i8 *g, const uint8_t *a, int32_t *rows, uint8_t *c, int first, int end) {
  const int tiles = gemm_count(g->m, g->mr), panels = gemm_count(g->n, g->nr);
#if IG_NEON && defined(IG_IN_ORDER)
  if (g->kernel == GEMM_CHAINS && !g->weights_first) {
    gemm_tiles_chains(g, a, c, first, end);
    return;
  }
#endif
  if (g->row_factor && g->weights_first) gemm_row_sums(g, a, g->m, rows);
  for (int o = first; o < end; o++) {
    if (g->row_factor && !g->weights_first) gemm_row_sums(g, a + gemm_start(o, g->mr, g->m) * g->lda, g->mr, rows);
    for (int i = 0; i < (g->weights_first ? tiles : 1); i++) {
      const int at = gemm_start(g->weights_first ? i : o, g->mr, g->m);
      const int32_t *sums = !g->row_factor ? NULL : g->weights_first ? rows + at : rows;
      const int from = g->weights_first ? o : 0, to = g->weights_first ? o + 1 : panels;
      gemm_rows_i8(g, a + at * g->lda, sums, c + at * g->ldc, from, to);
    }
  }
}

IG_INLINE void gemm_run_f32(const gemm_f32 *g, const float *a, float *c, int first, int end) {
  const int tiles = gemm_count(g->m, g->mr), panels = gemm_count(g->n, g->nr);
  for (int o = first; o < end; o++)
    for (int i = 0; i < (g->weights_first ? tiles : panels); i++) {
      const int at = gemm_start(g->weights_first ? i : o, g->mr, g->m);
      gemm_tile_float(g, a + at * g->lda, g->weights_first ? o : i, c + at * g->ldc);
    }
}

#endif
