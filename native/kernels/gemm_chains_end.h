/* gemm_chains_end.h: how a tile of gemm_chains.h begins and ends: bias, requantization, stores.
 *
 * Stage by stage: the same instruction for all registers of the tile, so that none waits for the one before; beside them
 * the constants of the stage to come, and at last the bias of the next panel, through general registers. */
#ifndef IG_GEMM_CHAINS_END_H
#define IG_GEMM_CHAINS_END_H

#include "gemm_neon.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* [i][u]: columns 2 u (lanes 0, 1) and 2 u + 1 (lanes 2, 3) of row i; bias in lanes 0 and 2. */
typedef int32x4_t io_sums[GEMM_MR][2 * GEMM_NV];

/* What is on its way, for the columns of a panel. */
typedef struct {
  io_pair next_multiplier[GEMM_NV], next_shift[GEMM_NV], next_bias[2 * GEMM_NV];
  int32x4_t multiplier[GEMM_NV], shift[GEMM_NV];
  const int8_t *multipliers, *shifts;
  const int32_t *biases;
} io_constants;

/* Step `at` of moving the bias to where the sums begin; the halves of a pair of columns, row after row. */
IG_INLINE void io_begin(const gemm_i8 *g, io_sums acc, const io_constants *k, int at) {
  const int u = at / (2 * g->mr), half = at % (2 * g->mr) / g->mr, i = at % g->mr;
  if (half == 0) io_lower(&acc[i][u], k->next_bias[u].lo);
  else io_upper(&acc[i][u], k->next_bias[u].hi);
}
IG_INLINE void io_begin_all(const gemm_i8 *g, io_sums acc, int j) {
  io_constants k;
  k.biases = g->out.bias + j;
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) io_load_words(&k.next_bias[u], &k.biases);
  GEMM_UNROLL for (int at = 0; at < g->mr * g->nr; at++) io_begin(g, acc, &k, at);
}

/* Whether io_finish knows the rounding. */
IG_INLINE int io_finishes(const gemm_epilogue *e) {
#ifndef IG_SINGLE_ROUNDING
  if (e->requantize == GEMM_SHIFT_RIGHT) return 1;
#endif
  return e->requantize == GEMM_SHIFT_ONCE;
}

IG_INLINE uint8x8_t io_clamp(const gemm_epilogue *e, uint8x8_t r) {
  if (e->is_unsigned) {
    if (e->low > 0) r = io_umax(r, vdup_n_u8((uint8_t)e->low));
    return e->high < 255 ? io_umin(r, vdup_n_u8((uint8_t)e->high)) : r;
  }
  if (gemm_from_bottom(e)) r = io_eor(r, vdup_n_u8(0x80));
  if (e->low > -128) r = io_smax(r, vdup_n_u8((uint8_t)e->low));
  return e->high < 127 ? io_smin(r, vdup_n_u8((uint8_t)e->high)) : r;
}

/* What goes beside instruction `at` of those that add up the lanes: multipliers, and the shifts begin. */
IG_INLINE void io_beside_sums(const gemm_i8 *g, io_constants *k, int at) {
  const int nv = g->nr / 4, move = at - 2 * nv;
  if (at < nv) io_load_pair(&k->next_multiplier[at], &k->multipliers);
  else if (move < 0) io_load_pair(&k->next_shift[at - nv], &k->shifts);
  else if (move % 2 == 0) io_lower(&k->multiplier[move / 2], k->next_multiplier[move / 2].lo);
  else io_upper(&k->multiplier[move / 2], k->next_multiplier[move / 2].hi);
}
/* Of those that multiply: shifts, and the bias of the next panel begins. */
IG_INLINE void io_beside_products(const gemm_i8 *g, io_constants *k, int at) {
  const int v = at / 2;
  if (at >= g->nr / 2) io_load_words(&k->next_bias[at - g->nr / 2], &k->biases);
  else if (at % 2 == 0) io_lower(&k->shift[v], k->next_shift[v].lo);
  else io_upper(&k->shift[v], k->next_shift[v].hi);
}

