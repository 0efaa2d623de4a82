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

#include "gemm_neon.h"
#include "in_order.h"
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
/* From bytes 0 to 7 of a row: bytes 0 to 3 twice, bytes 4 to 7 twice. */
IG_INLINE void io_split(io_pair *x, int is_unsigned) {
  if (is_unsigned) IO_ASM("eor %0, %0, #0x8080808080808080" : "+r"(x->lo));
  IO_ASM("lsr %0, %1, #32" : "=r"(x->hi) : "r"(x->lo));
}
IG_INLINE void io_double_lower(io_pair *x) { IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->lo)); }
IG_INLINE void io_double_upper(io_pair *x) { IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->hi)); }

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
  const int row = now - (steps - mr), lower = at % 2 ? at / 2 : -1, upper = at % 2 ? -1 : at / 2 - 1;
  const int place = t * io_width(g) + at, end = steps * io_width(g);
  GEMM_UNROLL for (int e = 0; e < mr * chain; e++) {
    const int since = place - e * io_spacing(g), i = e % mr, b = e / mr;
    if (place < 0) continue;
    if (since == 0) io_load_block(&s->next_x[i][b], s->row[i], s->k[b]);
    if (since == 3) io_split(&s->next_x[i][b], g->out.is_unsigned);
    if (since == 4) io_double_lower(&s->next_x[i][b]);
    if (since == 5) io_double_upper(&s->next_x[i][b]);
  }
  GEMM_UNROLL for (int b = 0; b < chain; b++)
    if (place == end - 3 - chain + b) io_next_block(&s->k[b], &s->order);
  if (t >= 0 && row >= 0 && lower >= 0) io_lower(&s->x[row][lower], s->next_x[row][lower].lo);
  if (t >= 0 && row >= 0 && upper >= 0) io_upper(&s->x[row][upper], s->next_x[row][upper].hi);
  if (t >= -1 && now % mr == mr - 1) {
    if (lower >= 0) io_lower(&s->w[now / mr % 2][lower], s->next_w[lower].lo);
    if (upper >= 0) io_upper(&s->w[now / mr % 2][upper], s->next_w[upper].hi);
  }
  if (next % mr == mr - 1 && upper >= 0) io_load_pair(&s->next_w[upper], &s->weights);
}

/* t = -2 and -1 begin the first two chains. With one row, a block of A is free only when the next one is wanted. */
IG_INLINE void io_chain_step(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], io_chains *s, int t) {
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
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_split(&s->next_x[i][b], g->out.is_unsigned);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_double_lower(&s->next_x[i][b]);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_lower(&s->x[i][b], s->next_x[i][b].lo);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_double_upper(&s->next_x[i][b]);
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_upper(&s->x[i][b], s->next_x[i][b].hi);
  }
  io_chain_step(g, NULL, s, -2);
  io_chain_step(g, NULL, s, -1);
}

/* acc[i][u]: columns 2 u (lanes 0, 1) and 2 u + 1 (lanes 2, 3) of row i, begun with the bias. */
IG_INLINE void io_chains_bias(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], int j) {
  const int32_t *bias = g->out.bias + j;
  io_pair pair[2 * GEMM_NV];
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) {
    io_load_words(&pair[u], &bias);
    int8x16_t v[GEMM_MR];
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) io_lower(&v[i], pair[u].lo);
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      io_upper(&v[i], pair[u].hi);
      acc[i][u] = vreinterpretq_s32_s8(v[i]);
    }
  }
}

/* Whether io_chains_finish knows the rounding. */
IG_INLINE int io_finishes(const gemm_epilogue *e) {
#ifndef IG_SINGLE_ROUNDING
  if (e->requantize == GEMM_SHIFT_RIGHT) return 1;
#endif
  return e->requantize == GEMM_SHIFT_ONCE;
}

IG_INLINE uint8x8_t io_clamp(const gemm_epilogue *e, int16x8_t h) {
  if (e->is_unsigned) {
    uint8x8_t r = io_narrow_u8(h);
    if (e->low > 0) r = io_umax(r, vdup_n_u8((uint8_t)e->low));
    return e->high < 255 ? io_umin(r, vdup_n_u8((uint8_t)e->high)) : r;
  }
  uint8x8_t r = gemm_from_bottom(e) ? io_eor(io_narrow_u8(h), vdup_n_u8(0x80)) : io_narrow_s8(h);
  if (e->low > -128) r = io_smax(r, vdup_n_u8((uint8_t)e->low));
  if (e->high < 127) r = io_smin(r, vdup_n_u8((uint8_t)e->high));
  return r;
}

