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
  c += j * gemm_item(g);
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

#if IG_NEON
IG_INLINE int32x4_t gemm_add_x16(int32x4_t lanes, uint8x16_t x, int is_unsigned) {
  if (!is_unsigned) return vpadalq_s16(lanes, vpaddlq_s8(vreinterpretq_s8_u8(x)));
  return vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(lanes), vpaddlq_u8(x)));
}
#endif

/* rows[i] = row_factor * sum of row i of A, for `count` rows. */
IG_INLINE void gemm_row_sums(const gemm_i8 *g, const uint8_t *a, int count, int32_t *rows) {
  for (int i = 0; i < count; i++, a += g->lda) {
    int32_t sum = 0;
    int k = 0;
#if IG_NEON
    int32x4_t lanes = vdupq_n_s32(0);
    for (; k + 16 <= g->k; k += 16) lanes = gemm_add_x16(lanes, vld1q_u8(a + k), g->out.is_unsigned);
    if (g->k % 16 >= 8) {
      lanes = gemm_add_x16(lanes, vcombine_u8(vld1_u8(a + k), vdup_n_u8(0)), g->out.is_unsigned);
      k += 8;
    }
    sum = vaddvq_s32(lanes);
#endif
    for (; k < g->k; k++) sum += g->out.is_unsigned ? a[k] : (int8_t)a[k];
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
      gemm_rows_i8(g, a + at * g->lda, sums, c + at * g->ldc * gemm_item(g), from, to);
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
