/* matmul_reference.h: batch matrix multiplication for the operand types that the tiles of matmul_gemm.h lack. ISA:
 * portable C; the inner loop runs over columns, so that it vectorises without reordering any sum.
 *
 * Tile: one row of C. Left: [m][k] or [k][m]. Right: copied to int16 [k][n] once per matrix.
 * Accumulators: int32, wrapping; int64 for int16 data. Arithmetic: TFLite reference/batch_matmul.h. */
#ifndef IG_MATMUL_REFERENCE_H
#define IG_MATMUL_REFERENCE_H

#include "conv_reference.h"

/* float x int8; int16 x int16 or int8; int8 x int8 with int32 results. */
enum { MATMUL_HYBRID, MATMUL_WIDE, MATMUL_SUMS };

typedef struct {
  int form, pairs, m, n, k;
  int swap_x, swap_y;        /* left operand is [k][m]; right operand is [n][k] */
  int lhs, rhs;              /* ELEMENT_* */
  int asymmetric;            /* hybrid: as in conv_reference.h */
  int32_t rows;              /* hybrid: rows of all left matrices */
  const int32_t *pair;       /* [pairs][4]: left matrix, right matrix, first row of scales, matrix of column sums */
  gemm_epilogue out;         /* MATMUL_WIDE; one entry per column */
  const float *weight_scale; /* hybrid: one per column */
} matmul_reference;

/* Copies a right matrix to [k][n]. */
IG_INLINE void matmul_right(const matmul_reference *g, const void *y, int16_t *to) {
  for (int c = 0; c < g->k; c++)
    for (int j = 0; j < g->n; j++) {
      const size_t at = g->swap_y ? (size_t)j * g->k + c : (size_t)c * g->n + j;
      to[(size_t)c * g->n + j] = (int16_t)reference_load(y, g->rhs, at);
    }
}

#define MATMUL_ROW(NAME, T, A)                                                                       \
  IG_INLINE void NAME(const matmul_reference *g, const T *x, size_t step, const int16_t *restrict y, \
                      A *restrict sums) {                                                            \
    for (int j = 0; j < g->n; j++) sums[j] = 0;                                                      \
    for (int c = 0; c < g->k; c++, x += step, y += g->n)                                             \
      for (int j = 0; j < g->n; j++) sums[j] += (int32_t)*x * y[j];                                  \
  }
MATMUL_ROW(matmul_row_s8, int8_t, int32_t)
MATMUL_ROW(matmul_row_s16, int16_t, int64_t)

/* Quantizes each row of the left matrices by itself. row: scratch, k floats. */
IG_INLINE void matmul_quantize(const matmul_reference *g, const float *x, float *row, int8_t *q, float *scales,
                               int32_t *zeros) {
  for (int r = 0; r < g->rows; r++) {
    const int matrix = r / g->m, i = r % g->m;
    for (int c = 0; c < g->k; c++)
      row[c] = x[(size_t)matrix * g->m * g->k + (g->swap_x ? (size_t)c * g->m + i : (size_t)i * g->k + c)];
    hybrid_quantize(row, g->k, g->asymmetric, q + (size_t)r * g->k, scales + r, zeros + r);
  }
}

/* Scratch. right: k * n elements; sums: n accumulators of up to 8 bytes. Hybrid: quantized rows, their scales and zero
 * points, one row of floats, n column sums per right matrix. */
typedef struct {
  int16_t *right;
  void *sums;
  int8_t *quantized;
  float *scales, *row;
  int32_t *zeros, *column_sums;
} matmul_scratch;

IG_INLINE void matmul_reference_run(const matmul_reference *g, const void *x, const void *y, const matmul_scratch *s,
                                    size_t right_matrices, void *out) {
  const size_t x_size = (size_t)g->m * g->k, y_size = (size_t)g->k * g->n;
  const size_t y_item = g->rhs == ELEMENT_I16 ? 2 : 1;
  const int swapped = g->swap_x && g->form != MATMUL_HYBRID;
  const size_t step = swapped ? g->m : 1;
  size_t at = 0;
  int laid = -1;
  if (g->form == MATMUL_HYBRID) {
    matmul_quantize(g, x, s->row, s->quantized, s->scales, s->zeros);
    for (size_t r = 0; r < right_matrices; r++)
      for (int j = 0; j < g->n; j++) {
        int32_t sum = 0;
        for (int c = 0; c < g->k; c++)
          sum += ((const int8_t *)y)[r * y_size + (g->swap_y ? (size_t)j * g->k + c : (size_t)c * g->n + j)];
        s->column_sums[r * g->n + j] = sum;
      }
  }
  for (int p = 0; p < g->pairs; p++) {
    const int32_t *pair = g->pair + 4 * p;
    if (pair[1] != laid) matmul_right(g, (const uint8_t *)y + pair[1] * y_size * y_item, s->right);
    laid = pair[1];
    for (int i = 0; i < g->m; i++, at += g->n) {
      const size_t from = pair[0] * x_size + (swapped ? (size_t)i : (size_t)i * g->k);
      const int32_t *sums = s->sums;
      if (g->form == MATMUL_WIDE) {
        matmul_row_s16(g, (const int16_t *)x + from, step, s->right, s->sums);
        for (int j = 0; j < g->n; j++) {
          const int32_t r = ig_requant_s64(((int64_t *)s->sums)[j], g->out.multiplier[j], g->out.shift[j]);
          ((int16_t *)out)[at + j] = (int16_t)ig_clamp(r + g->out.zero_point, g->out.low, g->out.high);
        }
      } else if (g->form == MATMUL_HYBRID) {
        const int row = pair[2] + i;
        matmul_row_s8(g, s->quantized + from, 1, s->right, s->sums);
        for (int j = 0; j < g->n; j++) {
          const float offset = (float)s->column_sums[pair[3] * g->n + j] * (float)s->zeros[row];
          const int32_t total = (int32_t)((float)sums[j] - offset);
          const float scale = s->scales[row] * g->weight_scale[j];
          ((float *)out)[at + j] = scale * (float)total;
        }
      } else {
        matmul_row_s8(g, (const int8_t *)x + from, step, s->right, (int32_t *)out + at);
      }
    }
  }
}

#endif
