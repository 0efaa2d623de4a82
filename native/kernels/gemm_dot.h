/* gemm_dot.h: tile for all 8-bit weights. ISA: dotprod: SDOT by lane, UDOT if unsigned.
 *
 * Tile: mr x nr, nr % 4 = 0, packed_k % 4 = 0. A: row-major, 8 bits. Weights: [panel][k / 4][nr][4], 8 bits.
 * Accumulators: int32, wrapping; one register holds 4 columns of a row. */
#ifndef IG_GEMM_DOT_H
#define IG_GEMM_DOT_H

#include "gemm_neon.h"
#if IG_NEON && defined(__ARM_FEATURE_DOTPROD)

#define GEMM_DOT_LANE(L)                                                                                       \
  if (4 * L < depth) {                                                                                         \
    GEMM_UNROLL for (int v = 0; v < nv; v++) {                                                                 \
      const uint8x16_t b = vld1q_u8(w + 16 * v);                                                               \
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)                                                              \
        acc[i][v] = g->out.is_unsigned                                                                         \
                        ? vreinterpretq_s32_u32(vdotq_laneq_u32(vreinterpretq_u32_s32(acc[i][v]), b, x[i], L)) \
                        : vdotq_laneq_s32(acc[i][v], vreinterpretq_s8_u8(b), vreinterpretq_s8_u8(x[i]), L);    \
    }                                                                                                          \
    w += 16 * nv;                                                                                              \
  }

/* Adds `depth` (16, 8 or 4) k, with A from `a` on; returns the weights behind them. */
IG_INLINE const uint8_t *gemm_step_dot(const gemm_i8 *g, gemm_acc acc, const uint8_t *a, const uint8_t *w, int depth) {
  const int nv = g->nr / 4;
  uint8x16_t x[GEMM_MR];
  GEMM_UNROLL for (int i = 0; i < g->mr; i++, a += g->lda) {
    uint32_t four;
    memcpy(&four, a, 4);
    x[i] = depth == 16  ? vld1q_u8(a)
           : depth == 8 ? vcombine_u8(vld1_u8(a), vdup_n_u8(0))
                        : vreinterpretq_u8_u32(vdupq_n_u32(four));
  }
  GEMM_DOT_LANE(0)
  GEMM_DOT_LANE(1)
  GEMM_DOT_LANE(2)
  GEMM_DOT_LANE(3)
  return w;
}

IG_INLINE void gemm_tile_dot(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const void *panel, int p, int j,
                             uint8_t *c) {
  const uint8_t *w = panel;
  (void)p;
  gemm_acc acc;
  IG_ASSERT(g->packed_k % 4 == 0);
  gemm_load_i8(g, acc, rows, j);
  int k = 0;
  if (g->packed_k <= GEMM_SHORT) GEMM_UNROLL
    for (; k + 16 <= g->packed_k; k += 16) w = gemm_step_dot(g, acc, a + k, w, 16);
  else GEMM_ROLLED
    for (; k + 16 <= g->packed_k; k += 16) w = gemm_step_dot(g, acc, a + k, w, 16);
  if (g->packed_k % 16 >= 8) {
    w = gemm_step_dot(g, acc, a + k, w, 8);
    k += 8;
  }
  if (g->packed_k % 8 >= 4) w = gemm_step_dot(g, acc, a + k, w, 4);
  gemm_epilogue_i8(g, acc, j, c);
}

#define GEMM_KERNEL dot
#include "gemm_rows.h"

#endif
#endif
