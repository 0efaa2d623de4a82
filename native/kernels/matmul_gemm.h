/* matmul_gemm.h: batch matrix multiplication by the tiles of gemm_*.h; neither operand is constant. ISA: that of the
 * tile; packing is portable C.
 *
 * Tile, accumulators: the kernel's. A: the left matrix, in place; copied if it is [k][m] or if k < packed_k.
 * Weights: the right matrix, packed into the kernel's panels at run time, once for consecutive pairs that share it:
 * int8, or int16 with the zero point subtracted (mlal, portable), or float. smull takes right matrices without -128;
 * others go to mlal. */
#ifndef IG_MATMUL_GEMM_H
#define IG_MATMUL_GEMM_H

#include "conv.h" /* its loops run each product */

typedef struct {
  int m, n, k;
  int swap_x, swap_y; /* left operand is [k][m]; right operand is [n][k] */
  int copies;         /* the left matrix is copied to rows of lda elements */
  int32_t lhs_zero, rhs_zero;
  const int32_t *pair; /* [pairs][2]: left matrix, right matrix */
} matmul_pairs;

/* Index of element (k, j) of a right matrix. */
IG_INLINE size_t matmul_at(const matmul_pairs *d, int k, int j) {
  return d->swap_y ? (size_t)j * d->k + k : (size_t)k * d->n + j;
}

/* Index of element b of column v within a block of the panel, by gemm_layout. */
IG_INLINE int matmul_place(const gemm_layout *layout, int v, int b) {
  const int side = layout->alternate, run = layout->block / side;
  return v / side * side * layout->block + b / run * side * run + v % side * run + b % run;
}
/* Whether packed weights have the zero point subtracted. */
IG_INLINE int matmul_centers(const gemm_i8 *g) { return g->layout.weight_bytes == 2; }

/* Packs a right matrix into panels. Columns beyond n and elements beyond k are zero. */
#define MATMUL_PACK(NAME, G, FROM, TO, DEPTH, BLOCK, PLACE, ZERO)                                          \
  IG_INLINE void NAME(const matmul_pairs *d, const G *g, const FROM *restrict y, TO *restrict to) {        \
    for (int p = 0; p < gemm_count(g->n, g->nr); p++) {                                                    \
      const int start = gemm_start(p, g->nr, g->n);                                                        \
      for (int k = 0; k < DEPTH; k += BLOCK, to += g->nr * BLOCK)                                          \
        for (int b = 0; b < BLOCK; b++)                                                                    \
          for (int v = 0; v < g->nr; v++)                                                                  \
            to[PLACE] = k + b < d->k && v < d->n ? (TO)(y[matmul_at(d, k + b, start + v)] - ZERO) : (TO)0; \
    }                                                                                                      \
  }
MATMUL_PACK(matmul_pack_s16, gemm_i8, int8_t, int16_t, g->packed_k, 1, v, d->rhs_zero)
MATMUL_PACK(matmul_pack_s8, gemm_i8, int8_t, int8_t, g->packed_k, g->layout.block, matmul_place(&g->layout, v, b), 0)
MATMUL_PACK(matmul_pack_f32, gemm_f32, float, float, d->k, 1, v, 0)

/* bias[j] = k * zx * zw - zx * (sum of column j of W), int32, wrapping, as templates/gemm/pack.ts folds it. sums:
 * scratch, n words. */
IG_INLINE void matmul_bias(const matmul_pairs *d, const gemm_i8 *g, const int8_t *y, int32_t *sums, int32_t *bias) {
  memset(sums, 0, d->n * sizeof *sums);
  for (int j = 0; j < d->n; j++)
    for (int k = 0; k < d->k; k++) sums[j] += y[matmul_at(d, k, j)] - (matmul_centers(g) ? d->rhs_zero : 0);
  const int32_t both =
      matmul_centers(g) ? 0 : (int32_t)((uint32_t)d->k * (uint32_t)d->lhs_zero * (uint32_t)d->rhs_zero);
  const int paired = g->layout.pairs_twice, step = g->layout.bias_words;
  for (int i = 0; i < gemm_entries(g); i++) {
    const int of = paired ? gemm_start(i / (2 * g->nr), g->nr, g->n) + i % (2 * g->nr) / 4 * 2 + i % 2 : i;
    bias[step * i] = of < d->n ? (int32_t)((uint32_t)both - (uint32_t)d->lhs_zero * (uint32_t)sums[of]) : 0;
    if (step == 2) bias[2 * i + 1] = 0;
  }
}

IG_INLINE int matmul_reaches_lowest(const int8_t *y, size_t count) {
  int8_t least = 0;
  for (size_t i = 0; i < count; i++) least = y[i] < least ? y[i] : least;
  return least == -128;
}

/* Copies a left matrix to rows of lda elements of `item` bytes. */
IG_INLINE void matmul_copy(const matmul_pairs *d, const uint8_t *x, size_t lda, size_t item, uint8_t *to) {
  for (int i = 0; i < d->m; i++) {
    uint8_t *row = to + i * lda * item;
    if (!d->swap_x) memcpy(row, x + (size_t)i * d->k * item, d->k * item);
    for (int k = 0; k < d->k && d->swap_x; k++) memcpy(row + k * item, x + ((size_t)k * d->m + i) * item, item);
  }
}

/* Scratch of matmul_i8.h. panels, bias: g->weights and g->out.bias; sums: n words; rows: that of gemm_run, NULL if the
 * right zero point is 0; copy: a left matrix, if copied. */
typedef struct {
  void *panels;
  int32_t *bias, *sums, *rows;
  uint8_t *copy;
} matmul_work;

/* Packs a right matrix and computes the bias of its columns. */
IG_INLINE void matmul_lay(const matmul_pairs *d, const gemm_i8 *g, const int8_t *y, const matmul_work *s) {
  if (matmul_centers(g)) matmul_pack_s16(d, g, y, s->panels);
  else matmul_pack_s8(d, g, y, s->panels);
  matmul_bias(d, g, y, s->sums, s->bias);
}

/* Iterations of the outer loop. */
#define MATMUL_STEPS(G) ((G)->weights_first ? gemm_count((G)->n, (G)->nr) : gemm_count((G)->m, (G)->mr))

#endif
