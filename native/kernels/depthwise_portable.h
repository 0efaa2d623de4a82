/* depthwise_portable.h: depthwise convolution, 8 bits or float, any depth multiplier. ISA: portable C.
 *
 * Tile: one output element. Data: NHWC. Weights: [taps][output channels], int16 with the zero point subtracted, or
 * float. Accumulators: int32, wrapping, started at the bias; or float, in the order of the taps, then the bias. */
#ifndef IG_DEPTHWISE_PORTABLE_H
#define IG_DEPTHWISE_PORTABLE_H

#include "depthwise.h"

/* Result of output channel c of pixel x. row: input rows under the window. */
IG_INLINE void depthwise_pixel_portable(const depthwise *d, const void *const *row, int x, int c, void *to) {
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

IG_INLINE void depthwise_rows_portable(const depthwise *d, const void *const *row, int rows, void *to) {
  const int outs = d->channels * d->multiplier;
  for (int i = 0; i < rows * d->out_w; i++)
    for (int c = 0; c < outs; c++)
      depthwise_pixel_portable(d, row + i / d->out_w * d->kernel_h, i % d->out_w, c,
                               (uint8_t *)to + (size_t)i * outs * (d->is_float ? 4 : 1));
}
IG_INLINE void depthwise_pad_portable(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  depthwise_pad(d, image, y, 0, to);
}

#define DEPTHWISE_KERNEL portable
#include "depthwise_run.h"

#endif
