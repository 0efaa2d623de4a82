/* hybrid_gemm.h: convolution and fully connected layers of float data and integer weights, by the tiles of gemm_*.h.
 * ISA: that of the tiles; the rest is portable C.
 *
 * Data is quantized image by image, or row by row; the tiles leave sums in int32 where the results are to be, and these
 * become floats there. With the data's zero point, sum (x - zero) w = sum x w - zero sum w. What is around an image is
 * its zero point. int32 wraps, as the sums of conv_plain.h do when they are cut. */
#ifndef IG_HYBRID_GEMM_H
#define IG_HYBRID_GEMM_H

#include "conv.h"
#include "hybrid_quantize.h"
#include "transcendental.h"

typedef struct {
  int outs;              /* of a pixel */
  int asymmetric;        /* data quantized over [-128, 127] with a zero point, else over [-127, 127] */
  int weights_then_data; /* (sum * weight scale) * data scale; else sum * (both scales) */
  int with_tanh;
  const int32_t *weight_sums;       /* one a channel, and so on */
  const float *weight_scale, *bias; /* bias: or NULL */
  float low, high;
} hybrid;

/* Sums of `pixels` pixels to results, in place. */
IG_INLINE void hybrid_finish(const hybrid *h, float *out, const float *bias, size_t pixels, float scale, int32_t zero) {
  for (size_t p = 0; p < pixels; p++, out += h->outs)
    for (int c = 0; c < h->outs; c++) {
      int32_t sum;
      memcpy(&sum, out + c, sizeof sum);
      sum = (int32_t)((uint32_t)sum - (uint32_t)zero * (uint32_t)h->weight_sums[c]);
      float r = hybrid_real(sum, h->weight_scale[c], scale, h->weights_then_data);
      if (bias) r += bias[c];
      if (h->with_tanh) r = ig_tanh_f32(r);
      r = r < h->low ? h->low : r; /* NaN stays */
      out[c] = r > h->high ? h->high : r;
    }
}

#endif
