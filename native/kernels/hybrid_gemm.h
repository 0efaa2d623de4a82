/* hybrid_gemm.h: convolution and fully connected layers with float data and integer weights, by the tiles of gemm_*.h.
 * ISA: that of the tile; quantization NEON or portable C; the epilogue portable C.
 *
 * Data is quantized at run time, per image or per row. Tile, layouts: the kernel's, with GEMM_INT32.
 * Accumulators: int32, wrapping, stored in the output buffer and converted to float in place:
 *   sum (x - zero) * w = sum x * w - zero * (sum w)
 * Padding is the zero point of the image. */
#ifndef IG_HYBRID_GEMM_H
#define IG_HYBRID_GEMM_H

#include "conv.h"
#include "hybrid_quantize.h"
#include "transcendental.h"

typedef struct {
  int outs;              /* output channels */
  int asymmetric;        /* data in [-128, 127] with a zero point; else in [-127, 127] */
  int weights_then_data; /* (acc * weight scale) * data scale; else acc * (weight scale * data scale) */
  int with_tanh;
  const int32_t *weight_sums;       /* sum w, one per output channel, as are the next two */
  const float *weight_scale, *bias; /* bias may be NULL */
  float low, high;
} hybrid;

/* Epilogue of `pixels` pixels, in place. */
IG_INLINE void hybrid_epilogue(const hybrid *h, float *out, const float *bias, size_t pixels, float scale,
                               int32_t zero) {
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
