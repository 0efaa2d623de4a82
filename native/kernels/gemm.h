/* gemm.h: matrix multiplication from schedule templates: C[m][n] = epilogue(A[m][k] * W[k][n]).
 *
 * Everything here is an always-inline function of a `gemm_*` description whose members, pointers apart, are constants
 * where the generated code calls it: the compiler unrolls the tile and keeps its mr x nr accumulators in registers.
 *
 * A is row-major and read in place. W comes packed in panels of nr columns (the layout is the kernel's, see its file).
 * Remainders have no code of their own: the last tile of rows starts at m - mr and the last panel at column n - nr, so
 * that some results are computed and stored twice, equal both times. Hence mr <= m, and C must not overlap A.
 * Only a single panel may be wider than n (packed with zeros); then the first n columns alone are stored.
 * bias, multiplier, shift and scale hold one entry a column, max(n, nr) in their order, or as the kernel wants them.
 *
 * 8 bits: acc = sum x * w + bias[n] + rows[m] in 32 bits, wrapping. Zero points are the packer's work: it folds the
 * input's into the bias; a weight zero point that is left takes `row_factor` times the sum of the row of A (unsigned).
 */
#ifndef IG_GEMM_H
#define IG_GEMM_H

#include "arith.h"

/* Loops over the tile disappear; the loop along k stays one. */
#if defined(__clang__)
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#define GEMM_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 64")
#define GEMM_ROLLED _Pragma("GCC unroll 1")
#endif
/* The largest tile: rows, and columns of one register each (4 of 32 bits). */
#define GEMM_MR 8
#define GEMM_NV 8

/* The loop along k disappears, too, up to this k: a branch that closes it would be mispredicted once a tile. */
#define GEMM_SHORT 32

/* How an accumulator becomes a result: fixed point with shifts of any sign, none positive, all negative; the last with
 * one rounding, halves up, whatever the profile; round(acc * scale), halves away from zero, in double precision; or the
 * same in single, halves to even; or, of gemm_k_sums.h only, as in gemm_k_sums_end.h; or not at all, results are int32.
 */
enum {
  GEMM_SHIFT_ANY,
  GEMM_SHIFT_RIGHT_OR_NONE,
  GEMM_SHIFT_RIGHT,
  GEMM_SHIFT_ONCE,
  GEMM_DOUBLE,
  GEMM_SINGLE,
  GEMM_LEVELS,
  GEMM_SUMS
};

typedef struct {
  int requantize; /* one of the above */
  const int32_t *bias, *multiplier, *shift;
  const double *scale;           /* of GEMM_DOUBLE */
  const float *scale_f32;        /* of GEMM_SINGLE */
  const int32_t *levels;         /* of GEMM_LEVELS, which needs no bias and no zero point */
  int extra_bits;                /* of GEMM_LEVELS: 0, 1, 3 or 5 */
  int32_t zero_point, low, high; /* of the result */
  int fits16;                    /* no accumulator that can occur leaves int16, scaled and with the zero point added */
  int is_unsigned;               /* the operands and results are uint8_t */
} gemm_epilogue;

struct io_k_sums; /* gemm_k_sums.h */
struct io_f32;    /* gemm_in_order_f32.h */

/* How a kernel wants what belongs to columns: constants that its record in templates/gemm/kernels has. */
typedef struct {
  int weight_bytes; /* of a packed weight; weights of two are less their zero point */
  int block;        /* elements of a column side by side in a panel */
  int alternate;    /* columns whose blocks alternate, block / alternate elements at a time */
  int bias_words;   /* of a column; those behind the first are zero */
  int pairs_twice;  /* bias, multipliers, shifts and scales come as [panel][nr / 2][2][2]: each pair of columns twice */
} gemm_layout;

typedef struct {
  gemm_layout layout;
  int m, n, k;
  int packed_k; /* k rounded up to what the kernel needs; rows of A must be readable so far, weights are zero there */
  int mr, nr;   /* the tile */
  int weights_first; /* loop order: a panel of weights stays in the cache and A passes by; else a tile of A stays */
  size_t lda, ldc;   /* elements between rows */
  int32_t row_factor;
  const void *weights;
  int k_blocks, singles; /* of gemm_k_sums.h, see there */
  const uint32_t *order, *counts;
  void (*loop)(struct io_k_sums *s, int part, int length, int next);
  gemm_epilogue out;
} gemm_i8;

