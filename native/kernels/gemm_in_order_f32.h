/* gemm_in_order_f32.h: the FP32 tile of gemm_neon_f32.h for cores that issue in order; see in_order.h.
 *
 * One FMLA a cycle, each with an accumulator that the mr * nr / 4 before have not touched; beside it one instruction that
 * brings later operands through general registers. Weights come 16 bytes at a time, A two values of a row at a time.
 * mr >= 5, nr >= 8: a register of weights lasts mr cycles, and two of them must cover the latency of a load and two moves. */
#ifndef IG_GEMM_IN_ORDER_F32_H
#define IG_GEMM_IN_ORDER_F32_H

#include "gemm.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

#define IO_WEIGHTS 4

typedef struct {
  int8x16_t x[GEMM_MR];    /* two values of each row */
  int8x16_t w[IO_WEIGHTS]; /* a ring: four columns at one k each */
  uint64_t next_x[GEMM_MR];
  io_pair next_w[2 * GEMM_NV];
  const uint8_t *row[GEMM_MR];
  const int8_t *weights;
} io_f32_tile;

IG_INLINE void io_fmla(float32x4_t *acc, int8x16_t w, int8x16_t x, int lane) {
  if (lane == 0) IO_ASM("fmla %0.4s, %1.4s, %2.s[0]" : "+w"(*acc) : "w"(w), "w"(x));
  else IO_ASM("fmla %0.4s, %1.4s, %2.s[1]" : "+w"(*acc) : "w"(w), "w"(x));
}
IG_INLINE void io_load_two(uint64_t *to, const uint8_t *row, size_t k) {
  IO_ASM("ldr %0, [%1, %2]" : "=r"(*to) : "r"(row), "r"(k));
}

/* Registers of weights in the ring: a divisor of how many a block takes. */
IG_INLINE int io_ring(int nv) { return nv == 1 ? 2 : nv % 3 == 0 ? 3 : 4; }

/* Which register of weights of the block is `delay` steps on its way in step f, -1 for none. */
IG_INLINE int io_weights_at(int f, int delay, int mr, int count) {
  const int since = f - delay + count * mr;
  return since % mr == 0 ? since / mr % count : -1;
}

/* The row of A that step f loads, -1 for none: not beside a load or a move of weights, all of them before the last mr. */
IG_INLINE int io_row_loaded(int f, int mr, int count) {
  const int i = f % mr, slots = mr < 7 ? 2 : 3;
  const int slot = i == 2 ? 0 : i == 3 ? 1 : i == 5 ? 2 : slots;
  const int row = count == 2 ? f : slot < slots ? f / mr * slots + slot : mr;
  return row < mr ? row : -1;
}

/* Two steps along k, the next two at k. Step f: row f % mr, weights f / mr. */
IG_INLINE void io_f32_block(const gemm_f32 *g, float32x4_t acc[GEMM_MR][GEMM_NV], io_f32_tile *s, size_t k) {
  const int mr = g->mr, nv = g->nr / 4, count = 2 * nv, steps = count * mr, ring = io_ring(nv);
  GEMM_UNROLL for (int f = 0; f < steps; f++) {
    const int q = f / mr, i = f % mr, freed = f - (steps - mr), row = io_row_loaded(f, mr, count);
    const int lower = io_weights_at(f, 4, mr, count), upper = io_weights_at(f, 7, mr, count);
    io_fmla(&acc[i][q % nv], s->w[q % ring], s->x[i], q / nv);
    if (i == 0) io_load_pair(&s->next_w[q], &s->weights);
    if (row >= 0) io_load_two(&s->next_x[row], s->row[row], k);
    if (freed >= 0) io_lower(&s->x[freed], s->next_x[freed]);
    if (lower >= 0) io_lower(&s->w[(lower + ring - 1) % ring], s->next_w[lower].lo);
    if (upper >= 0) io_upper(&s->w[(upper + ring - 1) % ring], s->next_w[upper].hi);
  }
}

/* Adds the products of the first k / 2 * 2 columns of A. Reads up to 64 bytes beyond the panel of weights. */
IG_INLINE void io_f32_sums(const gemm_f32 *g, float32x4_t acc[GEMM_MR][GEMM_NV], const float *a, const float *w) {
  const int mr = g->mr, nv = g->nr / 4, ring = io_ring(nv), size = g->k / 2 * 8, last = 2 * nv - 1;
  io_f32_tile tile, *s = &tile;
  if (size == 0) return;
  s->weights = (const int8_t *)w;
  IO_ASM("" ::: "memory"); /* what follows reads memory unseen */
  GEMM_UNROLL for (int i = 0; i < mr; i++) {
    s->row[i] = (const uint8_t *)(a + i * g->lda);
    io_load_two(&s->next_x[i], s->row[i], 0);
  }
  GEMM_UNROLL for (int q = 0; q < ring - 1; q++) {
    io_load_pair(&s->next_w[last], &s->weights);
    io_move(&s->w[q], &s->next_w[last]);
  }
  GEMM_UNROLL for (int i = 0; i < mr; i++) io_lower(&s->x[i], s->next_x[i]);
  s->w[ring - 1] = vdupq_n_s8(0);
  GEMM_ROLLED for (int at = 8; at <= size; at += 8) io_f32_block(g, acc, s, at < size ? at : 0);
  IO_ASM("" ::: "memory");
}

#endif
#endif
