/* depthwise.h: depthwise 2-D convolution, NHWC; channel c of the input makes channels c * multiplier + 0 … of the output.
 *
 * Rows of the input, padded left and right with its zero point, are copied once into a ring of as many rows as the
 * kernel sees, so that the inner loops know no edges; without padding the input's own rows are used. For each output
 * row, a block of channels keeps its weights in registers along the row. The last block starts at channels - block.
 *
 * Kernels: DOT (depthwise_dot.h), PAIRS (depthwise_pairs.h), WIDE (depthwise_wide.h): 8 bits; F32 (depthwise_f32.h);
 * PORTABLE: plain C, any multiplier; weights [taps][channels of the output], int16 less their zero point, or float.
 * DOT and PAIRS multiply int8 by int8: unsigned data is made signed on its way into the ring (xor 0x80), and a weight
 * beyond int8 is the sum of two. Zero points of the data are folded into the bias. Accumulators are int32 and wrap. */
#ifndef IG_DEPTHWISE_H
#define IG_DEPTHWISE_H

#include "gemm_portable.h"
#include "gemm_neon.h"

enum { DEPTHWISE_PORTABLE, DEPTHWISE_WIDE, DEPTHWISE_PAIRS, DEPTHWISE_DOT, DEPTHWISE_F32 };
/* Rows of a kernel, and with more than one output row in one go, all their kernels' rows: at most. */
#define DEPTHWISE_ROWS 64
/* Output pixels of a step, at most: 8 bits, float. */
#define DEPTHWISE_PIXELS 4
#define DEPTHWISE_F32_PIXELS 8

