/* gemm_k_sums.h: tile for 8-bit weights on in-order cores. ISA: armv8.0: SMULL, SMLAL, SADALP; see in_order.h.
 *
 * K-block: 8 consecutive k of a panel. K-sum: the products of up to `k_blocks` K-blocks, added in 16 bits by SMULL,
 * SMLAL2, SMLAL, ... SADALP, which takes two cycles, adds it to the accumulators.
 *
 * Tile: mr x nr, nr % 8 = 0. A: row-major int8; uint8 is read as x - 128.
 * Weights: [panel][K-sum][nr / 2][k_blocks][16 bytes], the 16 bytes as in gemm_smull.h.
 * 16-bit bound: a lane adds two products per K-block. The packer combines K-blocks with sum |w| <= 255 per lane, hence
 * |sum| <= 128 * 255 < 2^15. A block that fits in no K-sum is split: w = w1 + w2.
 * Accumulators: int32, wrapping, two columns per register as in gemm_smull.h.
 * order: K-block of A for each K-block of weights. counts: K-sums per panel.
 * singles: K-sums of one block follow those of k_blocks. Then counts has two entries per panel, neither 0, and order
 * has k_blocks entries per K-sum of either length.
 *
 * Loads run ahead across panels: the end of a panel loads the operands of the next one and starts its first two K-sums.
 * g->loop, the tile's inner loop, is part of the model's C (src/compiler/templates/in_order/gemm.ts):
 *   IO_START  loads the operands of the first K-sum and starts its first two 16-bit sums;
 *   IO_FIRST  computes a K-sum of `length` blocks, sets the accumulators, loads the next K-sum of `next` blocks;
 *   IO_NEXT   the same, adding to the accumulators. */
#ifndef IG_GEMM_K_SUMS_H
#define IG_GEMM_K_SUMS_H

#include "gemm_k_sums_epilogue.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* Largest k_blocks. */
#define GEMM_K_BLOCKS 4

typedef struct io_k_sums {
  io_sums acc;
  int8x16_t x[GEMM_MR][GEMM_K_BLOCKS], w[2][GEMM_K_BLOCKS];
  io_pair next_x[GEMM_MR][GEMM_K_BLOCKS], next_w[GEMM_K_BLOCKS];
  int16x8_t sum[4];        /* 16-bit sums; the first two are started one K-sum ahead */
  size_t k[GEMM_K_BLOCKS]; /* K-blocks of A to load next */
  const uint8_t *row[GEMM_MR];
  const int8_t *weights, *two_step;
  const uint32_t *order, *counts;
  size_t left;  /* K-sums of k_blocks left in the panel */
  size_t until; /* without singles: K-sums left in the tile before its last one */
} io_k_sums;

/* *counts++. */
IG_INLINE size_t io_next_count(io_k_sums *s) {
  size_t count;
  IO_ASM("ldr %w0, [%1], #4" : "=r"(count), "+r"(s->counts));
  return count;
}

/* Later loads of A take the mr rows from `a` on. */
IG_INLINE void io_turn(const gemm_i8 *g, io_k_sums *s, const uint8_t *a) {
  GEMM_UNROLL for (int i = 0; i < g->mr; i++)
    s->row[i] = a + i * g->lda;
}
/* Starts at rows `a` and panel `first`. Reads beyond the end of weights (up to 4 * k_blocks * 16 bytes), order (up to
 * 2 * k_blocks entries) and counts (one entry): the packer repeats the start of the first panel there, for the tile
 * that follows. */
IG_INLINE void io_k_sums_start(const gemm_i8 *g, io_k_sums *s, const uint8_t *a, int first) {
  gemm_i8 from = *g;
  gemm_skip_panels(&from, first);
  s->weights = from.weights;
  s->order = from.order;
  s->counts = from.counts;
  s->two_step = (const int8_t *)(g->out.two_step + first * 3 * g->nr);
  io_turn(g, s, a);
  IO_BARRIER();
  s->left = io_next_count(s);
  g->loop(s, IO_START, g->k_blocks, g->k_blocks);
}

