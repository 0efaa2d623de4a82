/* gemm.h: matrix multiplication: C[m][n] = epilogue(A[m][k] * W[k][n]).
 *
 * Every function is always inlined. It takes a `gemm_*` description whose members, except pointers, are compile-time
 * constants at the call in the generated code. The C compiler unrolls the tile and keeps its mr x nr accumulators in
 * registers.
 *
 * A: row-major, read in place. W: packed in panels of nr columns; each kernel's file gives the layout.
 * Remainders: the last tile of rows starts at m - mr, the last panel at column n - nr. The overlap is computed and
 * stored twice, with equal results. Hence mr <= m, and C must not overlap A.
 * If n < nr, the single panel is padded with zero columns, and only the first n columns are stored.
 * bias, multiplier, shift, scale: one entry per column, max(n, nr) entries; `gemm_layout` names other orders.
 *
 * 8-bit operands: acc = sum over k of x * w + bias[n] + row_factor * (sum of row m of A), int32, wrapping.
 * The packer folds the zero point of A into the bias, and that of W into the packed weights where they can hold it;
 * where they cannot, row_factor = -(the zero point that is left). */
#ifndef IG_GEMM_H
#define IG_GEMM_H

#include "arith.h"

/* Loops over the tile are unrolled; the loop along k is not. */
#if defined(__clang__)
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#define GEMM_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 64")
#define GEMM_ROLLED _Pragma("GCC unroll 1")
#endif
/* Largest tile: GEMM_MR rows, GEMM_NV registers of four 32-bit columns. */
#define GEMM_MR 8
#define GEMM_NV 8

/* Up to this k, the loop along k is unrolled as well: its last branch would be mispredicted once per tile. */
#define GEMM_SHORT 32

/* Requantization of an accumulator. Fixed point: acc * multiplier * 2^(shift - 31), rounded as in the profile. */
enum {
  GEMM_SHIFT_ANY,           /* fixed point */
  GEMM_SHIFT_RIGHT_OR_NONE, /* fixed point, all shifts <= 0 */
  GEMM_SHIFT_RIGHT,         /* fixed point, all shifts < 0 */
  GEMM_ROUND_ONCE,          /* fixed point, all shifts < 0, one rounding, halves up, in every profile */
  GEMM_DOUBLE,              /* round(acc * scale) in double precision, halves away from zero */
  GEMM_SINGLE,              /* round(acc * scale_f32) in single precision, halves to even */
  GEMM_TWO_STEP,            /* gemm_k_sums_epilogue.h; kernel gemm_k_sums.h only */
  GEMM_INT32                /* none: C holds the int32 accumulators */
};

typedef struct {
  int requantize; /* GEMM_SHIFT_ANY to GEMM_INT32 */
  const int32_t *bias, *multiplier, *shift;
  const double *scale;     /* GEMM_DOUBLE */
  const float *scale_f32;  /* GEMM_SINGLE */
  const int32_t *two_step; /* GEMM_TWO_STEP: [panel][shift, multiplier, offset][nr]; offset has bias, zero point */
  int extra_bits;          /* GEMM_TWO_STEP: fractional bits beyond 16: 0, 1, 3 or 5 */
  int32_t zero_point, low, high; /* of the result; clamp to [low, high] */
  int fits16;                    /* requantized accumulator + zero point is in int16 for all possible data */
  int is_unsigned;               /* A and C are uint8_t */
} gemm_epilogue;

struct io_k_sums; /* gemm_k_sums.h */
struct io_f32;    /* gemm_in_order_f32.h */

/* Layout of packed weights and per-column constants; from the kernel's record in templates/gemm/kernels. */
typedef struct {
  int weight_bytes; /* per packed weight; 2: int16, zero point subtracted */
  int block;        /* consecutive k of one column that are contiguous in a panel */
  int alternate;    /* columns interleaved in runs of block / alternate elements */
  int bias_words;   /* int32 words per column of the bias; all but the first are zero */
  int pairs_twice;  /* bias, multiplier, shift, scale are [panel][nr / 2][2][2]: each pair of columns twice */
} gemm_layout;

typedef struct {
  gemm_layout layout;
  int m, n, k;
  int packed_k;      /* k rounded up to the kernel's step; rows of A are readable up to it, weights are zero beyond k */
  int mr, nr;        /* the tile */
  int weights_first; /* loop order: panels of W outside, tiles of A inside; else the reverse */
  size_t lda, ldc;   /* elements between rows */
  int32_t row_factor;
  const void *weights;
  int k_blocks, singles;                                             /* gemm_k_sums.h */
  const uint32_t *order, *counts;                                    /* gemm_k_sums.h */
  void (*loop)(struct io_k_sums *s, int part, int length, int next); /* gemm_k_sums.h: the tile's inner loop */
  gemm_epilogue out;
} gemm_i8;

typedef struct {
  gemm_layout layout;
  int m, n, k, packed_k, mr, nr, weights_first;
  size_t lda, ldc;
  const void *weights;
  const float *bias;
  void (*loop)(struct io_f32 *s, int part, size_t k); /* gemm_in_order_f32.h: the tile's inner loop, or NULL */
  float low, high; /* clamp of the result; unclamped: +-FLT_MAX (TFLite's convolutions) or +-infinity */
} gemm_f32;

/* NAME_KERNEL. Headers with GEMM_OF are included once per kernel that a model uses; GEMM_KERNEL names the kernel. */
#define GEMM_PASTE(NAME, KERNEL) NAME##_##KERNEL
#define GEMM_NAME(NAME, KERNEL) GEMM_PASTE(NAME, KERNEL)
#define GEMM_OF(NAME) GEMM_NAME(NAME, GEMM_KERNEL)

/* Bytes per element of C. */
IG_INLINE int gemm_result_bytes(const gemm_i8 *g) { return g->out.requantize == GEMM_INT32 ? 4 : 1; }

/* First row of tile i, or first column of panel i: min(i * size, total - size), at least 0. gemm_count: how many. */
IG_INLINE int gemm_start(int i, int size, int total) {
  const int at = i * size;
  return at + size <= total ? at : total > size ? total - size : 0;
}
IG_INLINE int gemm_count(int total, int size) { return (total + size - 1) / size; }
/* gemm_k_sums.h: advances g past its first `panels` panels, which differ in length. */
IG_INLINE void gemm_skip_panels(gemm_i8 *g, int panels) {
  for (int p = 0; p < panels; p++) {
    const size_t whole = g->counts[0], single = g->singles ? g->counts[1] : 0;
    g->weights = (const uint8_t *)g->weights + (whole * g->k_blocks + single) * g->nr * 8;
    g->order += (whole + single) * g->k_blocks;
    g->counts += g->singles ? 2 : 1;
  }
}

/* Preconditions of every tile; `legal` of templates/gemm/space.ts checks the same. */
#define GEMM_CHECK(G)                                                      \
  do {                                                                     \
    IG_ASSERT((G)->mr >= 1 && (G)->mr <= GEMM_MR && (G)->mr <= (G)->m);    \
    IG_ASSERT((G)->nr >= 4 && (G)->nr <= 4 * GEMM_NV && (G)->nr % 4 == 0); \
    IG_ASSERT((G)->nr <= (G)->n || (G)->nr - (G)->n < 8);                  \
    IG_ASSERT((G)->packed_k >= (G)->k && (int)(G)->ldc >= (G)->n);         \
  } while (0)

/* Entries of bias, multiplier, shift and scale. */
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

/* rows[i] = row_factor * (sum of row i of A), i < count. */
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
