/* conv.h: 2-D convolution, NHWC, as a matrix multiplication over output pixels x (kernel taps x channels).
 *
 * Where a row of the matrix is a pixel of the input as it stands (1x1 kernel, stride 1, no padding), the caller runs
 * gemm_run_* on the input in place. Otherwise the rows of one tile are gathered into a small scratch panel that stays in
 * the first-level cache while all panels of weights pass by; taps outside the image read as the input's zero point. */
#ifndef IG_CONV_H
#define IG_CONV_H

#include "gemm_loops.h"

typedef struct {
  int in_h, in_w, channels; /* of the input, all groups */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int groups;
  int item;         /* bytes of an element */
  uint8_t fill;     /* every byte of an element that stands for zero */
  size_t row_bytes; /* of a gathered row, at least taps x channels of a group */
} conv_shape;

/* Gathers what output pixel `pixel` (of all images) sees of group `group`: [kernel_h][kernel_w][channels of the group]. */
IG_INLINE void conv_gather_row(const conv_shape *s, const uint8_t *in, int pixel, int group, uint8_t *to) {
  const int ox = pixel % s->out_w, rest = pixel / s->out_w, oy = rest % s->out_h, image = rest / s->out_h;
  const size_t pixel_bytes = (size_t)s->channels * s->item, tap_bytes = pixel_bytes / s->groups;
  const int x0 = ox * s->stride_w - s->pad_left, y0 = oy * s->stride_h - s->pad_top;
  const int inside = x0 >= 0 && x0 + (s->kernel_w - 1) * s->dilation_w < s->in_w;
  in += (size_t)image * s->in_h * s->in_w * pixel_bytes + group * tap_bytes;
  for (int ky = 0; ky < s->kernel_h; ky++) {
    const int y = y0 + ky * s->dilation_h;
    const uint8_t *from = in + ((ptrdiff_t)y * s->in_w + x0) * (ptrdiff_t)pixel_bytes;
    if (y < 0 || y >= s->in_h) {
      memset(to, s->fill, s->kernel_w * tap_bytes);
      to += s->kernel_w * tap_bytes;
    } else if (inside && s->dilation_w == 1 && s->groups == 1) {
      memcpy(to, from, s->kernel_w * tap_bytes);
      to += s->kernel_w * tap_bytes;
    } else {
      for (int kx = 0; kx < s->kernel_w; kx++, to += tap_bytes) {
        const int x = x0 + kx * s->dilation_w;
        if (x < 0 || x >= s->in_w) memset(to, s->fill, tap_bytes);
        else memcpy(to, from + (ptrdiff_t)kx * s->dilation_w * (ptrdiff_t)pixel_bytes, tap_bytes);
      }
    }
  }
}

/* Gathers rows `at` to `at + count`. What lies beyond the taps of a row meets zero weights and only has to be readable. */
IG_INLINE void conv_gather(const conv_shape *s, const void *in, int at, int count, int group, uint8_t *panel) {
  for (int i = 0; i < count; i++) conv_gather_row(s, in, at + i, group, panel + i * s->row_bytes);
}

/* g: the matrix of one group (g->lda = row_bytes); weights, bias, multipliers of group i + 1 follow those of i.
 * panel: scratch of g->mr rows, zeroed beyond the taps or not; n columns of a group, ldc columns of all. */
IG_INLINE void conv_run_i8(const gemm_i8 *g, const conv_shape *s, const uint8_t *in, uint8_t *panel, uint8_t *c) {
  const int wide = g->kernel == GEMM_PORTABLE || g->kernel == GEMM_MLAL;
  const int panels = gemm_count(g->n, g->nr), entries = gemm_entries(g);
  for (int group = 0; group < s->groups; group++) {
    gemm_i8 of = *g;
    of.weights = (const uint8_t *)g->weights + (size_t)group * panels * g->nr * g->packed_k * (wide ? 2 : 1);
    of.out.bias += group * entries;
    if (g->out.requantize == GEMM_DOUBLE) of.out.scale += group * entries;
    else if (g->out.requantize == GEMM_SINGLE) of.out.scale_f32 += group * entries;
    else of.out.multiplier += group * entries, of.out.shift += group * entries;
    for (int i = 0; i < gemm_count(g->m, g->mr); i++) {
      const int at = gemm_start(i, g->mr, g->m);
      int32_t rows[GEMM_MR];
      conv_gather(s, in, at, g->mr, group, panel);
      if (g->row_factor) gemm_row_sums(&of, panel, g->mr, rows);
      for (int p = 0; p < panels; p++)
        gemm_tile_i8(&of, panel, g->row_factor ? rows : NULL, p, c + at * g->ldc + group * g->n);
    }
  }
}

IG_INLINE void conv_run_f32(const gemm_f32 *g, const conv_shape *s, const float *in, float *panel, float *c) {
  const int panels = gemm_count(g->n, g->nr), columns = g->n < g->nr ? g->nr : g->n;
  for (int group = 0; group < s->groups; group++) {
    gemm_f32 of = *g;
    of.weights += (size_t)group * panels * g->nr * g->k;
    of.bias += group * columns;
    for (int i = 0; i < gemm_count(g->m, g->mr); i++) {
      const int at = gemm_start(i, g->mr, g->m);
      conv_gather(s, in, at, g->mr, group, (uint8_t *)panel);
      for (int p = 0; p < panels; p++) gemm_tile_float(&of, panel, p, c + at * g->ldc + group * g->n);
    }
  }
}

#endif
