/* gemm_in_order_f32.h: inner loop of the FP32 tile of gemm_neon_f32.h for in-order cores (in_order.h). ISA: armv8.0.
 *
 * Tile, A, weights and accumulators as in gemm_neon_f32.h. Each cycle issues one FMLA, and beside it one instruction
 * that loads later operands through general registers: four weights, or two values of a row of A, at a time. The loop
 * is generated per tile and part of the model's C: src/compiler/templates/in_order/gemm_f32.ts. */
#ifndef IG_GEMM_IN_ORDER_F32_H
#define IG_GEMM_IN_ORDER_F32_H

#include "gemm.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

typedef struct io_f32 {
  float32x4_t acc[GEMM_MR][GEMM_NV];
  int8x16_t x[GEMM_MR]; /* two k of each row */
  int8x16_t w[4];       /* ring; each holds four columns at one k */
  uint64_t next_x[GEMM_MR];
  io_pair next_w[2];
  const uint8_t *row[GEMM_MR];
  const int8_t *weights;
} io_f32;

/* Adds the products of the first k / 2 * 2 k. Reads up to 64 bytes beyond the panel of weights. */
IG_INLINE void io_f32_sums(const gemm_f32 *g, float32x4_t acc[GEMM_MR][GEMM_NV], const float *a, const float *w) {
  const int nv = g->nr / 4, size = g->k / 2 * 8;
  io_f32 tile, *s = &tile;
  if (size == 0) return;
  s->weights = (const int8_t *)w;
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
    s->row[i] = (const uint8_t *)(a + i * g->lda);
    GEMM_UNROLL for (int v = 0; v < nv; v++)
      s->acc[i][v] = acc[i][v];
  }
  IO_BARRIER();
  g->loop(s, IO_START, 0);
  GEMM_ROLLED for (int at = 8; at <= size; at += 8)
    g->loop(s, IO_NEXT, at < size ? at : 0);
  IO_BARRIER();
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
    for (int v = 0; v < nv; v++) acc[i][v] = s->acc[i][v];
}

#endif
#endif
