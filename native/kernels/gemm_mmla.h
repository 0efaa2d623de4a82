/* gemm_mmla.h: tile for all 8-bit weights. ISA: i8mm: SMMLA, UMMLA if unsigned.
 *
 * Tile: mr x nr, mr % 2 = 0, nr % 8 = 0, packed_k % 8 = 0. A: row-major, 8 bits. Weights: [panel][k / 8][nr][8], 8
 * bits. Accumulators: int32, wrapping; one register holds 2 rows x 2 columns. They are requantized in this order and
 * sorted into rows as bytes. Hence bias, multiplier, shift and scale are [panel][nr / 2][2][2]: each pair of columns
 * twice. */
#ifndef IG_GEMM_MMLA_H
#define IG_GEMM_MMLA_H

#include "gemm_neon.h"
#if IG_NEON && defined(__ARM_FEATURE_MATMUL_INT8)

IG_INLINE int32x4_t gemm_mmla(int32x4_t acc, uint8x16_t x, uint8x16_t b, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s32_u32(vmmlaq_u32(vreinterpretq_u32_s32(acc), x, b))
                     : vmmlaq_s32(acc, vreinterpretq_s8_u8(x), vreinterpretq_s8_u8(b));
}

/* Adds `depth` (16 or 8) k, with A from `a` on; returns the weights behind them. */
IG_INLINE const uint8_t *gemm_step_mmla(const gemm_i8 *g, int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV], const uint8_t *a,
                                        const uint8_t *w, int depth) {
  uint8x16_t x[2][GEMM_MR / 2]; /* 2 rows x 8 */
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++, a += 2 * g->lda) {
    if (depth == 16) {
      const uint64x2_t even = vreinterpretq_u64_u8(vld1q_u8(a)), odd = vreinterpretq_u64_u8(vld1q_u8(a + g->lda));
      x[0][i] = vreinterpretq_u8_u64(vtrn1q_u64(even, odd));
      x[1][i] = vreinterpretq_u8_u64(vtrn2q_u64(even, odd));
    } else {
      x[0][i] = vcombine_u8(vld1_u8(a), vld1_u8(a + g->lda));
    }
  }
  GEMM_UNROLL for (int half = 0; half < depth / 8; half++) GEMM_UNROLL
    for (int u = 0; u < g->nr / 2; u++, w += 16) {
      const uint8x16_t b = vld1q_u8(w); /* 2 columns x 8 */
      GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
        acc[i][u] = gemm_mmla(acc[i][u], x[half][i], b, g->out.is_unsigned);
    }
  return w;
}

/* Epilogue of two rows of panel p. */
IG_INLINE void gemm_epilogue_mmla(const gemm_i8 *g, int32x4_t *acc, int p, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int cols = g->n < g->nr ? g->n : g->nr;
  if (e->requantize == GEMM_INT32) {
    GEMM_UNROLL for (int u = 0; u < g->nr / 2; u += 2) {
      const int64x2_t a = vreinterpretq_s64_s32(acc[u]), b = vreinterpretq_s64_s32(acc[u + 1]);
      gemm_store_s32((int32_t *)c + 2 * u, vreinterpretq_s32_s64(vzip1q_s64(a, b)), cols - 2 * u);
      gemm_store_s32((int32_t *)c + g->ldc + 2 * u, vreinterpretq_s32_s64(vzip2q_s64(a, b)), cols - 2 * u);
    }
    return;
  }
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++)
    acc[u] = gemm_requantize(e, acc[u], 2 * (p * g->nr + 2 * u));
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u += 8) { /* 16 columns, or the last 8 */
    const int n = cols - 2 * u;
    uint16x8_t r[2];
    GEMM_UNROLL for (int half = 0; half < 2; half++) {
      const int32x4_t *of = acc + u + (g->nr / 2 - u > 4 ? 4 * half : 0);
      r[half] = vreinterpretq_u16_u8(gemm_clamp_x16(e, gemm_narrow(e, of[0], of[1]), gemm_narrow(e, of[2], of[3])));
    }
    const uint8x16_t even = vreinterpretq_u8_u16(vuzp1q_u16(r[0], r[1])),
                     odd = vreinterpretq_u8_u16(vuzp2q_u16(r[0], r[1]));
    if (g->nr / 2 - u > 4) {
      gemm_store_x16(c + 2 * u, even, n < 16 ? n : 16);
      gemm_store_x16(c + g->ldc + 2 * u, odd, n < 16 ? n : 16);
    } else {
      gemm_store_x8(c + 2 * u, vget_low_u8(even), n < 8 ? n : 8);
      gemm_store_x8(c + g->ldc + 2 * u, vget_low_u8(odd), n < 8 ? n : 8);
    }
  }
}

/* Panel p of a tile; results from c on. */
IG_INLINE void gemm_tile_mmla(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const void *panel, int p, int j,
                              uint8_t *c) {
  const uint8_t *w = panel;
  (void)j;
  IG_ASSERT(g->mr % 2 == 0 && g->nr % 8 == 0 && g->packed_k % 8 == 0);
  int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV];
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++) {
    const int32_t *bias = g->out.bias + 2 * p * g->nr;
    GEMM_OPAQUE(bias);
    GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) {
      acc[i][u] = vld1q_s32(bias + 4 * u);
      if (rows)
        acc[i][u] = vaddq_s32(acc[i][u], vcombine_s32(vld1_dup_s32(rows + 2 * i), vld1_dup_s32(rows + 2 * i + 1)));
    }
  }
  int k = 0;
  if (g->packed_k <= GEMM_SHORT) GEMM_UNROLL
    for (; k + 16 <= g->packed_k; k += 16) w = gemm_step_mmla(g, acc, a + k, w, 16);
  else GEMM_ROLLED
    for (; k + 16 <= g->packed_k; k += 16) w = gemm_step_mmla(g, acc, a + k, w, 16);
  if (g->packed_k % 16 >= 8) w = gemm_step_mmla(g, acc, a + k, w, 8);
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
    gemm_epilogue_mmla(g, acc[i], p, c + 2 * i * g->ldc * gemm_result_bytes(g));
}

#define GEMM_KERNEL mmla
#include "gemm_rows.h"

#endif
#endif
