/* depthwise_f32.h: depthwise convolution, FP32. ISA: armv8.0, FMLA.
 *
 * Tile: 4 channels x `pixels` output pixels, which share their loads. Data: NHWC. Weights: [taps][channels], held in
 * registers up to DEPTHWISE_F32_HELD taps. Accumulators: bias, then the products in the order of the taps. */
#ifndef IG_DEPTHWISE_F32_H
#define IG_DEPTHWISE_F32_H

#include "depthwise_i8.h"
#if IG_NEON

#define DEPTHWISE_F32_HELD 12

/* Input column n % columns of kernel row n / columns. */
IG_INLINE float32x4_t depthwise_column_f32(const depthwise *d, const float *const *row, size_t at, int columns, int n) {
  return vld1q_f32(row[n / columns] + at + (size_t)(n % columns) * d->channels);
}

/* Tile at offset `at`. Input columns are multiplied in order; column n + 2 is loaded before column n is multiplied. For
 * in-order cores: accumulators have the latency of two loads to settle, and the A53 cannot issue a vector load four
 * cycles after an FMLA. */
IG_INLINE void depthwise_step_f32(const depthwise *d, const float *const *row, size_t at, int pixels,
                                  const float32x4_t *held, const float *w, float32x4_t start, const float *bias,
                                  float *to) {
  if (!held) DEPTHWISE_OPAQUE(w);
  const int columns = (pixels - 1) * d->stride_w + (d->kernel_w - 1) * d->dilation_w + 1;
  const int all = d->kernel_h * columns;
  float32x4_t acc[DEPTHWISE_F32_PIXELS], x = depthwise_column_f32(d, row, at, columns, 0), next = x;
  if (all > 1) next = depthwise_column_f32(d, row, at, columns, 1);
  DEPTHWISE_AFTER(x, next);
  GEMM_UNROLL for (int i = 0; i < pixels; i++) {
    if (d->reload) DEPTHWISE_OPAQUE(bias);
    acc[i] = d->reload ? vld1q_f32(bias) : start;
    DEPTHWISE_PIN(acc[i]);
  }
  GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++) GEMM_UNROLL
    for (int j = 0; j < columns; j++) {
      const int n = ky * columns + j;
      float32x4_t later = next;
      if (n + 2 < all) {
        later = depthwise_column_f32(d, row, at, columns, n + 2);
        DEPTHWISE_AFTER(x, later);
      }
      GEMM_UNROLL for (int i = pixels - 1; i >= 0; i--) {
        const int ahead = j - i * d->stride_w, kx = ahead / d->dilation_w, t = ky * d->kernel_w + kx;
        if (ahead < 0 || ahead % d->dilation_w != 0 || kx >= d->kernel_w) continue;
        acc[i] = vfmaq_f32(acc[i], x, held ? held[t] : vld1q_f32(w + t * d->channels));
        DEPTHWISE_PIN(acc[i]);
      }
      x = next;
      next = later;
    }
  const float32x4_t low = vdupq_n_f32(d->low), high = vdupq_n_f32(d->high);
  GEMM_UNROLL for (int i = 0; i < pixels; i++)
    vst1q_f32(to + (size_t)i * d->channels, vminq_f32(vmaxq_f32(acc[i], low), high));
}

IG_INLINE void depthwise_rows_f32(const depthwise *d, const void *const *rows_in, int rows, void *to_rows) {
  float *out = to_rows;
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_F32_HELD;
  const int tail = d->out_w % d->pixels;
  IG_ASSERT(d->multiplier == 1 && d->channels >= 4 && d->pixels >= 1 && d->pixels <= DEPTHWISE_F32_PIXELS);
  for (int block = 0; block < gemm_count(d->channels, 4); block++) {
    const int c = gemm_start(block, 4, d->channels);
    const float *w = (const float *)d->weights + c;
    float32x4_t held[DEPTHWISE_F32_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_F32_HELD; t++)
      if (hold && t < taps) held[t] = vld1q_f32(w + t * d->channels);
    float32x4_t start = vld1q_f32(d->bias + c);
    DEPTHWISE_WHOLE(start);
    float *to = out + c;
    GEMM_ROLLED for (int r = 0; r < rows; r++) {
      const float *row[DEPTHWISE_ROWS];
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++)
        row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = c;
      GEMM_ROLLED for (int i = 0; i < d->out_w / d->pixels; i++) {
        depthwise_step_f32(d, row, at, d->pixels, hold ? held : NULL, w, start, d->bias + c, to);
        at += DEPTHWISE_AT(d, d->pixels);
        to += d->pixels * d->channels;
      }
      if (tail == 0) continue;
      depthwise_step_f32(d, row, at, tail, hold ? held : NULL, w, start, d->bias + c, to);
      to += tail * d->channels;
    }
  }
}

IG_INLINE void depthwise_pad_f32(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  depthwise_pad(d, image, y, 0, to);
}

#define DEPTHWISE_KERNEL f32
#include "depthwise_run.h"

#endif
#endif
