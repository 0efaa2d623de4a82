/* gemm_k_sums.h: the armv8.0 tile for cores that issue in order: sums of several K-blocks in 16 bits.
 *
 * A K-block is eight consecutive k. SMULL, SMLAL2, SMLAL, ... sum the products of `k_blocks` of them in 16 bits; SADALP, which
 * takes two cycles, widens the sum. A 16-bit lane meets two weights of each block: the packer groups blocks so that their
 * magnitudes add up to at most 255, and splits weights that fit in no group.
 *
 * Tile: mr x nr, nr % 8 = 0. A panel of weights is [sums of the panel][nr / 2][k_blocks][16 bytes], the bytes as in
 * gemm_smull.h. `order`: the number of A's block for each block of weights. `counts`: the sums of each panel. With `singles`,
 * sums of one block follow those of k_blocks: `counts` has two numbers for a panel, neither 0, and `order` k_blocks numbers
 * for each of either kind.
 * Operands stream from panel to panel: those of the next panel are loaded, and its first two sums begun, when one ends.
 *
 * The inner loop of a tile comes with the model (g->loop, src/compiler/templates/in_order/gemm.ts). It brings the operands of
 * the first chain and begins its first two sums (IO_START), or adds up a chain of `length` blocks to accumulators that it begins
 * (IO_FIRST) or finds (IO_NEXT), while it brings the operands of the next one, of `next` blocks. */
#ifndef IG_GEMM_K_SUMS_H
#define IG_GEMM_K_SUMS_H

#include "gemm_k_sums_end.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* Blocks of a sum, at most. */
#define GEMM_K_BLOCKS 4

typedef struct io_k_sums {
  io_sums acc;
  int8x16_t x[GEMM_MR][GEMM_K_BLOCKS], w[2][GEMM_K_BLOCKS];
  io_pair next_x[GEMM_MR][GEMM_K_BLOCKS], next_w[GEMM_K_BLOCKS];
  int16x8_t sum[4];     /* in 16 bits; the first two begin with the sum before */
  size_t k[GEMM_K_BLOCKS]; /* the blocks of A to load next */
  const uint8_t *row[GEMM_MR];
  const int8_t *weights, *levels;
  const uint32_t *order, *counts;
  size_t left, until; /* sums of k_blocks of the panel; of the rows until the last one begins, without single ones */
} io_k_sums;

/* The next of `counts`. */
IG_INLINE size_t io_next_count(io_k_sums *s) {
  size_t count;
  IO_ASM("ldr %w0, [%1], #4" : "=r"(count), "+r"(s->counts));
  return count;
}

/* From the next load on, rows from `a` on. */
IG_INLINE void io_turn(const gemm_i8 *g, io_k_sums *s, const uint8_t *a) {
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) s->row[i] = a + i * g->lda;
}
/* Begins with the rows `a` and panel `first`. Weights are read up to 4 * k_blocks * 16 bytes beyond their end, `order` up to
 * 2 * k_blocks entries, `counts` one: there stands what the first panel begins with, for the rows that follow. */
IG_INLINE void io_k_sums_start(const gemm_i8 *g, io_k_sums *s, const uint8_t *a, int first) {
  gemm_i8 from = *g;
  gemm_skip_panels(&from, first);
  s->weights = from.weights;
  s->order = from.order;
  s->counts = from.counts;
  s->levels = (const int8_t *)(g->out.levels + first * 3 * g->nr);
  io_turn(g, s, a);
  IO_BARRIER();
  s->left = io_next_count(s);
  g->loop(s, IO_START, g->k_blocks, g->k_blocks);
}

/* A sum between others of its length. In the last one of the rows, operands are those that the next rows begin with. */
IG_INLINE void io_whole(const gemm_i8 *g, io_k_sums *s, int part, const uint8_t *next) {
  if (--s->until == 0) io_turn(g, s, next);
  g->loop(s, part, g->k_blocks, g->k_blocks);
}
/* All sums of a panel, of k_blocks each. */
IG_INLINE void io_panel(const gemm_i8 *g, io_k_sums *s, const uint8_t *next) {
  io_whole(g, s, IO_FIRST, next);
  GEMM_ROLLED while (--s->left > 0) io_whole(g, s, IO_NEXT, next);
}
/* The same with single ones behind; `last`: of the rows. */
IG_INLINE void io_panel_mixed(const gemm_i8 *g, io_k_sums *s, const uint8_t *next, int last) {
  size_t singles = io_next_count(s);
  if (--s->left > 0) {
    g->loop(s, IO_FIRST, g->k_blocks, g->k_blocks);
    GEMM_ROLLED while (--s->left > 0) g->loop(s, IO_NEXT, g->k_blocks, g->k_blocks);
    g->loop(s, IO_NEXT, g->k_blocks, 1);
  } else {
    g->loop(s, IO_FIRST, g->k_blocks, 1);
  }
  GEMM_ROLLED while (--singles > 0) g->loop(s, IO_NEXT, 1, 1);
  if (last) io_turn(g, s, next);
  g->loop(s, IO_NEXT, 1, g->k_blocks);
}

/* The rows begun times panels `first` to `end`, results to row `c`. */
IG_INLINE void io_k_sums_rows(const gemm_i8 *g, io_k_sums *s, const uint8_t *next, uint8_t *c, int first, int end) {
  GEMM_ROLLED for (int p = first; p < end; p++) {
    const int j = g->n % g->nr == 0 ? p * g->nr : gemm_start(p, g->nr, g->n);
    if (g->singles) io_panel_mixed(g, s, next, p + 1 == end);
    else io_panel(g, s, next);
    s->left = io_next_count(s);
    if (g->out.requantize == GEMM_LEVELS) {
      io_finish_levels(g, s->acc, &s->levels, c + j);
      continue;
    }
    if (io_finishes(&g->out)) {
      io_finish(g, s->acc, j, c + j);
      continue;
    }
    gemm_acc sum;
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++)
        sum[i][v] = vaddq_s32(vpaddq_s32(s->acc[i][2 * v], s->acc[i][2 * v + 1]), vld1q_s32(g->out.bias + j + 4 * v));
    gemm_finish_i8(g, sum, j, c + j * gemm_item(g));
  }
}

/* The rows `a` times panels `first` to `end`, results to row `c`. */
IG_INLINE void gemm_rows_k_sums(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first, int end) {
  io_k_sums state;
  (void)rows;
  IG_ASSERT(g->nr % 8 == 0 && g->k_blocks <= GEMM_K_BLOCKS && (g->k_blocks == 2 || !g->singles));
  io_k_sums_start(g, &state, a, first);
  state.until = 0;
  io_k_sums_rows(g, &state, a, c, first, end);
  IO_BARRIER();
}

/* Tiles of rows `first` to `end` times all panels. */
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
    io_k_sums_rows(g, s, a + next * g->lda, c + gemm_start(o, g->mr, g->m) * g->ldc * gemm_item(g), 0, gemm_count(g->n, g->nr));
    s->weights = weights;
    s->order = order;
    s->counts = counts;
    s->levels = (const int8_t *)g->out.levels;
  }
  IO_BARRIER();
}

#endif
#endif