typedef struct {
  gemm_layout layout;
  int m, n, k, packed_k, mr, nr, weights_first;
  size_t lda, ldc;
  const void *weights;
  const float *bias;
  void (*loop)(struct io_f32 *s, int part, size_t k); /* the tile's loop in issue order, NULL for none */
  float low, high; /* clamp of the result; for none, -FLT_MAX and FLT_MAX, as TFLite's convolutions do, or infinities */
} gemm_f32;

/* Headers that say so are included once for each kernel of a model, which GEMM_KERNEL names, and define NAME_KERNEL. */
#define GEMM_PASTE(NAME, KERNEL) NAME##_##KERNEL
#define GEMM_NAME(NAME, KERNEL) GEMM_PASTE(NAME, KERNEL)
#define GEMM_OF(NAME) GEMM_NAME(NAME, GEMM_KERNEL)

/* Bytes of a result. */
IG_INLINE int gemm_item(const gemm_i8 *g) { return g->out.requantize == GEMM_SUMS ? 4 : 1; }

/* Where tile or panel `i` of size `size` starts among `total`; how many there are. */
IG_INLINE int gemm_start(int i, int size, int total) {
  const int at = i * size;
  return at + size <= total ? at : total > size ? total - size : 0;
}
IG_INLINE int gemm_count(int total, int size) { return (total + size - 1) / size; }
/* Of gemm_k_sums.h: skips the first `panels`, whose numbers of sums differ. */
IG_INLINE void gemm_skip_panels(gemm_i8 *g, int panels) {
  for (int p = 0; p < panels; p++) {
    const size_t whole = g->counts[0], single = g->singles ? g->counts[1] : 0;
    g->weights = (const uint8_t *)g->weights + (whole * g->k_blocks + single) * g->nr * 8;
    g->order += (whole + single) * g->k_blocks;
    g->counts += g->singles ? 2 : 1;
  }
}

/* What all tiles rely on; templates/gemm/space.ts allows no other schedules. */
#define GEMM_CHECK(G)                                                      \
  do {                                                                     \
    IG_ASSERT((G)->mr >= 1 && (G)->mr <= GEMM_MR && (G)->mr <= (G)->m);    \
    IG_ASSERT((G)->nr >= 4 && (G)->nr <= 4 * GEMM_NV && (G)->nr % 4 == 0); \
    IG_ASSERT((G)->nr <= (G)->n || (G)->nr - (G)->n < 8);                  \
    IG_ASSERT((G)->packed_k >= (G)->k && (int)(G)->ldc >= (G)->n);         \
  } while (0)

/* Entries of the bias and the like. */
IG_INLINE int gemm_entries(const gemm_i8 *g) {
  if (g->layout.pairs_twice) return 2 * g->nr * gemm_count(g->n, g->nr);
  return g->n < g->nr ? g->nr : g->n;
}

#if IG_NEON
IG_INLINE int32x4_t gemm_add_x16(int32x4_t lanes, uint8x16_t x, int is_unsigned) {
  if (!is_unsigned) return vpadalq_s16(lanes, vpaddlq_s8(vreinterpretq_s8_u8(x)));
  return vreinterpretq_s32_u32(vpadalq_u16(vreinterpretq_u32_s32(lanes), vpaddlq_u8(x)));
}
#endif

/* rows[i] = row_factor * sum of row i of A, for `count` rows. */
IG_INLINE void gemm_row_sums(const gemm_i8 *g, const uint8_t *a, int count, int32_t *rows) {
  for (int i = 0; i < count; i++, a += g->lda) {
    int32_t sum = 0;
    int k = 0;
#if IG_NEON
    int32x4_t lanes = vdupq_n_s32(0);
    for (; k + 16 <= g->k; k += 16) lanes = gemm_add_x16(lanes, vld1q_u8(a + k), g->out.is_unsigned);
    if (g->k % 16 >= 8) {
      lanes = gemm_add_x16(lanes, vcombine_u8(vld1_u8(a + k), vdup_n_u8(0)), g->out.is_unsigned);
      k += 8;
    }
    sum = vaddvq_s32(lanes);
#endif
    for (; k < g->k; k++) sum += g->out.is_unsigned ? a[k] : (int8_t)a[k];
    rows[i] = g->row_factor * sum;
  }
}

#endif
