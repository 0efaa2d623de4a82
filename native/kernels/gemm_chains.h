/* gemm_chains.h: the armv8.0 tile of gemm_smull.h for cores that issue in order, with longer sums in 16 bits.
 *
 * A chain SMULL, SMLAL2, SMLAL, … adds up the products of `chain` blocks, eight deep each, before SADALP, which takes
 * twice as long as the others, widens them. The packer sees to it that they fit: a lane adds up two weights of each
 * block, and where their magnitudes exceed 255 together it takes other blocks or splits weights in two summands.
 *
 * Tile: mr x nr, nr % 8 = 0. A panel of weights is [chains of the panel][nr / 2][chain blocks][16 bytes], the bytes as in
 * gemm_smull.h; `order` holds the number of the block of A for each, `counts` the chains of each panel. Operands stream
 * from panel to panel: those of the next one are on their way, and its first two chains begun, when one ends.
 * Chains of neighbouring accumulators are interleaved: step t begins chain t + 2, goes on with t + 1 and ends t. */
#ifndef IG_GEMM_CHAINS_H
#define IG_GEMM_CHAINS_H

#include "gemm_chains_end.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* Blocks of a chain, at most. */
#define GEMM_CHAIN 4

typedef struct {
  int8x16_t x[GEMM_MR][GEMM_CHAIN], w[2][GEMM_CHAIN];
  io_pair next_x[GEMM_MR][GEMM_CHAIN], next_w[GEMM_CHAIN];
  int16x8_t begun, summed; /* of the chains t + 1 and t */
  size_t k[GEMM_CHAIN];    /* the blocks of A to load next */
  const uint8_t *row[GEMM_MR];
  const int8_t *weights;
  const uint16_t *order;
} io_chains;

IG_INLINE void io_load_block(io_pair *to, const uint8_t *row, size_t block) {
  IO_ASM("ldr %0, [%1, %2, lsl #3]" : "=r"(to->lo) : "r"(row), "r"(block));
}
IG_INLINE void io_next_block(size_t *to, const uint16_t **order) { IO_ASM("ldrh %w0, [%1], #2" : "=r"(*to), "+r"(*order)); }
/* Bytes 0 to 7 of a row become bytes 0 to 3 twice, bytes 4 to 7 twice: in general registers, or where those of all blocks
 * would be too many, by the vector unit, for which that is one instruction more. */
IG_INLINE int io_zips(const gemm_i8 *g) { return g->chain == 4 && g->mr > 1; }
IG_INLINE void io_spread(const gemm_i8 *g, io_pair *x, int step) {
  if (step == 0 && g->out.is_unsigned) IO_ASM("eor %0, %0, #0x8080808080808080" : "+r"(x->lo));
  if (io_zips(g)) return;
  if (step == 0) IO_ASM("lsr %0, %1, #32" : "=r"(x->hi) : "r"(x->lo));
  if (step == 1) IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->lo));
  if (step == 2) IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->hi));
}
IG_INLINE void io_fill(const gemm_i8 *g, int8x16_t *v, const io_pair *x) {
  if (io_zips(g)) IO_ASM("zip1 %0.4s, %0.4s, %0.4s" : "+w"(*v));
  else io_upper(v, x->hi);
}

/* Steps of the loop; instructions of the vector unit in a step. */
IG_INLINE int io_steps(const gemm_i8 *g) { return g->mr * g->nr / 2; }
IG_INLINE int io_width(const gemm_i8 *g) { return 2 * g->chain + 1; }
/* So far apart are the loads of A, all to be over when the first row can take its next block. */
IG_INLINE int io_spacing(const gemm_i8 *g) {
  const int loads = g->mr * g->chain, free = (io_steps(g) - g->mr - 1) * io_width(g) - 5;
  return loads > 1 ? free / (loads - 1) : 0;
}

/* What goes beside instruction `at` of step t. An operand takes the place of the one before it in step t if chain t + 1
 * was the last that read it: block by block, each half after its last use. */
IG_INLINE void io_beside(const gemm_i8 *g, io_chains *s, int t, int at) {
  const int mr = g->mr, chain = g->chain, steps = io_steps(g), now = (t + 1 + steps) % steps, next = (t + 2) % steps;
  const int lower = at % 2 ? at / 2 : -1, upper = at % 2 ? -1 : at / 2 - 1;
  const int place = t * io_width(g) + at, end = steps * io_width(g);
  GEMM_UNROLL for (int e = 0; e < mr * chain; e++) {
    const int since = place - e * io_spacing(g), i = e % mr, b = e / mr;
    if (since == 0) io_load_block(&s->next_x[i][b], s->row[i], s->k[b]);
    if (since >= 3 && since <= 5) io_spread(g, &s->next_x[i][b], since - 3);
  }
  GEMM_UNROLL for (int b = 0; b < chain; b++)
    if (place == end - 3 - chain + b) io_next_block(&s->k[b], &s->order);
  GEMM_UNROLL for (int e = 0; e < mr * chain; e++) {
    const int i = e % mr, b = e / mr, since = place - (steps - mr + i - 1) * io_width(g) - 2 * b - 1;
    if (since == 0) io_lower(&s->x[i][b], s->next_x[i][b].lo);
    if (since == (io_zips(g) ? 4 : 1)) io_fill(g, &s->x[i][b], &s->next_x[i][b]);
  }
  if (t >= -1 && now % mr == mr - 1) {
    if (lower >= 0) io_lower(&s->w[now / mr % 2][lower], s->next_w[lower].lo);
    if (upper >= 0) io_upper(&s->w[now / mr % 2][upper], s->next_w[upper].hi);
  }
  if (next % mr == mr - 1 && upper >= 0) io_load_pair(&s->next_w[upper], &s->weights);
}

