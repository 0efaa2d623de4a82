/* gemm_mlal.h: tile for all 8-bit weights. ISA: armv8.0, SMLAL by lane on 16-bit operands.
 *
 * Tile: mr x nr, nr % 4 = 0, any k. A: row-major int8 or uint8, widened to 16 bits when loaded.
 * Weights: [panel][k][nr] int16, zero point subtracted; exact for -128 and for uint8.
 * Accumulators: int32, wrapping; |x * w| <= 255 * 255. */
#ifndef IG_GEMM_MLAL_H
#define IG_GEMM_MLAL_H

#include "gemm_neon.h"
#if IG_NEON

#define GEMM_MLAL_LANE(L)                                   \
  if (L < depth) {                                          \
    GEMM_UNROLL for (int v = 0; v < nv; v++) {              \
      const int16x4_t b = vld1_s16(w + 4 * v);              \
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)           \
        acc[i][v] = vmlal_laneq_s16(acc[i][v], b, x[i], L); \
    }                                                       \
    w += g->nr;                                             \
  }

IG_INLINE const int16_t *gemm_step_mlal(const gemm_i8 *g, gemm_acc acc, const int16x8_t *x, const int16_t *w,
                                        int depth) {
  const int nv = g->nr / 4;
  GEMM_MLAL_LANE(0)
  GEMM_MLAL_LANE(1)
  GEMM_MLAL_LANE(2)
  GEMM_MLAL_LANE(3)
  GEMM_MLAL_LANE(4)
  GEMM_MLAL_LANE(5)
  GEMM_MLAL_LANE(6)
  GEMM_MLAL_LANE(7)
  return w;
}

IG_INLINE void gemm_tile_mlal(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const void *panel, int p, int j,
                              uint8_t *c) {
  const int16_t *w = panel;
  (void)p;
  gemm_acc acc;
  int16x8_t x[GEMM_MR];
  gemm_init_i8(g, acc, rows, j);
  int k = 0;
  GEMM_ROLLED for (; k + 8 <= g->packed_k; k += 8) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      x[i] = gemm_widen(vld1_u8(a + i * g->lda + k), g->out.is_unsigned);
    w = gemm_step_mlal(g, acc, x, w, 8);
  }
  GEMM_ROLLED for (; k < g->packed_k; k++) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      x[i] = gemm_widen(vld1_dup_u8(a + i * g->lda + k), g->out.is_unsigned);
    w = gemm_step_mlal(g, acc, x, w, 1);
  }
  gemm_epilogue_i8(g, acc, j, c);
}

#define GEMM_KERNEL mlal
#include "gemm_rows.h"

#endif
#endif
