/* depthwise_f32.h: depthwise convolution of floats: FMLA.
 *
 * Tile: 4 channels of `pixels` output pixels, which share their loads. Weights [taps][channels]; beyond
 * DEPTHWISE_F32_HELD taps they are loaded when needed. Sums begin with the bias and take the taps in order. */
#ifndef IG_DEPTHWISE_F32_H
#define IG_DEPTHWISE_F32_H

#include "depthwise_i8.h"

#define DEPTHWISE_F32_HELD 12

IG_INLINE void depthwise_step_f32(const depthwise *d, const float *const *row, size_t at, int pixels,
                                  const float32x4_t *held, const float *w, const float *bias, float *to) {
  float32x4_t acc[DEPTHWISE_PIXELS];
  const float32x4_t low = vdupq_n_f32(d->low), high = vdupq_n_f32(d->high);
  DEPTHWISE_AGAIN(bias);
  GEMM_UNROLL for (int i = 0; i < pixels; i++) acc[i] = vld1q_f32(bias);
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const float *x = row[t / d->kernel_w] + at + (size_t)(t % d->kernel_w) * d->dilation_w * d->channels;
    const float32x4_t b = held ? held[t] : vld1q_f32(w + t * d->channels);
    GEMM_UNROLL for (int i = 0; i < pixels; i++) acc[i] = vfmaq_f32(acc[i], vld1q_f32(x + DEPTHWISE_AT(d, i)), b);
  }
  GEMM_UNROLL for (int i = 0; i < pixels; i++)
    vst1q_f32(to + (size_t)i * d->channels, vminq_f32(vmaxq_f32(acc[i], low), high));
}

IG_INLINE void depthwise_row_f32(const depthwise *d, const float *const *row, float *to) {
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_F32_HELD;
  for (int block = 0; block < gemm_count(d->channels, 4); block++) {
    const int c = gemm_start(block, 4, d->channels);
    const float *w = (const float *)d->weights + c;
    float32x4_t held[DEPTHWISE_F32_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_F32_HELD; t++)
      if (hold && t < taps) held[t] = vld1q_f32(w + t * d->channels);
    for (int step = 0; step < gemm_count(d->out_w, d->pixels); step++) {
      const int x = gemm_start(step, d->pixels, d->out_w);
      depthwise_step_f32(d, row, DEPTHWISE_AT(d, x) + c, d->pixels, hold ? held : NULL, w, d->bias + c,
                         to + (size_t)x * d->channels + c);
    }
  }
}

#endif