/* t = -2 and -1 begin the first two chains. With one row, a block of A is free only when the next one is wanted. */
IG_INLINE void io_chain_step(const gemm_i8 *g, io_sums acc, io_chains *s, int t) {
  const int mr = g->mr, steps = io_steps(g), next = (t + 2) % steps, now = (t + 1 + steps) % steps;
  const int late = mr == 1 && t == steps - 2;
  int16x8_t p;
  if (!late) p = io_smull(s->x[next % mr][0], s->w[next / mr % 2][0]);
  io_beside(g, s, t, 0);
  GEMM_UNROLL for (int at = 1; at < 2 * g->chain; at++) {
    const int8x16_t x = s->x[now % mr][at / 2], w = s->w[now / mr % 2][at / 2];
    if (t >= -1 && at % 2 == 0) io_smlal(&s->begun, x, w);
    if (t >= -1 && at % 2 == 1) io_smlal2(&s->begun, x, w);
    io_beside(g, s, t, at);
  }
  if (late) p = io_smull(s->x[0][0], s->w[0][0]);
  if (t >= 0) io_sadalp(&acc[t % mr][t / mr], s->summed);
  io_beside(g, s, t, 2 * g->chain);
  s->summed = s->begun;
  s->begun = p;
}

/* Loads the operands of the first block and begins its first two chains. */
IG_INLINE void io_chains_start(const gemm_i8 *g, io_chains *s, const uint8_t *a) {
  const int mr = g->mr, chain = g->chain;
  GEMM_UNROLL for (int b = 0; b < chain; b++) io_next_block(&s->k[b], &s->order);
  GEMM_UNROLL for (int i = 0; i < mr; i++) s->row[i] = a + i * g->lda;
  GEMM_UNROLL for (int b = 0; b < chain; b++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_load_block(&s->next_x[i][b], s->row[i], s->k[b]);
  GEMM_UNROLL for (int b = 0; b < chain; b++) io_next_block(&s->k[b], &s->order);
  GEMM_UNROLL for (int u = 0; u < 2; u++) {
    GEMM_UNROLL for (int b = 0; b < chain; b++) io_load_pair(&s->next_w[b], &s->weights);
    GEMM_UNROLL for (int b = 0; b < chain; b++) io_lower(&s->w[u][b], s->next_w[b].lo);
    GEMM_UNROLL for (int b = 0; b < chain; b++) io_upper(&s->w[u][b], s->next_w[b].hi);
  }
  GEMM_UNROLL for (int b = 0; b < chain; b++) {
    GEMM_UNROLL for (int step = 0; step < 3; step++)
      GEMM_UNROLL for (int i = 0; i < mr; i++) io_spread(g, &s->next_x[i][b], step);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_lower(&s->x[i][b], s->next_x[i][b].lo);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_fill(g, &s->x[i][b], &s->next_x[i][b]);
  }
  io_chain_step(g, NULL, s, -2);
  io_chain_step(g, NULL, s, -1);
}

/* The rows `a` times panels `first` to `end`, results to row `c`. Weights are read up to 3 * chain * 16 bytes beyond their
 * end, `order` and `counts` up to 2 * chain entries. */
IG_INLINE void gemm_rows_chains(const gemm_i8 *g, const uint8_t *a, uint8_t *c, int first, int end) {
  io_chains state, *s = &state;
  io_sums acc;
  const uint16_t *counts = g->counts + first;
  size_t before = 0, left;
  for (int p = 0; p < first; p++) before += g->counts[p];
  s->weights = (const int8_t *)g->weights + before * g->chain * g->nr * 8;
  s->order = g->order + before * g->chain;
  IO_BARRIER();
  io_next_block(&left, &counts);
  io_chains_start(g, s, a);
  io_begin_all(g, acc, gemm_start(first, g->nr, g->n));
  GEMM_ROLLED for (int p = first; p < end; p++) {
    const int j = gemm_start(p, g->nr, g->n), next = gemm_start(p + 1 < end ? p + 1 : p, g->nr, g->n);
    GEMM_ROLLED do {
      GEMM_UNROLL for (int t = 0; t < io_steps(g); t++) io_chain_step(g, acc, s, t);
    } while (--left > 0);
    if (io_finishes(&g->out)) {
      io_next_block(&left, &counts);
      io_finish(g, acc, j, next, c + j);
    } else {
      gemm_acc sum;
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)
        GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) sum[i][v] = vpaddq_s32(acc[i][2 * v], acc[i][2 * v + 1]);
      gemm_finish_i8(g, sum, j, c + j);
      io_next_block(&left, &counts);
      io_begin_all(g, acc, next);
    }
  }
  IO_BARRIER();
}

#endif
#endif
