/* depthwise_pairs.h: depthwise convolution, 8 bits. ISA: armv8.0: SMULL and SMLAL to 16 bits, then SADDW.
 *
 * Tile: 8 channels x `pixels` output pixels. Data: NHWC int8; uint8 as x - 128 in the ring. Weights:
 * [products][channels] int8; one product per tap, two where `twice` has its bit. 16-bit sums: products are added in 16
 * bits and widened where `cuts` has their bit. The packer places the cuts so that no sum overflows for any data; two
 * products always fit: 2 * 128 * 127 < 2^15. Accumulators: int32, wrapping.
 *
 * In-order cores: a sum is widened when it is cut; weights stay in registers up to DEPTHWISE_HELD products.
 * Out-of-order cores: a sum is widened after the multiplications of the next one, so that SADDW does not take their
 * slots; it needs the registers of the weights, which are loaded at each use. */
#ifndef IG_DEPTHWISE_PAIRS_H
#define IG_DEPTHWISE_PAIRS_H

#include "depthwise_i8.h"
#include "depthwise_in_order.h"
#include "depthwise_windows.h"
#if IG_NEON

/* 1: a sum is widened after the multiplications of the next one. */
#ifdef IG_IN_ORDER
#define DEPTHWISE_LATER 0
#else
#define DEPTHWISE_LATER 1
#endif
/* In-order cores: most products whose weights stay in registers. */
#define DEPTHWISE_HELD 10

IG_INLINE int depthwise_products(const depthwise *d) {
  return d->kernel_h * d->kernel_w + __builtin_popcountll(d->twice);
}

/* Adds 16-bit sum number `cut` to the accumulators; the first starts them at the bias. */
IG_INLINE void depthwise_widen(int16x8_t sum[DEPTHWISE_PIXELS], int pixels, int cut, const int32_t *bias,
                               int32x4_t acc[][2]) {
  GEMM_UNROLL for (int i = 0; i < pixels; i++) {
    acc[i][0] = vaddw_s16(cut ? acc[i][0] : vld1q_s32(bias), vget_low_s16(sum[i]));
    acc[i][1] = vaddw_high_s16(cut ? acc[i][1] : vld1q_s32(bias + 4), sum[i]);
  }
}

/* Accumulators of `pixels` output pixels. at: offset of the first one's window in row[ky]. */
IG_INLINE void depthwise_step_pairs(const depthwise *d, const int8_t *const *row, size_t at, int pixels,
                                    const int8x8_t *held, const int8_t *w, const int32_t *bias, int32x4_t acc[][2]) {
  if (!held) DEPTHWISE_OPAQUE(w);
  int16x8_t sum[2][DEPTHWISE_PIXELS];
  int product = 0, open = 0, cut = 0; /* open: a 16-bit sum has been started; cut: sums finished */
  if (d->reload) DEPTHWISE_OPAQUE(bias);
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
        GEMM_UNROLL for (int i = 0; i < pixels; i++)
          DEPTHWISE_AFTER(before[i], s[i]);
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
  /* cuts has 64 bits; a tap has up to two products. */
  IG_ASSERT(d->kernel_h * d->kernel_w <= 32);
  if (d->block_function) depthwise_ring_windows(d, (const int8_t *const *)rows_in, rows);
  for (int block = 0; block < gemm_count(d->channels, 8); block++) {
    const int c = gemm_start(block, 8, d->channels);
    if (d->block_function && d->block_kinds[block] >= 0) {
      d->block_function(d->windows, rows, block, out);
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
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++)
        row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = c;
      int32x4_t acc[DEPTHWISE_PIXELS][2];
      GEMM_ROLLED for (int i = 0; i < d->out_w / d->pixels; i++) {
        depthwise_step_pairs(d, row, at, d->pixels, hold ? held : NULL, w, d->out.bias + c, acc);
        depthwise_epilogue(d, &f, acc, d->pixels, c, to);
        at += DEPTHWISE_AT(d, d->pixels);
        to += d->pixels * d->channels;
      }
      if (tail == 0) continue;
      depthwise_step_pairs(d, row, at, tail, hold ? held : NULL, w, d->out.bias + c, acc);
      depthwise_epilogue(d, &f, acc, tail, c, to);
      to += tail * d->channels;
    }
  }
}

/* uint8 as x - 128. */
IG_INLINE void depthwise_pad_pairs(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  depthwise_pad(d, image, y, d->out.is_unsigned ? 0x80 : 0, to);
}

#define DEPTHWISE_KERNEL pairs
#include "depthwise_run.h"

#endif
#endif
