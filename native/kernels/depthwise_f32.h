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
  GEMM_UNROLL for (int i = 0; i < pixels; i++) {
    DEPTHWISE_AGAIN(bias);
    acc[i] = vld1q_f32(bias);
  }
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const float *x = row[t / d->kernel_w] + at + (size_t)(t % d->kernel_w) * d->dilation_w * d->channels;
    const float32x4_t b = held ? held[t] : vld1q_f32(w + t * d->channels);
    GEMM_UNROLL for (int i = 0; i < pixels; i++) acc[i] = vfmaq_f32(acc[i], vld1q_f32(x + DEPTHWISE_AT(d, i)), b);
  }
  GEMM_UNROLL for (int i = 0; i < pixels; i++)
    vst1q_f32(to + (size_t)i * d->channels, vminq_f32(vmaxq_f32(acc[i], low), high));
}

IG_INLINE void depthwise_rows_f32(const depthwise *d, const float *const *rows_in, int rows, float *out) {
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_F32_HELD;
  const int tail = d->out_w % d->pixels;
  for (int block = 0; block < gemm_count(d->channels, 4); block++) {
    const int c = gemm_start(block, 4, d->channels);
    const float *w = (const float *)d->weights + c;
    float32x4_t held[DEPTHWISE_F32_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_F32_HELD; t++)
      if (hold && t < taps) held[t] = vld1q_f32(w + t * d->channels);
    float *to = out + c;
    GEMM_ROLLED for (int r = 0; r < rows; r++) {
      const float *row[DEPTHWISE_ROWS];
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++) row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = c;
      GEMM_ROLLED for (int i = 0; i < d->out_w / d->pixels; i++) {
        depthwise_step_f32(d, row, at, d->pixels, hold ? held : NULL, w, d->bias + c, to);
        at += DEPTHWISE_AT(d, d->pixels);
        to += d->pixels * d->channels;
      }
      if (tail == 0) continue;
      depthwise_step_f32(d, row, at, tail, hold ? held : NULL, w, d->bias + c, to);
      to += tail * d->channels;
    }
  }
}

#endif
