/* depthwise.h: depthwise 2-D convolution, NHWC. Input channel c gives output channels [c * multiplier, (c + 1) *
 * multiplier).
 *
 * Padding: input rows are copied with their padding into a ring buffer that holds the rows under the window, so that
 * the inner loops have no borders to test. Without padding the input is read in place. Loops: block of channels, output
 * row, pixels along the row. The weights of a block stay in registers along a row. The last block starts at channels -
 * block.
 *
 * Kernels: 8 bits: depthwise_dot.h, depthwise_pairs.h, depthwise_wide.h; float: depthwise_f32.h; both, with any
 * multiplier: depthwise_portable.h. depthwise_run.h makes each one's depthwise_run_KERNEL.
 * Kernels that multiply int8 by int8 (dot, pairs) read uint8 as x - 128, and a weight beyond int8 as a sum of two.
 * Accumulators: int32, wrapping; they start at the bias, which holds the zero point of the data. */
#ifndef IG_DEPTHWISE_H
#define IG_DEPTHWISE_H

#include "gemm_portable.h"
#include "gemm_neon.h"

/* Largest rows * kernel_h. */
#define DEPTHWISE_ROWS 64
/* Largest `pixels`: 8 bits, float. */
#define DEPTHWISE_PIXELS 4
#define DEPTHWISE_F32_PIXELS 8

/* name_KERNEL. */
#define DEPTHWISE_OF(name) DEPTHWISE_OF_(name, DEPTHWISE_KERNEL)
#define DEPTHWISE_OF_(name, kernel) DEPTHWISE_OF__(name, kernel)
#define DEPTHWISE_OF__(name, kernel) name##_##kernel

typedef struct {
  int batch, in_h, in_w, channels, multiplier; /* channels: of the input */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int ringed;       /* whether rows go through the ring buffer */
  int ring_w;       /* entries per ring row: pixels, or quads of pixels (depthwise_dot.h) */
  int ring_items;   /* elements per channel and entry: 1 or 4 */
  int whole;        /* depthwise_dot.h: all output rows of an image at once, 8 or 16 channels at a time */
  int rows, pixels; /* output rows per block of channels; output pixels per iteration along a row (the tile) */
  int reload;       /* each iteration loads the bias again: no register held, no moves */
  int is_float;
  uint8_t fill;   /* each byte of the padding */
  uint64_t twice; /* bit i: weights are sums of two int8; i: tap (depthwise_pairs.h), kernel row (depthwise_dot.h) */
  uint64_t cuts;  /* depthwise_pairs.h: bit i: the 16-bit sum is widened after product i */
  /* depthwise_in_order.h: function of a block of channels; kind of each block, or -1 if it has no such function. */
  void (*block_function)(const int8_t *const *windows, int rows, int block, uint8_t *out);
  const int8_t *block_kinds;
  const int8_t **windows;     /* [output row][step][kernel row], and one step more (depthwise_windows.h) */
  int steps, fours;           /* steps per row; the first `fours` have four pixels, the others three or fewer */
  int window_w, edges, lefts; /* pixels per window row; copied windows per row: all, and at the left border */
  int fits16;                 /* requantized accumulators are in int16 for all possible data */
  const void *weights;
  gemm_epilogue out; /* 8 bits */
  const float *bias; /* float, as are low and high */
  float low, high;
} depthwise;

/* Copies row y of an image into a ring row, each byte ^ flip, with padding. */
IG_INLINE void depthwise_pad(const depthwise *d, const uint8_t *image, int y, uint8_t flip, uint8_t *to) {
  const size_t pixel = (size_t)d->channels * (d->is_float ? 4 : 1);
  const int left = ig_min(d->pad_left, d->ring_w), right = d->ring_w - left; /* right: of the image and beyond it */
  const size_t copied = ig_min(right, d->in_w) * pixel;
  const uint8_t *from = image + (size_t)y * d->in_w * pixel;
  if (y < 0 || y >= d->in_h) {
    memset(to, d->fill, d->ring_w * pixel);
    return;
  }
  memset(to, d->fill, left * pixel);
  if (flip)
    for (size_t i = 0; i < copied; i++) to[left * pixel + i] = from[i] ^ flip;
  else memcpy(to + left * pixel, from, copied);
  memset(to + left * pixel + copied, d->fill, right * pixel - copied);
}

#endif
