/* hybrid_gemm.h: convolution and fully connected layers of float data and integer weights, by the tiles of gemm_*.h. ISA: that
 * of the tiles; the rest is portable C.
 *
 * Data is quantized image by image, or row by row; the tiles leave sums in int32 where the results are to be, and these
 * become floats there. With the data's zero point, sum (x - zero) w = sum x w - zero sum w. What is around an image is its
 * zero point. int32 wraps, as the sums of conv_plain.h do when they are cut. */
#ifndef IG_HYBRID_GEMM_H
#define IG_HYBRID_GEMM_H

#include "conv.h"
#include "hybrid_quantize.h"
#include "transcendental.h"

typedef struct {
  int outs;                  /* of a pixel */
  int asymmetric;            /* data quantized over [-128, 127] with a zero point, else over [-127, 127] */
  int weights_then_data;     /* (sum * weight scale) * data scale; else sum * (both scales) */
  int with_tanh;
  const int32_t *weight_sums; /* one a channel, and so on */
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

/* `batch` images, one after another. s: of one image; q: scratch of one, with CONV_SPARE bytes behind; padded, panel as of
 * conv_run_i8. */
IG_INLINE void hybrid_conv(const hybrid *h, const gemm_i8 *g, const conv_shape *s, int batch, const float *in,
                           const float *bias, int8_t *q, uint8_t *padded, uint8_t *panel, float *out) {
  const size_t image = (size_t)s->in_h * s->in_w * s->channels, pixels = (size_t)s->out_h * s->out_w;
  for (int b = 0; b < batch; b++, in += image, out += pixels * h->outs) {
    float scale;
    int32_t zero;
    hybrid_quantize(in, image, h->asymmetric, q, &scale, &zero);
    conv_shape own = *s;
    own.fill = (uint8_t)zero;
    conv_run_i8(g, &own, (const uint8_t *)q, padded, panel, (uint8_t *)out, 0, gemm_count(s->out_h, s->band));
    hybrid_finish(h, out, bias, pixels, scale, zero);
  }
}

/* Rows, `shared` of which have one scale. q: scratch of g->m rows of lda elements; work: of 8 bytes for each scale, which
 * holds them and the zero points. */
IG_INLINE void hybrid_rows(const hybrid *h, const gemm_i8 *g, int shared, const float *in, const float *bias, void *work,
                           int8_t *q, float *out) {
  const int images = g->m / shared;
  float *scales = work;
  int32_t *zeros = (int32_t *)(scales + images);
  for (int b = 0; b < images; b++)
    hybrid_quantize(in + (size_t)b * shared * g->k, (size_t)shared * g->k, h->asymmetric, q + b * shared * g->lda, scales + b,
                    zeros + b);
  const int steps = g->weights_first ? gemm_count(g->n, g->nr) : gemm_count(g->m, g->mr);
  gemm_run_i8(g, (const uint8_t *)q, NULL, (uint8_t *)out, 0, steps);
  for (int b = 0; b < images; b++)
    hybrid_finish(h, out + (size_t)b * shared * h->outs, bias, (size_t)shared, scales[b], zeros[b]);
}

#endif
