/* depthwise_wide.h: depthwise convolution, 8 bits, for weights that are no sum of two int8. ISA: armv8.0: SMLAL on
 * 16-bit operands.
 *
 * Tile: 8 channels x `pixels` output pixels. Data: NHWC, 8 bits, widened when loaded. Weights: [taps][channels] int16,
 * zero point subtracted; held in registers up to DEPTHWISE_WIDE_HELD taps. Accumulators: int32, wrapping. */
#ifndef IG_DEPTHWISE_WIDE_H
#define IG_DEPTHWISE_WIDE_H

#include "depthwise_i8.h"
#if IG_NEON

#define DEPTHWISE_WIDE_HELD 9

IG_INLINE void depthwise_step_wide(const depthwise *d, const uint8_t *const *row, size_t at, int pixels,
                                   const int16x8_t *held, const int16_t *w, const int32_t *bias, int32x4_t acc[][2]) {
  if (!held) DEPTHWISE_OPAQUE(w);
  GEMM_UNROLL for (int i = 0; i < pixels; i++) {
    if (d->reload) DEPTHWISE_OPAQUE(bias);
    GEMM_UNROLL for (int h = 0; h < 2; h++)
      acc[i][h] = vld1q_s32(bias + 4 * h);
  }
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const uint8_t *x = row[t / d->kernel_w] + at + (size_t)(t % d->kernel_w) * d->dilation_w * d->channels;
    const int16x8_t b = held ? held[t] : vld1q_s16(w + t * d->channels);
    GEMM_UNROLL for (int i = 0; i < pixels; i++) {
      const int16x8_t a = gemm_widen(vld1_u8(x + DEPTHWISE_AT(d, i)), d->out.is_unsigned);
      acc[i][0] = vmlal_s16(acc[i][0], vget_low_s16(a), vget_low_s16(b));
      acc[i][1] = vmlal_high_s16(acc[i][1], a, b);
    }
  }
}

IG_INLINE void depthwise_rows_wide(const depthwise *d, const void *const *rows_in, int rows, void *to_rows) {
  uint8_t *out = to_rows;
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_WIDE_HELD;
  const int tail = d->out_w % d->pixels;
  IG_ASSERT(d->multiplier == 1 && d->channels >= 8 && d->pixels >= 1 && d->pixels <= DEPTHWISE_PIXELS);
  for (int block = 0; block < gemm_count(d->channels, 8); block++) {
    const int c = gemm_start(block, 8, d->channels);
    const int16_t *w = (const int16_t *)d->weights + c;
    const depthwise_factors f = depthwise_load_factors(d, c);
    int16x8_t held[DEPTHWISE_WIDE_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_WIDE_HELD; t++)
      if (hold && t < taps) held[t] = vld1q_s16(w + t * d->channels);
    uint8_t *to = out + c;
    GEMM_ROLLED for (int r = 0; r < rows; r++) {
      const uint8_t *row[DEPTHWISE_ROWS];
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++)
        row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = c;
      int32x4_t acc[DEPTHWISE_PIXELS][2];
      GEMM_ROLLED for (int i = 0; i < d->out_w / d->pixels; i++) {
        depthwise_step_wide(d, row, at, d->pixels, hold ? held : NULL, w, d->out.bias + c, acc);
        depthwise_epilogue(d, &f, acc, d->pixels, c, to);
        at += DEPTHWISE_AT(d, d->pixels);
        to += d->pixels * d->channels;
      }
      if (tail == 0) continue;
      depthwise_step_wide(d, row, at, tail, hold ? held : NULL, w, d->out.bias + c, acc);
      depthwise_epilogue(d, &f, acc, tail, c, to);
      to += tail * d->channels;
    }
  }
}

IG_INLINE void depthwise_pad_wide(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  depthwise_pad(d, image, y, 0, to);
}

#define DEPTHWISE_KERNEL wide
#include "depthwise_run.h"

#endif
#endif