/* gemm_finish_i8, stage by stage: the same step for all registers of the tile, so that none waits for the one before. */
IG_INLINE void io_chains_finish(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], const int32_t *rows, int j, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int mr = g->mr, nv = g->nr / 4;
  const int8_t *multiplier = (const int8_t *)(e->multiplier + j), *shift = (const int8_t *)(e->shift + j);
  io_pair m_pair[GEMM_NV], s_pair[GEMM_NV];
  int8x16_t m[GEMM_NV], s[GEMM_NV];
  int32x4_t r[GEMM_MR][GEMM_NV];
  GEMM_UNROLL for (int v = 0; v < nv; v++) {
    io_load_pair(&m_pair[v], &multiplier);
    io_load_pair(&s_pair[v], &shift);
  }
  GEMM_UNROLL for (int v = 0; v < nv; v++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) {
      r[i][v] = io_addp(acc[i][2 * v], acc[i][2 * v + 1]);
      if (i == 0) io_lower(&m[v], m_pair[v].lo);
      if (i == mr - 1) io_upper(&m[v], m_pair[v].hi);
    }
  if (rows) {
    GEMM_UNROLL for (int i = 0; i < mr; i++)
      GEMM_UNROLL for (int v = 0; v < nv; v++) r[i][v] = io_add(r[i][v], vdupq_n_s32(rows[i]));
  }
  GEMM_UNROLL for (int v = 0; v < nv; v++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) {
      const int32x4_t by = vreinterpretq_s32_s8(m[v]);
      r[i][v] = e->requantize == GEMM_SHIFT_ONCE ? io_sqdmulh(r[i][v], by) : io_sqrdmulh(r[i][v], by);
      if (i == 0) io_lower(&s[v], s_pair[v].lo);
      if (i == mr - 1) io_upper(&s[v], s_pair[v].hi);
    }
  /* Negative values are pulled down by one as in gemm_requantize. */
  if (e->requantize == GEMM_SHIFT_RIGHT && e->low < e->zero_point) {
    GEMM_UNROLL for (int v = 0; v < nv; v++)
      GEMM_UNROLL for (int i = 0; i < mr; i++) io_add_sign(&r[i][v]);
  }
  GEMM_UNROLL for (int v = 0; v < nv; v++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) r[i][v] = io_srshl(r[i][v], vreinterpretq_s32_s8(s[v]));
  int16x8_t h[GEMM_MR][GEMM_NV / 2];
  uint8x8_t b[GEMM_MR][GEMM_NV / 2];
  GEMM_UNROLL for (int v = 0; v < nv / 2; v++) {
    GEMM_UNROLL for (int i = 0; i < mr; i++)
      h[i][v] = e->fits16 ? io_uzp1(r[i][2 * v], r[i][2 * v + 1]) : io_sqxtn(r[i][2 * v]);
    if (!e->fits16) {
      GEMM_UNROLL for (int i = 0; i < mr; i++) io_sqxtn2(&h[i][v], r[i][2 * v + 1]);
    }
  }
  if (e->zero_point != 0 && !gemm_from_bottom(e)) {
    GEMM_UNROLL for (int v = 0; v < nv / 2; v++)
      GEMM_UNROLL for (int i = 0; i < mr; i++) h[i][v] = io_sqadd(h[i][v], vdupq_n_s16((int16_t)e->zero_point));
  }
  GEMM_UNROLL for (int v = 0; v < nv / 2; v++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) b[i][v] = io_clamp(e, h[i][v]);
  const int columns = g->n < g->nr ? g->n : g->nr;
  GEMM_UNROLL for (int v = 0; v < nv / 2; v++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) {
      const int left = columns - 8 * v;
      if (left > 0) gemm_store_x8(c + i * g->ldc + 8 * v, b[i][v], left < 8 ? left : 8);
    }
}

/* The rows `a` (and their sums) times panels `first` to `end`, results to row `c`. Weights are read up to 3 * chain * 16
 * bytes beyond their end, `order` up to 2 * chain entries. */
IG_INLINE void gemm_rows_chains(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first, int end) {
  io_chains state, *s = &state;
  int32x4_t acc[GEMM_MR][2 * GEMM_NV];
  size_t before = 0;
  for (int p = 0; p < first; p++) before += g->counts[p];
  s->weights = (const int8_t *)g->weights + before * g->chain * g->nr * 8;
  s->order = g->order + before * g->chain;
  IO_BARRIER();
  io_chains_start(g, s, a);
  GEMM_ROLLED for (int p = first; p < end; p++) {
    const int j = gemm_start(p, g->nr, g->n);
    io_chains_bias(g, acc, j);
    GEMM_ROLLED for (int n = g->counts[p]; n > 0; n--) {
      GEMM_UNROLL for (int t = 0; t < io_steps(g); t++) io_chain_step(g, acc, s, t);
    }
    if (io_finishes(&g->out)) {
      io_chains_finish(g, acc, rows, j, c + j);
    } else {
      gemm_acc sum;
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)
        GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
          sum[i][v] = vpaddq_s32(acc[i][2 * v], acc[i][2 * v + 1]);
          if (rows) sum[i][v] = vaddq_s32(sum[i][v], vld1q_dup_s32(rows + i));
        }
      gemm_finish_i8(g, sum, j, c + j);
    }
  }
  IO_BARRIER();
}

#endif
#endif
