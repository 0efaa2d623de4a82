/* gemm_k_sums_epilogue.h: epilogue of gemm_k_sums.h. ISA: armv8.0, instruction by instruction (in_order.h).
 *
 * GEMM_TWO_STEP:
 *   v = SQDMULH(acc << shift, multiplier)                      16 + extra_bits fractional bits
 *   r = clamp((v + offset) >> (16 + extra_bits), low, high)    ADDHN, then SQSHRN; offset holds bias and zero point
 * The code generator proves per column, over all possible accumulators, that r is TFLite's result and that no step
 * overflows (templates/gemm/k_sums/two_step.ts).
 *
 * Order: each instruction runs over all registers of the tile before the next one, so that none waits for its operand.
 * The constants of the next instruction are loaded beside it, through general registers. */
#ifndef IG_GEMM_K_SUMS_EPILOGUE_H
#define IG_GEMM_K_SUMS_EPILOGUE_H

#include "gemm_neon.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* [i][u]: row i, column 2u in lanes 0 and 1, column 2u + 1 in lanes 2 and 3. */
typedef int32x4_t io_sums[GEMM_MR][2 * GEMM_NV];

/* One constant per column of a panel, four columns to a register. */
typedef struct {
  io_pair next[GEMM_NV];
  int32x4_t of[GEMM_NV];
  const int8_t *from;
} io_constants;

/* Step `at` of loading them: nr / 4 loads, then two moves per register. */
IG_INLINE void io_fetch(const gemm_i8 *g, io_constants *k, int at) {
  const int nv = g->nr / 4, move = at - nv;
  if (at < nv) io_load_pair(&k->next[at], &k->from);
  else if (move >= 2 * nv) return;
  else if (move % 2 == 0) io_lower(&k->of[move / 2], k->next[move / 2].lo);
  else io_upper(&k->of[move / 2], k->next[move / 2].hi);
}
IG_INLINE void io_fetch_rest(const gemm_i8 *g, io_constants *k, int done) {
  GEMM_UNROLL for (int at = 0; at < 3 * g->nr / 4; at++)
    if (at >= done) io_fetch(g, k, at);
}

IG_INLINE uint8x8_t io_narrow(const gemm_epilogue *e, int16x8_t h) {
  if (e->extra_bits == 1) return e->is_unsigned ? io_narrow_u8_1(h) : io_narrow_s8_1(h);
  if (e->extra_bits == 3) return e->is_unsigned ? io_narrow_u8_3(h) : io_narrow_s8_3(h);
  if (e->extra_bits == 5) return e->is_unsigned ? io_narrow_u8_5(h) : io_narrow_s8_5(h);
  return e->is_unsigned ? io_narrow_u8(h) : io_narrow_s8(h);
}
/* Clamps `count` registers of 8-bit results. */
IG_INLINE void io_clamp(int is_unsigned, int low, int high, uint8x8_t *r, int count) {
  if (low > (is_unsigned ? 0 : -128)) {
    const uint8x8_t limit = io_bytes(low);
    GEMM_UNROLL for (int t = 0; t < count; t++)
      r[t] = is_unsigned ? io_umax(r[t], limit) : io_smax(r[t], limit);
  }
  if (high < (is_unsigned ? 255 : 127)) {
    const uint8x8_t limit = io_bytes(high);
    GEMM_UNROLL for (int t = 0; t < count; t++)
      r[t] = is_unsigned ? io_umin(r[t], limit) : io_smin(r[t], limit);
  }
}
IG_INLINE void io_store(const gemm_i8 *g, uint8x8_t b[GEMM_MR * GEMM_NV], uint8_t *c) {
  const int columns = g->n < g->nr ? g->n : g->nr;
  GEMM_UNROLL for (int t = 0; t < g->mr * g->nr / 8; t++) {
    const int left = columns - 8 * (t / g->mr);
    if (left > 0) gemm_store_x8(c + t % g->mr * g->ldc + 8 * (t / g->mr), b[t], left < 8 ? left : 8);
  }
}

