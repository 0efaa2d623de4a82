/* depthwise.h: depthwise 2-D convolution, NHWC; channel c of the input makes channels c * multiplier + 0 … of the output.
 *
 * Rows of the input, padded left and right with its zero point, are copied once into a ring of as many rows as the
 * kernel sees, so that the inner loops know no edges; without padding the input's own rows are used. For each output
 * row, a block of channels keeps its weights in registers along the row. The last block starts at channels - block.
 *
 * Kernels: PAIRS: two int8 products (weights in [-127, 127]) summed in 16 bits by SMULL + SMLAL, then widened, int8 only;
 * WIDE: SMLAL on 16 bits, weights int16 minus their zero point, int8 or uint8; PORTABLE: plain C, any multiplier.
 * Weights [taps][channels of the output], int8 for PAIRS, else int16 or float. Zero point of the input folded into bias. */
#ifndef IG_DEPTHWISE_H
#define IG_DEPTHWISE_H

#include "gemm_portable.h"
#include "gemm_neon.h"

enum { DEPTHWISE_PORTABLE, DEPTHWISE_WIDE, DEPTHWISE_PAIRS, DEPTHWISE_F32 };
/* Up to so many taps keep their weights in registers. */
#define DEPTHWISE_HELD 9
/* Rows of a kernel, at most. */
#define DEPTHWISE_ROWS 64

typedef struct {
  int kernel;
  int batch, in_h, in_w, channels, multiplier; /* channels of the input */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int padded;   /* whether rows go through the ring */
  int ring_w;   /* pixels of a padded row */
  int pixels;   /* output pixels of one step along the row */
  int is_float;
  uint8_t fill; /* every byte of an element that stands for zero */
  const void *weights;
  gemm_epilogue out;    /* 8 bits */
  const float *bias;    /* float */
  float low, high;
} depthwise;

/* Result of channel block `c`, output pixel x, from the rows the kernel sees. */
IG_INLINE void depthwise_portable_pixel(const depthwise *d, const void *const *row, int x, int c, void *to) {
  const int ic = c / d->multiplier, outs = d->channels * d->multiplier;
  int32_t sum = d->is_float ? 0 : d->out.bias[c];
  float fsum = 0;
  for (int ky = 0; ky < d->kernel_h; ky++)
    for (int kx = 0; kx < d->kernel_w; kx++) {
      const int at = (x * d->stride_w + kx * d->dilation_w) * d->channels + ic;
      const int w = (ky * d->kernel_w + kx) * outs + c;
      if (d->is_float) {
        fsum += ((const float *)row[ky])[at] * ((const float *)d->weights)[w];
      } else {
        const uint8_t byte = ((const uint8_t *)row[ky])[at];
        sum += (d->out.is_unsigned ? byte : (int8_t)byte) * ((const int16_t *)d->weights)[w];
      }
    }
  if (d->is_float) {
    fsum += d->bias[c];
    fsum = fsum < d->low ? d->low : fsum;
    ((float *)to)[c] = fsum > d->high ? d->high : fsum;
  } else {
    ((uint8_t *)to)[c] = (uint8_t)gemm_result(&d->out, sum, c);
  }
}

#include "depthwise_neon.h"

/* One output row. */
IG_INLINE void depthwise_row(const depthwise *d, const void *const *row, void *to) {
#if IG_NEON
  if (d->kernel != DEPTHWISE_PORTABLE) {
    depthwise_row_neon(d, row, to);
    return;
  }
#endif
  const int outs = d->channels * d->multiplier;
  for (int x = 0; x < d->out_w; x++)
    for (int c = 0; c < outs; c++)
      depthwise_portable_pixel(d, row, x, c, (uint8_t *)to + (size_t)x * outs * (d->is_float ? 4 : 1));
}

/* Copies row y of an image into the ring's row, with `fill` outside of the image. */
IG_INLINE void depthwise_pad_row(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  const size_t pixel = (size_t)d->channels * (d->is_float ? 4 : 1);
  const int left = ig_min(d->pad_left, d->ring_w), right = d->ring_w - left; /* right: of the image and beyond it */
  const int copied = right < d->in_w ? right : d->in_w;
  if (y < 0 || y >= d->in_h) {
    memset(to, d->fill, d->ring_w * pixel);
    return;
  }
  memset(to, d->fill, left * pixel);
  memcpy(to + left * pixel, image + (size_t)y * d->in_w * pixel, copied * pixel);
  memset(to + (left + copied) * pixel, d->fill, (right - copied) * pixel);
}

/* ring: scratch of ((kernel_h - 1) * dilation_h + 1) rows of ring_w pixels, unused when not padded. */
IG_INLINE void depthwise_run(const depthwise *d, const void *in, uint8_t *ring, void *out) {
  const size_t item = d->is_float ? 4 : 1, pixel = d->channels * item;
  const size_t ring_row = d->ring_w * pixel, out_row = d->out_w * pixel * d->multiplier;
  const int seen = (d->kernel_h - 1) * d->dilation_h + 1;
  const uint8_t *image = in;
  uint8_t *to = out;
  for (int b = 0; b < d->batch; b++, image += (size_t)d->in_h * d->in_w * pixel) {
    int filled = 0; /* padded rows below this one are, or were, in the ring */
    for (int oy = 0; oy < d->out_h; oy++, to += out_row) {
      const void *row[DEPTHWISE_ROWS];
      const int first = oy * d->stride_h; /* counted from the topmost padded row */
      if (d->padded) {
        if (filled < first) filled = first;
        for (; filled < first + seen; filled++)
          depthwise_pad_row(d, image, filled - d->pad_top, ring + (filled % seen) * ring_row);
      }
      for (int ky = 0; ky < d->kernel_h; ky++) {
        const int y = first + ky * d->dilation_h;
        row[ky] = d->padded ? ring + (y % seen) * ring_row : image + (size_t)y * d->in_w * pixel;
      }
      depthwise_row(d, row, to);
    }
  }
}

#endif
