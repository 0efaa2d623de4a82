/* gemm.h: matrix multiplication from schedule templates: C[m][n] = epilogue(A[m][k] * W[k][n]).
 *
 * Everything here is an always-inline function of a `gemm_*` description whose members, pointers apart, are constants
 * where the generated code calls it: the compiler unrolls the tile and keeps its mr x nr accumulators in registers.
 *
 * A is row-major and read in place. W comes packed in panels of nr columns (the layout is the kernel's, see its file).
 * Remainders have no code of their own: the last tile of rows starts at m - mr and the last panel at column n - nr, so
 * that some results are computed and stored twice, equal both times. Hence mr <= m, and C must not overlap A.
 * Only a single panel may be wider than n (packed with zeros); then the first n columns alone are stored.
 * bias, multiplier, shift and scale hold one entry a column, max(n, nr) in their order; for GEMM_MMLA and the bias of
 * GEMM_SMULL as their tiles want them, see there.
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

/* The kernels for 8-bit operands. */
enum { GEMM_PORTABLE, GEMM_MLAL, GEMM_SMULL, GEMM_CHAINS, GEMM_DOT, GEMM_MMLA };
/* How an accumulator becomes a result: fixed point with shifts of any sign, none positive, all negative; the last with
 * one rounding, halves up, whatever the profile; round(acc * scale), halves away from zero, in double precision; or the
 * same in single, halves to even; or, of GEMM_CHAINS only, as in gemm_chains_end.h; or not at all, results are int32. */
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

struct io_chains; /* gemm_chains.h */
struct io_f32;    /* gemm_in_order_f32.h */

typedef struct {
  int kernel;
  int m, n, k;
  int packed_k;      /* k rounded up to what the kernel needs; rows of A must be readable so far, weights are zero there */
  int mr, nr;        /* the tile */
  int weights_first; /* loop order: a panel of weights stays in the cache and A passes by; else a tile of A stays */
  size_t lda, ldc;   /* elements between rows */
  int32_t row_factor;
  const void *weights;
  /* Of GEMM_CHAINS, see there. */
  int chain, singles;
  const uint32_t *order, *counts;
  void (*loop)(struct io_chains *s, int part, int length, int next);
  gemm_epilogue out;
} gemm_i8;

typedef struct {
  int m, n, k, mr, nr, weights_first;
  size_t lda, ldc;
  const float *weights, *bias;
  int portable;
  void (*loop)(struct io_f32 *s, int part, size_t k); /* the tile's loop in issue order, NULL for none */
  float low, high; /* clamp of the result; for none, -FLT_MAX and FLT_MAX, as TFLite's convolutions do, or infinities */
} gemm_f32;

/* Bytes of a result. */
IG_INLINE int gemm_item(const gemm_i8 *g) { return g->out.requantize == GEMM_SUMS ? 4 : 1; }

/* Where tile or panel `i` of size `size` starts among `total`; how many there are. */
IG_INLINE int gemm_start(int i, int size, int total) {
  const int at = i * size;
  return at + size <= total ? at : total > size ? total - size : 0;
}
IG_INLINE int gemm_count(int total, int size) { return (total + size - 1) / size; }
/* Of GEMM_CHAINS: leaves the first `panels` behind, some of which take more chains than others. */
IG_INLINE void gemm_skip_panels(gemm_i8 *g, int panels) {
  for (int p = 0; p < panels; p++) {
    const size_t whole = g->counts[0], single = g->singles ? g->counts[1] : 0;
    g->weights = (const uint8_t *)g->weights + (whole * g->chain + single) * g->nr * 8;
    g->order += (whole + single) * g->chain;
    g->counts += g->singles ? 2 : 1;
  }
}

#endif