/* One K-sum of k_blocks, followed by another. The last one of a tile loads operands of the next tile's rows. */
IG_INLINE void io_whole(const gemm_i8 *g, io_k_sums *s, int part, const uint8_t *next) {
  if (--s->until == 0) io_turn(g, s, next);
  g->loop(s, part, g->k_blocks, g->k_blocks);
}
/* The K-sums of a panel, k_blocks each. */
IG_INLINE void io_panel(const gemm_i8 *g, io_k_sums *s, const uint8_t *next) {
  io_whole(g, s, IO_FIRST, next);
  GEMM_ROLLED while (--s->left > 0)
    io_whole(g, s, IO_NEXT, next);
}
/* The same with `singles`; `last`: last panel of the tile. */
IG_INLINE void io_panel_mixed(const gemm_i8 *g, io_k_sums *s, const uint8_t *next, int last) {
  size_t singles = io_next_count(s);
  if (--s->left > 0) {
    g->loop(s, IO_FIRST, g->k_blocks, g->k_blocks);
    GEMM_ROLLED while (--s->left > 0)
      g->loop(s, IO_NEXT, g->k_blocks, g->k_blocks);
    g->loop(s, IO_NEXT, g->k_blocks, 1);
  } else {
    g->loop(s, IO_FIRST, g->k_blocks, 1);
  }
  GEMM_ROLLED while (--singles > 0)
    g->loop(s, IO_NEXT, 1, 1);
  if (last) io_turn(g, s, next);
  g->loop(s, IO_NEXT, 1, g->k_blocks);
}

/* The rows in `s` times panels [first, end); C from row `c` on. next: rows of the next tile. */
IG_INLINE void io_k_sums_rows(const gemm_i8 *g, io_k_sums *s, const uint8_t *next, uint8_t *c, int first, int end) {
  GEMM_ROLLED for (int p = first; p < end; p++) {
    const int j = g->n % g->nr == 0 ? p * g->nr : gemm_start(p, g->nr, g->n);
    if (g->singles) io_panel_mixed(g, s, next, p + 1 == end);
    else io_panel(g, s, next);
    s->left = io_next_count(s);
    if (g->out.requantize == GEMM_TWO_STEP) {
      io_epilogue_two_step(g, s->acc, &s->two_step, c + j);
      continue;
    }
    if (io_epilogue_knows(&g->out)) {
      io_epilogue(g, s->acc, j, c + j);
      continue;
    }
    gemm_acc sum;
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
      for (int v = 0; v < g->nr / 4; v++)
        sum[i][v] = vaddq_s32(vpaddq_s32(s->acc[i][2 * v], s->acc[i][2 * v + 1]), vld1q_s32(g->out.bias + j + 4 * v));
    gemm_epilogue_i8(g, sum, j, c + j * gemm_result_bytes(g));
  }
}

/* mr rows of A from `a` on times panels [first, end); C from row `c` on. */
IG_INLINE void gemm_rows_k_sums(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first,
                                int end) {
  io_k_sums state;
  (void)rows;
  IG_ASSERT(g->nr % 8 == 0 && g->k_blocks <= GEMM_K_BLOCKS && (g->k_blocks == 2 || !g->singles));
  io_k_sums_start(g, &state, a, first);
  state.until = 0;
  io_k_sums_rows(g, &state, a, c, first, end);
  IO_BARRIER();
}

/* Tiles [first, end) of rows times all panels. */
IG_INLINE void gemm_tiles_k_sums(const gemm_i8 *g, const uint8_t *a, int32_t *rows, uint8_t *c, int first, int end) {
  io_k_sums state, *s = &state;
  (void)rows;
  IG_ASSERT(g->nr % 8 == 0 && g->k_blocks <= GEMM_K_BLOCKS && (g->k_blocks == 2 || !g->singles));
  if (first >= end) return;
  io_k_sums_start(g, s, a + gemm_start(first, g->mr, g->m) * g->lda, 0);
  const int8_t *weights = s->weights;
  const uint32_t *order = s->order, *counts = s->counts;
  int32_t blocks = 0;
  for (int p = 0; p < gemm_count(g->n, g->nr) && !g->singles; p++) blocks += g->counts[p];
  GEMM_ROLLED for (int o = first; o < end; o++) {
    const size_t next = gemm_start(o + 1 < end ? o + 1 : o, g->mr, g->m);
    s->until = blocks;
    io_k_sums_rows(g, s, a + next * g->lda, c + gemm_start(o, g->mr, g->m) * g->ldc * gemm_result_bytes(g), 0,
                   gemm_count(g->n, g->nr));
    s->weights = weights;
    s->order = order;
    s->counts = counts;
    s->two_step = (const int8_t *)g->out.two_step;
  }
  IO_BARRIER();
}

#endif
#endif
