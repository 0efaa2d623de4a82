/* depthwise.h: depthwise 2-D convolution, NHWC; channel c of the input makes channels c * multiplier + 0 … of the output.
 *
 * Rows of the input, padded left and right with its zero point, are copied once into a ring of as many rows as the
 * kernel sees, so that the inner loops know no edges; without padding the input's own rows are used. For each output
 * row, a block of channels keeps its weights in registers along the row. The last block starts at channels - block.
 *
 * Kernels of 8 bits: depthwise_dot.h, depthwise_pairs.h, depthwise_wide.h; of floats: depthwise_f32.h; of either, and of
 * any multiplier: depthwise_portable.h. Each ends in depthwise_run.h, which makes its depthwise_run_KERNEL. Kernels that
 * multiply int8 by int8 take unsigned data less 128, and a weight beyond int8 as the sum of two. Zero points of the data
 * are folded into the bias. Accumulators are int32 and wrap. */
#ifndef IG_DEPTHWISE_H
#define IG_DEPTHWISE_H

#include "gemm_portable.h"
#include "gemm_neon.h"

/* Rows of a kernel, and with more than one output row in one go, all their kernels' rows: at most. */
#define DEPTHWISE_ROWS 64
/* Output pixels of a step, at most: 8 bits, float. */
#define DEPTHWISE_PIXELS 4
#define DEPTHWISE_F32_PIXELS 8

/* name_KERNEL. */
#define DEPTHWISE_OF(name) DEPTHWISE_OF_(name, DEPTHWISE_KERNEL)
#define DEPTHWISE_OF_(name, kernel) DEPTHWISE_OF__(name, kernel)
#define DEPTHWISE_OF__(name, kernel) name##_##kernel

typedef struct {
  int batch, in_h, in_w, channels, multiplier; /* channels of the input */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int ringed;      /* whether rows go through the ring */
  int ring_w;      /* places of a row in the ring: pixels, or quads of pixels */
  int ring_items;  /* elements of a channel at a place */
  int whole;       /* depthwise_dot.h: an image is computed in one go, few channels after few */
  int rows, pixels; /* output rows that a block of channels computes in one go; output pixels of one step along a row */
  int reload;      /* whether each step loads the bias again, which takes no register for long, and no moves */
  int is_float;
  uint8_t fill;    /* every byte of what stands for zero in the ring */
  uint64_t twice;  /* depthwise_pairs.h: taps, depthwise_dot.h: rows of the kernel, whose weights are sums of two */
  uint64_t cuts;   /* depthwise_pairs.h: products after which a sum of 16 bits is full */
  /* depthwise_in_order.h: what computes a block of channels, and by block whether it can, or -1. */
  void (*chain)(const int8_t *const *windows, int rows, int block, uint8_t *out);
  const int8_t *chained;
  const int8_t **windows; /* [output row][step][row of the kernel], and one step more (depthwise_windows.h) */
  int steps, fours;       /* along a row; those of four pixels, which come first */
  int window_w, edges, lefts; /* pixels of a window's row; windows of a row that are copied: in all, at its left end */
  int fits16;      /* the requantized sums fit 16 bits, whatever the data */
  const void *weights;
  gemm_epilogue out;    /* 8 bits */
  const float *bias;    /* float */
  float low, high;
} depthwise;

/* Copies row y of an image into the ring's row, with `fill` outside of the image. Bytes are xored with `flip`. */
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
