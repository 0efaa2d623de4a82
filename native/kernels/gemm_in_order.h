/* gemm_in_order.h: the armv8.0 tile of gemm_smull.h for cores that issue in order, instruction by instruction.
 *
 * Such a core waits wherever an instruction needs a result of the last few cycles, and issues nothing beside a load of a
 * vector. So the chains SMULL, SMLAL2, SADALP of neighbouring accumulators are interleaved, each step one chain behind
 * the one before, and all operands come through general registers, whose loads pair with arithmetic. Compilers know
 * neither well enough; volatile statements keep the order in which they are written, registers are the compiler's. */
#ifndef IG_GEMM_IN_ORDER_H
#define IG_GEMM_IN_ORDER_H

#include "gemm_neon.h"
#if IG_NEON && defined(IG_IN_ORDER)

#define IO_ASM __asm__ volatile
IG_INLINE int16x8_t io_smull(int8x16_t x, int8x16_t w) {
  int16x8_t p;
  IO_ASM("smull %0.8h, %1.8b, %2.8b" : "=w"(p) : "w"(x), "w"(w));
  return p;
}
IG_INLINE void io_smlal2(int16x8_t *p, int8x16_t x, int8x16_t w) {
  IO_ASM("smlal2 %0.8h, %1.16b, %2.16b" : "+w"(*p) : "w"(x), "w"(w));
}
IG_INLINE void io_sadalp(int32x4_t *acc, int16x8_t p) { IO_ASM("sadalp %0.4s, %1.8h" : "+w"(*acc) : "w"(p)); }
IG_INLINE void io_lower(int8x16_t *v, uint64_t lo) { IO_ASM("fmov %d0, %1" : "=w"(*v) : "r"(lo)); }
IG_INLINE void io_upper(int8x16_t *v, uint64_t hi) { IO_ASM("ins %0.d[1], %1" : "+w"(*v) : "r"(hi)); }

/* Sixteen bytes on their way into a vector register. */
typedef struct {
  uint64_t lo, hi;
} io_pair;
IG_INLINE void io_load_pair(io_pair *to, const int8_t **w) {
  IO_ASM("ldp %0, %1, [%2], #16" : "=r"(to->lo), "=r"(to->hi), "+r"(*w));
}
IG_INLINE void io_load_row(io_pair *to, const uint8_t *row, size_t k) { IO_ASM("ldr %0, [%1, %2]" : "=r"(to->lo) : "r"(row), "r"(k)); }
/* From bytes 0 to 7 of a row: bytes 0 to 3 twice, bytes 4 to 7 twice. */
IG_INLINE void io_split(io_pair *x, int is_unsigned) {
  if (is_unsigned) IO_ASM("eor %0, %0, #0x8080808080808080" : "+r"(x->lo));
  IO_ASM("lsr %0, %1, #32" : "=r"(x->hi) : "r"(x->lo));
}
IG_INLINE void io_double_lower(io_pair *x) { IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->lo)); }
IG_INLINE void io_double_upper(io_pair *x) { IO_ASM("bfi %0, %0, #32, #32" : "+r"(x->hi)); }

#define IO_SMULL_ROWS 3
typedef struct {
  int8x16_t x[GEMM_MR], w[2];
  io_pair next_x[GEMM_MR], next_w;
  int16x8_t p1, p2; /* of the chains one and two steps back */
  const uint8_t *row[GEMM_MR];
  const int8_t *weights;
} io_smull_tile;

IG_INLINE void io_move(int8x16_t *v, const io_pair *from) {
  io_lower(v, from->lo);
  io_upper(v, from->hi);
}

/* The row that is in stage `stage` of its way in step t of a block, -1 for none. */
IG_INLINE int io_row_at(const gemm_i8 *g, int t, int stage) {
  const int every = g->nr > 4 ? g->nr / 2 : 1, since = t - 2 - stage;
  return since >= 0 && since % every == 0 && since / every < g->mr ? since / every : -1;
}

/* One block, eight deep. Step t begins chain t (row i, columns 2 u and 2 u + 1), goes on with t - 1 and ends t - 2. The
 * first two chains have begun; those of the next block begin here. Meanwhile operands are on their way: weights two
 * registers ahead, and the rows of the next block, at k, each of which takes the place of this one's after its last use. */