/* GEMM_TWO_STEP for a tile. *constants: [shift, multiplier, offset][nr] of its panel; advanced to the next panel. */
IG_INLINE void io_epilogue_two_step(const gemm_i8 *g, io_sums acc, const int8_t **constants, uint8_t *c) {
  const int mr = g->mr, tile = mr * g->nr / 4, eights = tile / 2;
  io_constants shift = {.from = *constants}, multiplier, offset;
  int32x4_t r[GEMM_MR * GEMM_NV];
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_addp(acc[t % mr][2 * (t / mr)], acc[t % mr][2 * (t / mr) + 1]);
    io_fetch(g, &shift, t);
  }
  io_fetch_rest(g, &shift, tile);
  multiplier.from = shift.from;
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_sshl(r[t], shift.of[t / mr]);
    io_fetch(g, &multiplier, t);
  }
  io_fetch_rest(g, &multiplier, tile);
  offset.from = multiplier.from;
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_sqdmulh(r[t], multiplier.of[t / mr]);
    io_fetch(g, &offset, t);
  }
  io_fetch_rest(g, &offset, tile);
  *constants = offset.from;
  /* Eight columns of a row are in two registers, mr apart. */
  int16x8_t h[GEMM_MR * GEMM_NV];
  uint8x8_t b[GEMM_MR * GEMM_NV];
  GEMM_UNROLL for (int t = 0; t < eights; t++)
    h[t] = io_addhn(r[t + t / mr * mr], offset.of[t / mr * 2]);
  GEMM_UNROLL for (int t = 0; t < eights; t++)
    io_addhn2(&h[t], r[t + t / mr * mr + mr], offset.of[t / mr * 2 + 1]);
  GEMM_UNROLL for (int t = 0; t < eights; t++)
    b[t] = io_narrow(&g->out, h[t]);
  io_clamp(g->out.is_unsigned, g->out.low, g->out.high, b, eights);
  io_store(g, b, c);
}

/* Whether io_epilogue has the rounding. */
IG_INLINE int io_epilogue_knows(const gemm_epilogue *e) {
#ifndef IG_SINGLE_ROUNDING
  if (e->requantize == GEMM_SHIFT_RIGHT) return 1;
#endif
  return e->requantize == GEMM_ROUND_ONCE;
}

/* gemm_epilogue_i8 of the tile at column j, in the same order. */
IG_INLINE void io_epilogue(const gemm_i8 *g, io_sums acc, int j, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int mr = g->mr, tile = mr * g->nr / 4, eights = tile / 2;
  const int narrow_unsigned = e->is_unsigned || gemm_clamps_unsigned(e);
  io_constants bias = {.from = (const int8_t *)(e->bias + j)},
               multiplier = {.from = (const int8_t *)(e->multiplier + j)};
  io_constants shift = {.from = (const int8_t *)(e->shift + j)};
  int32x4_t r[GEMM_MR * GEMM_NV];
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_addp(acc[t % mr][2 * (t / mr)], acc[t % mr][2 * (t / mr) + 1]);
    io_fetch(g, &bias, t);
  }
  io_fetch_rest(g, &bias, tile);
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    r[t] = io_add(r[t], bias.of[t / mr]);
    io_fetch(g, &multiplier, t);
  }
  io_fetch_rest(g, &multiplier, tile);
  GEMM_UNROLL for (int t = 0; t < tile; t++) {
    const int32x4_t m = multiplier.of[t / mr];
    r[t] = e->requantize == GEMM_ROUND_ONCE ? io_sqdmulh(r[t], m) : io_sqrdmulh(r[t], m);
    io_fetch(g, &shift, t);
  }
  io_fetch_rest(g, &shift, tile);
  /* Halves away from zero, as in gemm_requantize. */
  if (e->requantize == GEMM_SHIFT_RIGHT && e->low < e->zero_point) {
    GEMM_UNROLL for (int t = 0; t < tile; t++)
      io_add_sign(&r[t]);
  }
  GEMM_UNROLL for (int t = 0; t < tile; t++)
    r[t] = io_srshl(r[t], shift.of[t / mr]);
  /* Eight columns of a row are in two registers, mr apart. */
  int16x8_t h[GEMM_MR * GEMM_NV];
  uint8x8_t b[GEMM_MR * GEMM_NV];
  GEMM_UNROLL for (int t = 0; t < eights; t++) {
    const int low = t + t / mr * mr;
    h[t] = e->fits16 ? io_uzp1(r[low], r[low + mr]) : io_sqxtn(r[low]);
  }
  if (!e->fits16) {
    GEMM_UNROLL for (int t = 0; t < eights; t++)
      io_sqxtn2(&h[t], r[t + t / mr * mr + mr]);
  }
  if (e->zero_point != 0 && !gemm_clamps_unsigned(e)) {
    int16x8_t zero_point = vdupq_n_s16((int16_t)e->zero_point);
    IO_ASM("" : "+w"(zero_point)); /* as io_bytes */
    GEMM_UNROLL for (int t = 0; t < eights; t++)
      h[t] = io_sqadd(h[t], zero_point);
  }
  GEMM_UNROLL for (int t = 0; t < eights; t++)
    b[t] = narrow_unsigned ? io_narrow_u8(h[t]) : io_narrow_s8(h[t]);
  if (gemm_clamps_unsigned(e)) {
    const uint8x8_t sign = io_bytes(0x80);
    GEMM_UNROLL for (int t = 0; t < eights; t++)
      b[t] = io_eor(b[t], sign);
  }
  io_clamp(e->is_unsigned, e->low, e->high, b, eights);
  io_store(g, b, c);
}

#endif
#endif