/* gemm_finish_i8 of the tile at columns j, and the bias of the one at columns `next`. */
IG_INLINE void io_finish(const gemm_i8 *g, io_sums acc, int j, int next, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int mr = g->mr, tile = mr * g->nr / 4, eights = tile / 2, beside = g->nr, moves = mr * g->nr;
  const int narrow_unsigned = e->is_unsigned || gemm_from_bottom(e);
  io_constants constants, *k = &constants;
  int32x4_t r[GEMM_MR * GEMM_NV];
  int moved = 0;
  k->multipliers = (const int8_t *)(e->multiplier + j);
  k->shifts = (const int8_t *)(e->shift + j);
  k->biases = e->bias + next;
  GEMM_UNROLL for (int t = 0; t < tile || t < beside; t++) {
    if (t < tile) r[t] = io_addp(acc[t % mr][2 * (t / mr)], acc[t % mr][2 * (t / mr) + 1]);
    if (t < beside) io_beside_sums(g, k, t);
  }
  GEMM_UNROLL for (int t = 0; t < tile || t < beside; t++) {
    if (t < tile && e->requantize == GEMM_SHIFT_ONCE) r[t] = io_sqdmulh(r[t], k->multiplier[t / mr]);
    if (t < tile && e->requantize != GEMM_SHIFT_ONCE) r[t] = io_sqrdmulh(r[t], k->multiplier[t / mr]);
    if (t < beside) io_beside_products(g, k, t);
  }
  /* Negative values are pulled down by one as in gemm_requantize. */
  if (e->requantize == GEMM_SHIFT_RIGHT && e->low < e->zero_point) {
    GEMM_UNROLL for (int t = 0; t < tile; t++) {
      io_add_sign(&r[t]);
      if (moved < moves) io_begin(g, acc, k, moved++);
    }
  }
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_srshl(r[t], k->shift[t / mr]);
    if (moved < moves) io_begin(g, acc, k, moved++);
  }
  int16x8_t h[GEMM_MR * GEMM_NV];
  uint8x8_t b[GEMM_MR * GEMM_NV];
  GEMM_UNROLL for (int t = 0; t < eights; t++) {
    const int32x4_t low = r[t / mr * 2 * mr + t % mr], high = r[t / mr * 2 * mr + mr + t % mr];
    h[t] = e->fits16 ? io_uzp1(low, high) : io_sqxtn(low);
    if (moved < moves) io_begin(g, acc, k, moved++);
  }
  if (!e->fits16) {
    GEMM_UNROLL for (int t = 0; t < eights; t++) {
      io_sqxtn2(&h[t], r[t / mr * 2 * mr + mr + t % mr]);
      if (moved < moves) io_begin(g, acc, k, moved++);
    }
  }
  if (e->zero_point != 0 && !gemm_from_bottom(e)) {
    GEMM_UNROLL for (int t = 0; t < eights; t++) {
      h[t] = io_sqadd(h[t], vdupq_n_s16((int16_t)e->zero_point));
      if (moved < moves) io_begin(g, acc, k, moved++);
    }
  }
  GEMM_UNROLL for (int t = 0; t < eights; t++) {
    b[t] = narrow_unsigned ? io_narrow_u8(h[t]) : io_narrow_s8(h[t]);
    if (moved < moves) io_begin(g, acc, k, moved++);
  }
  GEMM_UNROLL for (int t = 0; t < eights; t++) b[t] = io_clamp(e, b[t]);
  const int columns = g->n < g->nr ? g->n : g->nr;
  GEMM_UNROLL for (int t = 0; t < eights; t++) {
    const int left = columns - 8 * (t / mr);
    if (left > 0) gemm_store_x8(c + t % mr * g->ldc + 8 * (t / mr), b[t], left < 8 ? left : 8);
    GEMM_UNROLL for (int more = 0; more < 2; more++)
      if (moved < moves) io_begin(g, acc, k, moved++);
  }
  GEMM_UNROLL for (int at = 0; at < moves; at++)
    if (at >= moved) io_begin(g, acc, k, at);
}

#endif
#endif
