/* gemm_mmla.h: the tile of cores with matrix products: SMMLA, or UMMLA when unsigned.
 *
 * Tile: mr x nr, mr even, nr % 4 = 0, k % 8 = 0. Weights [panel][k / 8][nr][8]. Accumulators: int32 that wrap. */
#ifndef IG_GEMM_MMLA_H
#define IG_GEMM_MMLA_H

#include "gemm_neon.h"
#if IG_NEON && defined(__ARM_FEATURE_MATMUL_INT8)

IG_INLINE int32x4_t gemm_mmla(int32x4_t acc, uint8x16_t x, uint8x16_t b, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s32_u32(vmmlaq_u32(vreinterpretq_u32_s32(acc), x, b))
                     : vmmlaq_s32(acc, vreinterpretq_s8_u8(x), vreinterpretq_s8_u8(b));
}
IG_INLINE uint8x16_t gemm_pair(uint8x16_t a, uint8x16_t b, int high) {
  const uint64x2_t x = vreinterpretq_u64_u8(a), y = vreinterpretq_u64_u8(b);
  return vreinterpretq_u8_u64(high ? vtrn2q_u64(x, y) : vtrn1q_u64(x, y));
}

/* One step along k: 2 rows x 8 of A against 2 columns x 8 of W. */
IG_INLINE const uint8_t *gemm_step_mmla(const gemm_i8 *g, int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV], const uint8x16_t *x,
                                        const uint8_t *w) {
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++, w += 16) {
    const uint8x16_t b = vld1q_u8(w);
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++) acc[i][u] = gemm_mmla(acc[i][u], x[i], b, g->out.is_unsigned);
  }
  return w;
}

IG_INLINE void gemm_tile_mmla(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const uint8_t *w, int j, uint8_t *c) {
  int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV]; /* 2 rows x 2 columns each */
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
    GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) acc[i][u] = vdupq_n_s32(0);
  uint8x16_t lo[GEMM_MR / 2], hi[GEMM_MR / 2];
  int k = 0;
  GEMM_ROLLED for (; k + 16 <= g->packed_k; k += 16) {
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++) {
      const uint8x16_t even = vld1q_u8(a + 2 * i * g->lda + k), odd = vld1q_u8(a + (2 * i + 1) * g->lda + k);
      lo[i] = gemm_pair(even, odd, 0);
      hi[i] = gemm_pair(even, odd, 1);
    }
    w = gemm_step_mmla(g, acc, lo, w);
    w = gemm_step_mmla(g, acc, hi, w);
  }
  if (g->packed_k % 16 >= 8) {
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
      lo[i] = vcombine_u8(vld1_u8(a + 2 * i * g->lda + k), vld1_u8(a + (2 * i + 1) * g->lda + k));
    w = gemm_step_mmla(g, acc, lo, w);
  }
  gemm_acc sum;
  gemm_init_i8(g, sum, rows, j);
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
      const int64x2_t p = vreinterpretq_s64_s32(acc[i][2 * v]), q = vreinterpretq_s64_s32(acc[i][2 * v + 1]);
      sum[2 * i][v] = vaddq_s32(sum[2 * i][v], vreinterpretq_s32_s64(vtrn1q_s64(p, q)));
      sum[2 * i + 1][v] = vaddq_s32(sum[2 * i + 1][v], vreinterpretq_s32_s64(vtrn2q_s64(p, q)));
    }
  gemm_finish_i8(g, sum, j, c);
}

#endif
#endif
