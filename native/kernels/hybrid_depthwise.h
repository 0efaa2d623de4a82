/* hybrid_depthwise.h: depthwise convolution with float data and integer weights. ISA: NEON (SMLAL), or portable C.
 *
 * Tile: 16 channels of one output pixel. Data: NHWC floats, quantized at run time per image. Weights: HWC int8, as in
 * the .tflite file. Accumulators: int32, wrapping, stored in the output buffer and converted to float in place. Taps
 * outside the image are skipped. */
#ifndef IG_HYBRID_DEPTHWISE_H
#define IG_HYBRID_DEPTHWISE_H

#include "hybrid_gemm.h"

/* Accumulators of up to 16 channels: `of` for 16, `rest` for fewer. */
typedef struct {
#if IG_NEON
  int32x4_t of[4];
#endif
  int32_t rest[16];
} hybrid_sums;
/* Adds the products of `count` channels at one tap. */
IG_INLINE void hybrid_tap(hybrid_sums *sums, const int8_t *x, const int8_t *w, int32_t zero, int count) {
#if IG_NEON
  if (count == 16) {
    const int8x16_t data = vld1q_s8(x), weights = vld1q_s8(w);
    const int16x8_t offset = vdupq_n_s16((int16_t)zero);
    GEMM_UNROLL for (int h = 0; h < 2; h++) {
      const int16x8_t a = vsubq_s16(h ? vmovl_high_s8(data) : vmovl_s8(vget_low_s8(data)), offset);
      const int16x8_t b = h ? vmovl_high_s8(weights) : vmovl_s8(vget_low_s8(weights));
      sums->of[2 * h] = vmlal_s16(sums->of[2 * h], vget_low_s16(a), vget_low_s16(b));
      sums->of[2 * h + 1] = vmlal_high_s16(sums->of[2 * h + 1], a, b);
    }
    return;
  }
#endif
  for (int i = 0; i < count; i++) sums->rest[i] += (x[i] - zero) * w[i];
}

/* Accumulators of channels [c, c + count), count <= 16, of the output pixel with window at (y0, x0). */
IG_INLINE void hybrid_window(const conv_shape *s, const int8_t *image, const int8_t *w, int32_t zero, int y0, int x0,
                             int c, int count, float *to) {
  hybrid_sums sums = {.rest = {0}};
#if IG_NEON
  GEMM_UNROLL for (int v = 0; v < 4; v++)
    sums.of[v] = vdupq_n_s32(0);
#endif
  for (int ky = 0; ky < s->kernel_h; ky++) {
    const int y = y0 + ky * s->dilation_h;
    if (y < 0 || y >= s->in_h) continue;
    for (int kx = 0; kx < s->kernel_w; kx++) {
      const int x = x0 + kx * s->dilation_w;
      if (x < 0 || x >= s->in_w) continue;
      hybrid_tap(&sums, image + ((size_t)y * s->in_w + x) * s->channels + c,
                 w + ((size_t)ky * s->kernel_w + kx) * s->channels + c, zero, count);
    }
  }
#if IG_NEON
  GEMM_UNROLL for (int v = 0; v < 4; v++)
    if (count == 16) vst1q_s32((int32_t *)(to + c) + 4 * v, sums.of[v]);
#endif
  if (!IG_NEON || count < 16) memcpy(to + c, sums.rest, count * sizeof *sums.rest);
}

/* `batch` images. h->weight_sums: zeros; q: scratch, one int8 per element of an image. */
IG_INLINE void hybrid_depthwise(const hybrid *h, const conv_shape *s, int batch, const float *in, const int8_t *w,
                                const float *bias, int8_t *q, float *out) {
  const size_t image = (size_t)s->in_h * s->in_w * s->channels, pixels = (size_t)s->out_h * s->out_w;
  for (int b = 0; b < batch; b++, in += image, out += pixels * h->outs) {
    float scale;
    int32_t zero;
    hybrid_quantize(in, image, h->asymmetric, q, &scale, &zero);
    for (size_t p = 0; p < pixels; p++) {
      const int y = (int)(p / s->out_w) * s->stride_h - s->pad_top, x = (int)(p % s->out_w) * s->stride_w - s->pad_left;
      int c = 0;
      for (; c + 16 <= h->outs; c += 16) hybrid_window(s, q, w, zero, y, x, c, 16, out + p * h->outs);
      if (c < h->outs) hybrid_window(s, q, w, zero, y, x, c, h->outs - c, out + p * h->outs);
    }
    hybrid_epilogue(h, out, bias, pixels, scale, 0);
  }
}

#endif