IG_INLINE void io_smull_block(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], io_smull_tile *s, size_t k) {
  const int mr = g->mr, pairs = g->nr / 2, chains = mr * pairs;
  GEMM_UNROLL for (int t = 2; t < chains + 2; t++) {
    const int i = t % mr, u = t / mr % pairs, t1 = t - 1, t2 = t - 2;
    const int load = io_row_at(g, t, 0), split = io_row_at(g, t, 1), twice = io_row_at(g, t, 2);
    const int lower = t - 1 - (chains - mr), upper = lower - 1; /* rows whose halves are free */
    const int16x8_t p = io_smull(s->x[i], s->w[u % 2]);
    if (load >= 0) io_load_row(&s->next_x[load], s->row[load], k);
    if (twice >= 0) io_double_lower(&s->next_x[twice]);
    if (upper >= 0 && upper < mr) io_upper(&s->x[upper], s->next_x[upper].hi);
    if (i == 1) io_upper(&s->w[(u + 1) % 2], s->next_w.hi);
    io_smlal2(&s->p1, s->x[t1 % mr], s->w[t1 / mr % 2]);
    if (lower >= 0 && lower < mr) io_lower(&s->x[lower], s->next_x[lower].lo);
    if (i == 0) io_lower(&s->w[(u + 1) % 2], s->next_w.lo);
    io_sadalp(&acc[t2 % mr][t2 / mr], s->p2);
    if (split >= 0) io_split(&s->next_x[split], g->out.is_unsigned);
    if (twice >= 0) io_double_upper(&s->next_x[twice]);
    if (i == 2) io_load_pair(&s->next_w, &s->weights);
    s->p2 = s->p1;
    s->p1 = p;
  }
}

/* The sums as in gemm_smull.h. mr >= IO_SMULL_ROWS. Reads up to 16 bytes beyond the panel of weights. */
IG_INLINE void io_smull_sums(const gemm_i8 *g, int32x4_t acc[GEMM_MR][2 * GEMM_NV], const uint8_t *a, const int8_t *w,
                             const int32_t *bias) {
  const int mr = g->mr;
  const int8_t *from = (const int8_t *)bias;
  io_smull_tile tile, *s = &tile;
  s->weights = w;
  IO_ASM("" ::: "memory"); /* what follows reads memory unseen */
  GEMM_UNROLL for (int i = 0; i < mr; i++) {
    s->row[i] = a + i * g->lda;
    io_load_row(&s->next_x[i], s->row[i], 0);
  }
  io_pair pairs[2 * GEMM_NV];
  int8x16_t v[GEMM_MR][2 * GEMM_NV];
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) {
    io_load_pair(&pairs[u], &from);
    if (u == 1) {
      GEMM_UNROLL for (int i = 0; i < mr; i++) io_split(&s->next_x[i], g->out.is_unsigned);
    }
    GEMM_UNROLL for (int i = 0; i < mr; i++) io_lower(&v[i][u], pairs[u].lo);
  }
  io_pair w1;
  io_load_pair(&s->next_w, &s->weights);
  io_load_pair(&w1, &s->weights);
  GEMM_UNROLL for (int i = 0; i < mr; i++) {
    io_double_lower(&s->next_x[i]);
    io_double_upper(&s->next_x[i]);
    io_lower(&s->x[i], s->next_x[i].lo);
  }
  io_lower(&s->w[0], s->next_w.lo);
  io_lower(&s->w[1], w1.lo);
  GEMM_UNROLL for (int i = 0; i < mr; i++) io_upper(&s->x[i], s->next_x[i].hi);
  io_upper(&s->w[0], s->next_w.hi);
  io_upper(&s->w[1], w1.hi);
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++)
    GEMM_UNROLL for (int i = 0; i < mr; i++) {
      io_upper(&v[i][u], pairs[u].hi);
      acc[i][u] = vreinterpretq_s32_s8(v[i][u]);
    }
  s->p2 = io_smull(s->x[0], s->w[0]);
  s->p1 = io_smull(s->x[1], s->w[0]);
  io_smlal2(&s->p2, s->x[0], s->w[0]);
  GEMM_ROLLED for (int k = 8; k <= g->packed_k; k += 8) io_smull_block(g, acc, s, k < g->packed_k ? k : 0);
  IO_ASM("" ::: "memory");
}

#endif
#endif