typedef struct {
  int kernel;
  int batch, in_h, in_w, channels, multiplier; /* channels of the input */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int ringed;      /* whether rows go through the ring */
  int ring_w;      /* pixels of a row in the ring; DOT: quads */
  int whole;       /* DOT: an image is computed in one go, few channels after few */
  int rows, pixels; /* output rows that a block of channels computes in one go; output pixels of one step along a row */
  int reload;      /* whether each step loads the bias again, which takes no register for long, and no moves */
  int is_float;
  uint8_t fill;    /* every byte of what stands for zero in the ring */
  uint64_t twice;  /* PAIRS: taps, DOT: rows of the kernel, whose weights are sums of two */
  uint64_t cuts;   /* PAIRS: products after which a sum of 16 bits is full */
  /* PAIRS, in order (depthwise_in_order.h): what computes a block of channels, and by block whether it can, or -1. */
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

/* Result of channel `c`, output pixel x, from the rows the kernel sees. */
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

#if IG_NEON
#include "depthwise_dot.h"
#include "depthwise_f32.h"
#include "depthwise_windows.h"
#include "depthwise_pairs.h"
#include "depthwise_wide.h"
#endif

/* `rows` output rows; row[r * kernel_h + ky]: what row ky of the kernel sees for output row r. */
IG_INLINE void depthwise_rows(const depthwise *d, const void *const *row, int rows, void *to) {
#if IG_NEON
  if (d->kernel == DEPTHWISE_F32) {
    depthwise_rows_f32(d, (const float *const *)row, rows, to);
    return;
  }
  if (d->kernel == DEPTHWISE_PAIRS) {
    depthwise_rows_pairs(d, (const int8_t *const *)row, rows, to);
    return;
  }
  if (d->kernel == DEPTHWISE_WIDE) {
    depthwise_rows_wide(d, (const uint8_t *const *)row, rows, to);
    return;
  }
#ifdef __ARM_FEATURE_DOTPROD
  if (d->kernel == DEPTHWISE_DOT) {
    depthwise_rows_dot(d, (const int8_t *const *)row, rows, 0, gemm_count(d->channels, 8), 0, to);
    return;
  }
#endif
#endif
  const int outs = d->channels * d->multiplier;
  for (int i = 0; i < rows * d->out_w; i++)
    for (int c = 0; c < outs; c++)
      depthwise_portable_pixel(d, row + i / d->out_w * d->kernel_h, i % d->out_w, c,
                               (uint8_t *)to + (size_t)i * outs * (d->is_float ? 4 : 1));
}

/* Copies row y of an image into the ring's row, with `fill` outside of the image. */
IG_INLINE void depthwise_ring_row(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  const size_t pixel = (size_t)d->channels * (d->is_float ? 4 : 1);
  const int left = ig_min(d->pad_left, d->ring_w), right = d->ring_w - left; /* right: of the image and beyond it */
  const size_t copied = ig_min(right, d->in_w) * pixel;
  const uint8_t *from = image + (size_t)y * d->in_w * pixel;
#if IG_NEON && defined(__ARM_FEATURE_DOTPROD)
  if (d->kernel == DEPTHWISE_DOT) {
    depthwise_ring_row_dot(d, y < 0 || y >= d->in_h ? NULL : from, 0, to);
    return;
  }
#endif
  if (y < 0 || y >= d->in_h) {
    memset(to, d->fill, d->ring_w * pixel);
    return;
  }
  memset(to, d->fill, left * pixel);
  if (d->kernel == DEPTHWISE_PAIRS && d->out.is_unsigned)
    for (size_t i = 0; i < copied; i++) to[left * pixel + i] = from[i] ^ 0x80;
  else memcpy(to + left * pixel, from, copied);
  memset(to + left * pixel + copied, d->fill, right * pixel - copied);
}

/* What the kernels rely on; templates/depthwise/space.ts refuses schedules that break it. */
IG_INLINE void depthwise_check(const depthwise *d) {
  const int taps = d->kernel_h * d->kernel_w, block = d->kernel == DEPTHWISE_F32 ? 4 : 8;
  (void)taps, (void)block;
  IG_ASSERT(d->rows >= 1 && d->rows <= d->out_h && d->rows * d->kernel_h <= DEPTHWISE_ROWS);
  IG_ASSERT(d->is_float ? d->kernel == DEPTHWISE_F32 || d->kernel == DEPTHWISE_PORTABLE : d->kernel != DEPTHWISE_F32);
  if (d->kernel == DEPTHWISE_PORTABLE) return;
  IG_ASSERT(d->multiplier == 1 && d->channels >= block);
  IG_ASSERT(d->pixels >= 1 && d->pixels <= (d->is_float ? DEPTHWISE_F32_PIXELS : DEPTHWISE_PIXELS));
  /* A bit for each of two products of a tap. */
  IG_ASSERT(d->kernel != DEPTHWISE_PAIRS || taps <= 32);
  IG_ASSERT(d->kernel != DEPTHWISE_DOT || (d->pixels == 2 && d->ringed && d->stride_w <= 2 && d->dilation_w == 1));
  IG_ASSERT(!d->whole || (d->kernel == DEPTHWISE_DOT && d->rows == d->out_h));
  if (d->chain == NULL) return;
  IG_ASSERT(d->kernel == DEPTHWISE_PAIRS && d->kernel_h == 3 && d->kernel_w == 3 && d->stride_w <= 2 && d->dilation_w == 1);
}

/* Does steps `begin` to `end` of those of all images; a step is so many output rows as are computed in one go.
 * ring: scratch of ((kernel_h - 1) * dilation_h + 1 + (rows - 1) * stride_h) rows, unused when not ringed. */
IG_INLINE void depthwise_run(const depthwise *d, const void *in, uint8_t *ring, void *out, int begin, int end) {
  depthwise_check(d);
#if IG_NEON
  if (d->chain && !d->ringed) {
    depthwise_run_windows(d, in, (int8_t *)ring, out, begin, end);
    return;
  }
#endif
#if IG_NEON && defined(__ARM_FEATURE_DOTPROD)
  if (d->whole) {
    depthwise_run_whole(d, in, ring, out, begin, end);
    return;
  }
#endif
  const size_t item = d->is_float ? 4 : 1, pixel = d->channels * item;
  const size_t ring_row = d->ring_w * pixel * (d->kernel == DEPTHWISE_DOT ? 4 : 1);
  const size_t out_row = d->out_w * pixel * d->multiplier;
  const int seen = (d->kernel_h - 1) * d->dilation_h + 1, held = seen + (d->rows - 1) * d->stride_h;
  const uint8_t *image = in;
  const int steps = (d->out_h + d->rows - 1) / d->rows;
  for (int b = 0; b < d->batch; b++, image += (size_t)d->in_h * d->in_w * pixel) {
    int filled = 0; /* padded rows below this one are, or were, in the ring */
    const int top = ig_clamp(begin - b * steps, 0, steps), bottom = ig_clamp(end - b * steps, 0, steps);
    uint8_t *to = (uint8_t *)out + ((size_t)b * d->out_h + top * d->rows) * out_row;
    for (int oy = top * d->rows; oy < ig_min(bottom * d->rows, d->out_h); oy += d->rows) {
      const void *row[DEPTHWISE_ROWS];
      const int rows = ig_min(d->rows, d->out_h - oy);
      const int first = oy * d->stride_h; /* counted from the topmost padded row */
      if (d->ringed) {
        if (filled < first) filled = first;
        for (; filled < first + (rows - 1) * d->stride_h + seen; filled++)
          depthwise_ring_row(d, image, filled - d->pad_top, ring + (filled % held) * ring_row);
      }
      for (int r = 0; r < rows; r++)
        for (int ky = 0; ky < d->kernel_h; ky++) {
          const int y = first + r * d->stride_h + ky * d->dilation_h;
          row[r * d->kernel_h + ky] = d->ringed ? ring + (y % held) * ring_row : image + (size_t)y * d->in_w * pixel;
        }
      depthwise_rows(d, row, rows, to);
      to += rows * out_row;
    }
  }
}

#endif
