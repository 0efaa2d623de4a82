/* gemm_smull.h: tile for weights in [-127, 127]. ISA: armv8.0: SMULL, SMLAL2 on 8-bit lanes, then SADALP.
 *
 * Tile: mr x nr, nr % 4 = 0, packed_k % 8 = 0. A: row-major int8; uint8 is read as x ^ 0x80 = x - 128.
 * Weights: [panel][k / 8][nr / 2][2 halves of 8 k][2 columns][4 k] int8. One register holds 8 k of two columns; the
 * register of A beside it holds k 0 to 3 twice, then k 4 to 7 twice.
 * 16-bit sums: SMULL + SMLAL2 add two products per lane: 2 * 128 * 127 < 2^15.
 * Accumulators: int32, wrapping; one register holds two columns with two partial sums each. bias: [columns][2] int32,
 * the second word zero. */
#ifndef IG_GEMM_SMULL_H
#define IG_GEMM_SMULL_H

#include "gemm_neon.h"
#if IG_NEON

/* Bytes 0 to 3 of a row of A twice, then bytes 4 to 7 twice. */
IG_INLINE int8x16_t gemm_load_twice(const uint8_t *a, int is_unsigned) {
  const uint8x8_t raw = is_unsigned ? veor_u8(vld1_u8(a), vdup_n_u8(0x80)) : vld1_u8(a);
  const uint32x4_t words = vreinterpretq_u32_u8(vcombine_u8(raw, raw));
  return vreinterpretq_s8_u32(vzip1q_u32(words, words));
}

/* Eight k, or four if left <= 4 (the upper halves of the weights are then zero). acc[i][u]: row i, column 2u in lanes 0
 * and 1, column 2u + 1 in lanes 2 and 3. `first`: accumulators start at `bias`. */
IG_INLINE void gemm_step_smull(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], const uint8_t *a, const int8_t *w,
                               int left, int first, const int32_t *bias) {
  const int pairs = g->nr / 2;
  int8x16_t x[GEMM_MR];
  GEMM_UNROLL for (int u = 0; u < pairs; u++) {
    /* Orders column u behind column u - 2: compilers would interleave all columns and spill. */
    const int done = (u + pairs - 2) % pairs;
    if (u >= 2 || !first) GEMM_UNROLL
      for (int i = 0; i < g->mr; i++) __asm__ volatile("" : "+r"(w), "+r"(a) : "w"(acc[i][done]));
    if (u == 0) GEMM_UNROLL
      for (int i = 0; i < g->mr; i++) x[i] = gemm_load_twice(a + i * g->lda, g->out.is_unsigned);
    const int8x16_t v = vld1q_s8(w + 16 * u);
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      int16x8_t p = vmull_s8(vget_low_s8(x[i]), vget_low_s8(v));
      if (left > 4) p = vmlal_high_s8(p, x[i], v);
      if (first) {
        GEMM_OPAQUE(bias);
        acc[i][u] = vld1q_s32(bias + 4 * u);
      }
      acc[i][u] = vpadalq_s16(acc[i][u], p);
    }
  }
}

/* k handled behind the loop along k. */
#define GEMM_SMULL_TAIL 16

/* Accumulators of a tile. The first iteration along k and the last ones are peeled: out-of-order cores overlap them
 * with loading the bias and with the epilogue. */
IG_INLINE void gemm_sums_smull(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], const uint8_t *a, const int8_t *w,
                               const int32_t *bias) {
  const int depth = (g->k + 3) / 4 * 4, step = 8 * g->nr;
  gemm_step_smull(g, acc, a, w, depth, 1, bias);
  if (depth > GEMM_SHORT) {
    GEMM_ROLLED for (int k = 8; k < g->packed_k - GEMM_SMULL_TAIL; k += 8) {
      a += 8, w += step;
      gemm_step_smull(g, acc, a, w, 8, 0, NULL);
    }
  }
  GEMM_UNROLL for (int k = depth > GEMM_SHORT ? g->packed_k - GEMM_SMULL_TAIL : 8; k < g->packed_k; k += 8) {
    a += 8, w += step;
    gemm_step_smull(g, acc, a, w, depth - k, 0, NULL);
  }
}

IG_INLINE void gemm_tile_smull(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const void *panel, int p, int j,
                               uint8_t *c) {
  const int8_t *w = panel;
  (void)p;
  int32x4_t acc[GEMM_MR][2 * GEMM_NV];
  IG_ASSERT(g->packed_k % 8 == 0 && g->layout.bias_words == 2);
  gemm_sums_smull(g, acc, a, w, g->out.bias + 2 * j);
  gemm_acc sum;
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
    for (int v = 0; v < g->nr / 4; v++) {
      sum[i][v] = vpaddq_s32(acc[i][2 * v], acc[i][2 * v + 1]);
      if (rows) sum[i][v] = vaddq_s32(sum[i][v], vld1q_dup_s32(rows + i));
    }
  gemm_epilogue_i8(g, sum, j, c);
}

#define GEMM_KERNEL smull
#include "gemm_rows.h"

#endif
#endif
