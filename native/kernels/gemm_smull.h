/* gemm_smull.h: the armv8.0 tile for weights in [-127, 127]: SMULL + SMLAL2 on 8-bit lanes, then SADALP.
 *
 * Tile: mr x nr, nr % 4 = 0, k % 8 = 0. Weights int8 [panel][k / 16][nr][16], a rest of 8 as [nr][8]. Two products fit the
 * 16 bits of a lane: 2 * 128 * 127 < 2^15. Unsigned A is read with 0x80 flipped, that is minus 128. */
#ifndef IG_GEMM_SMULL_H
#define IG_GEMM_SMULL_H

#include "gemm_neon.h"
#if IG_NEON

IG_INLINE void gemm_tile_smull(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const int8_t *w, int j, uint8_t *c) {
  gemm_acc acc[4]; /* of column 4 v + q: acc[q][i][v], four partial sums along k */
  GEMM_UNROLL for (int q = 0; q < 4; q++)
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) acc[q][i][v] = vdupq_n_s32(0);
  const uint8x16_t flip = vdupq_n_u8(g->out.is_unsigned ? 0x80 : 0);
  int k = 0;
  GEMM_ROLLED for (; k + 16 <= g->packed_k; k += 16) {
    int8x16_t x[GEMM_MR];
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      const uint8x16_t raw = vld1q_u8(a + i * g->lda + k);
      x[i] = vreinterpretq_s8_u8(g->out.is_unsigned ? veorq_u8(raw, flip) : raw);
    }
    GEMM_UNROLL for (int u = 0; u < g->nr; u++, w += 16) {
      const int8x16_t b = vld1q_s8(w);
      GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
        const int16x8_t p = vmlal_high_s8(vmull_s8(vget_low_s8(x[i]), vget_low_s8(b)), x[i], b);
        acc[u % 4][i][u / 4] = vpadalq_s16(acc[u % 4][i][u / 4], p);
      }
    }
  }
  if (g->packed_k % 16 >= 8) {
    int8x8_t x[GEMM_MR];
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      const uint8x8_t raw = vld1_u8(a + i * g->lda + k);
      x[i] = vreinterpret_s8_u8(g->out.is_unsigned ? veor_u8(raw, vget_low_u8(flip)) : raw);
    }
    GEMM_UNROLL for (int u = 0; u < g->nr; u++, w += 8) {
      const int8x8_t b = vld1_s8(w);
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)
        acc[u % 4][i][u / 4] = vpadalq_s16(acc[u % 4][i][u / 4], vmull_s8(x[i], b));
    }
  }
  gemm_acc sum;
  gemm_init_i8(g, sum, rows, j);
  GEMM_UNROLL for (int i = 0; i < g->mr; i++)
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++)
      sum[i][v] = vaddq_s32(sum[i][v], vpaddq_s32(vpaddq_s32(acc[0][i][v], acc[1][i][v]), vpaddq_s32(acc[2][i][v], acc[3][i][v])));
  gemm_finish_i8(g, sum, j, c);
}

#endif
#endif
