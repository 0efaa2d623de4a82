/* depthwise_pairs.h: depthwise convolution of armv8.0: SMULL and SMLAL to 16 bits, widened where they may be full.
 *
 * Tile: 8 channels of `pixels` output pixels. A tap makes one product, or two where `twice` has its bit, as its weights
 * are the sum of two. Products are added up in 16 bits up to the ones that `cuts` names, and from there in 32: the
 * packer places the cuts so that no sum overflows, whatever the data; two products of weights in [-127, 127] always fit.
 * Weights [products][channels], int8.
 *
 * Cores that issue out of order would widen a sum in the place of a multiplication that is not ready yet: there each is
 * widened after the multiplications of the next, and weights, in whose registers it waits, are loaded when needed. */
#ifndef IG_DEPTHWISE_PAIRS_H
#define IG_DEPTHWISE_PAIRS_H

#include "depthwise_i8.h"
#include "depthwise_in_order.h"
#include "depthwise_windows.h"
#if IG_NEON

/* Whether a sum is widened after the multiplications of the next. */
#ifdef IG_IN_ORDER
#define DEPTHWISE_LATER 0
#else
#define DEPTHWISE_LATER 1
#endif
/* Otherwise so many products keep their weights in registers. */
#define DEPTHWISE_HELD 10

IG_INLINE int depthwise_products(const depthwise *d) {
  return d->kernel_h * d->kernel_w + __builtin_popcountll(d->twice);
}

/* Widens sum number `cut` into the accumulators. */
IG_INLINE void depthwise_widen(int16x8_t sum[DEPTHWISE_PIXELS], int pixels, int cut, const int32_t *bias,
                               int32x4_t acc[][2]) {
  GEMM_UNROLL for (int i = 0; i < pixels; i++) {
    acc[i][0] = vaddw_s16(cut ? acc[i][0] : vld1q_s32(bias), vget_low_s16(sum[i]));
    acc[i][1] = vaddw_high_s16(cut ? acc[i][1] : vld1q_s32(bias + 4), sum[i]);
  }
}

/* at: where the taps of the first pixel start in row[ky]. */
IG_INLINE void depthwise_step_pairs(const depthwise *d, const int8_t *const *row, size_t at, int pixels,
                                    const int8x8_t *held, const int8_t *w, const int32_t *bias, int32x4_t acc[][2]) {
  if (!held) DEPTHWISE_AGAIN(w);
  int16x8_t sum[2][DEPTHWISE_PIXELS];
  int product = 0, open = 0, cut = 0; /* of the sums: whether there is one, how many have been */
  if (d->reload) DEPTHWISE_AGAIN(bias);
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const int8_t *x = row[t / d->kernel_w] + at + (size_t)(t % d->kernel_w) * d->dilation_w * d->channels;
    GEMM_UNROLL for (int part = 0; part < 2; part++) {
      if (part > (int)(d->twice >> t & 1)) continue;
      const int8x8_t b = held ? held[product] : vld1_s8(w + product * d->channels);
      int16x8_t *s = sum[DEPTHWISE_LATER * cut % 2], *before = sum[(cut + 1) % 2];
      GEMM_UNROLL for (int i = 0; i < pixels; i++) {
        const int8x8_t a = vld1_s8(x + DEPTHWISE_AT(d, i));
        s[i] = open ? vmlal_s8(s[i], a, b) : vmull_s8(a, b);
      }
      open = !(d->cuts >> product & 1);
      product++;
      if (open) continue;
      if (!DEPTHWISE_LATER) {
        depthwise_widen(s, pixels, cut, bias, acc);
      } else if (cut > 0) {
        GEMM_UNROLL for (int i = 0; i < pixels; i++) DEPTHWISE_AFTER(before[i], s[i]);
        depthwise_widen(before, pixels, cut - 1, bias, acc);
      }
      cut++;
    }
  }
  if (DEPTHWISE_LATER) depthwise_widen(sum[(cut + 1) % 2], pixels, cut - 1, bias, acc);
}

IG_INLINE void depthwise_rows_pairs(const depthwise *d, const void *const *rows_in, int rows, void *to_rows) {
  uint8_t *out = to_rows;
  const int products = depthwise_products(d), hold = !DEPTHWISE_LATER && products <= DEPTHWISE_HELD;
  const int tail = d->out_w % d->pixels;
  IG_ASSERT(d->multiplier == 1 && d->channels >= 8 && d->pixels >= 1 && d->pixels <= DEPTHWISE_PIXELS);
  /* A bit for each of two products of a tap. */
  IG_ASSERT(d->kernel_h * d->kernel_w <= 32);
  if (d->chain) depthwise_ring_windows(d, (const int8_t *const *)rows_in, rows);
  for (int block = 0; block < gemm_count(d->channels, 8); block++) {
    const int c = gemm_start(block, 8, d->channels);
    if (d->chain && d->chained[block] >= 0) {
      d->chain(d->windows, rows, block, out);
      continue;
    }
    const int8_t *w = (const int8_t *)d->weights + c;
    const depthwise_factors f = depthwise_load_factors(d, c);
    int8x8_t held[DEPTHWISE_HELD];
    GEMM_UNROLL for (int p = 0; p < DEPTHWISE_HELD; p++)
      if (hold && p < products) held[p] = vld1_s8(w + p * d->channels);
    uint8_t *to = out + c;
    GEMM_ROLLED for (int r = 0; r < rows; r++) {
      const int8_t *row[DEPTHWISE_ROWS];
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++) row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = c;
      int32x4_t acc[DEPTHWISE_PIXELS][2];
      GEMM_ROLLED for (int i = 0; i < d->out_w / d->pixels; i++) {
        depthwise_step_pairs(d, row, at, d->pixels, hold ? held : NULL, w, d->out.bias + c, acc);
        depthwise_finish(d, &f, acc, d->pixels, c, to);
        at += DEPTHWISE_AT(d, d->pixels);
        to += d->pixels * d->channels;
      }
      if (tail == 0) continue;
      depthwise_step_pairs(d, row, at, tail, hold ? held : NULL, w, d->out.bias + c, acc);
      depthwise_finish(d, &f, acc, tail, c, to);
      to += tail * d->channels;
    }
  }
}

/* Unsigned bytes less 128. */
IG_INLINE void depthwise_pad_pairs(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  depthwise_pad(d, image, y, d->out.is_unsigned ? 0x80 : 0, to);
}

#define DEPTHWISE_KERNEL pairs
#include "depthwise_run.h"

#endif
#endif
