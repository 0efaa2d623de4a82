/* depthwise_i8.h: epilogue of the 8-bit NEON kernels of depthwise.h: requantize, add zero point, narrow, clamp, store 8
 * channels.
 *
 * All shifts to the right: |v| <= 2^30, so values are narrowed to 16 bits before the zero point is added. fits16: they
 * are narrowed without saturation. low >= zero_point: the rounding of negative values is irrelevant. */
#ifndef IG_DEPTHWISE_I8_H
#define IG_DEPTHWISE_I8_H

#include "depthwise.h"
#if IG_NEON

/* Hides from the compiler what the pointer points to: values are loaded at each use and hold no registers. */
#define DEPTHWISE_OPAQUE(pointer) __asm__ volatile("" : "+r"(pointer))
/* The vector is computed as written: the compiler cannot split it or store it interleaved (ST2). */
#define DEPTHWISE_WHOLE(vector) __asm__("" : "+w"(vector))
/* The same, in program order. DEPTHWISE_AFTER: uses of `vector` stay behind the load of `loaded`. */
#define DEPTHWISE_PIN(vector) __asm__ volatile("" : "+w"(vector))
#define DEPTHWISE_AFTER(vector, loaded) __asm__ volatile("" : "+w"(vector), "+w"(loaded))

/* Multipliers and shifts of 8 channels, in registers along the row; only for GEMM_SHIFT_RIGHT. */
typedef struct {
  int32x4_t multiplier[2], shift[2];
} depthwise_factors;

IG_INLINE depthwise_factors depthwise_load_factors(const depthwise *d, int c) {
  depthwise_factors f = {{vdupq_n_s32(0), vdupq_n_s32(0)}, {vdupq_n_s32(0), vdupq_n_s32(0)}};
  if (d->out.requantize != GEMM_SHIFT_RIGHT) return f;
  GEMM_UNROLL for (int h = 0; h < 2; h++) {
    f.multiplier[h] = vld1q_s32(d->out.multiplier + c + 4 * h);
    f.shift[h] = vld1q_s32(d->out.shift + c + 4 * h);
  }
  return f;
}

/* Requantizes channels c + 4h to c + 4h + 3. */
IG_INLINE int32x4_t depthwise_requantize(const depthwise *d, const depthwise_factors *f, int32x4_t acc, int c, int h) {
  if (d->out.requantize != GEMM_SHIFT_RIGHT) return gemm_requantize(&d->out, acc, c + 4 * h);
#ifdef IG_SINGLE_ROUNDING
  return vrshlq_s32(vqdmulhq_s32(acc, f->multiplier[h]), f->shift[h]);
#else
  acc = vqrdmulhq_s32(acc, f->multiplier[h]);
  if (d->out.low < d->out.zero_point) acc = vsraq_n_s32(acc, acc, 31);
  return vrshlq_s32(acc, f->shift[h]);
#endif
}

/* Results of channels c to c + 7 of two pixels. */
IG_INLINE uint8x16_t depthwise_results(const depthwise *d, const depthwise_factors *f, int32x4_t acc[2][2], int c) {
  const gemm_epilogue *e = &d->out;
  const int early = d->fits16 || e->requantize == GEMM_SHIFT_RIGHT; /* narrow before adding the zero point */
  const int flipped = !e->is_unsigned && early && e->zero_point == -128 && e->low == -128;
  const int unsigned_results = e->is_unsigned || flipped, offset = flipped ? 128 : 0;
  int16x8_t h[2];
  GEMM_UNROLL for (int i = 0; i < 2; i++) {
    int32x4_t lo = depthwise_requantize(d, f, acc[i][0], c, 0), hi = depthwise_requantize(d, f, acc[i][1], c, 1);
    if (!early) lo = vaddq_s32(lo, vdupq_n_s32(e->zero_point)), hi = vaddq_s32(hi, vdupq_n_s32(e->zero_point));
    if (d->fits16) h[i] = vuzp1q_s16(vreinterpretq_s16_s32(lo), vreinterpretq_s16_s32(hi));
    else h[i] = vqmovn_high_s32(vqmovn_s32(lo), hi);
    if (early && e->zero_point + offset != 0) h[i] = vqaddq_s16(h[i], vdupq_n_s16((int16_t)e->zero_point));
  }
  if (unsigned_results) {
    const int top = e->high + offset;
    uint8x16_t r = vqmovun_high_s16(vqmovun_s16(h[0]), h[1]);
    if (e->low + offset > 0) r = vmaxq_u8(r, vdupq_n_u8((uint8_t)(e->low + offset)));
    if (top < 255) r = vminq_u8(r, vdupq_n_u8((uint8_t)top));
    return flipped ? veorq_u8(r, vdupq_n_u8(0x80)) : r;
  }
  int8x16_t r = vqmovn_high_s16(vqmovn_s16(h[0]), h[1]);
  if (e->low > -128) r = vmaxq_s8(r, vdupq_n_s8((int8_t)e->low));
  if (e->high < 127) r = vminq_s8(r, vdupq_n_s8((int8_t)e->high));
  return vreinterpretq_u8_s8(r);
}

/* Epilogue of channels c to c + 7 of `pixels` adjacent pixels; to: channel c of the first. */
IG_INLINE void depthwise_epilogue(const depthwise *d, const depthwise_factors *f, int32x4_t acc[DEPTHWISE_PIXELS][2],
                                  int pixels, int c, uint8_t *to) {
  GEMM_UNROLL for (int i = 0; i < DEPTHWISE_PIXELS; i += 2) {
    if (i >= pixels) continue;
    if (i + 1 == pixels) acc[i + 1][0] = acc[i][0], acc[i + 1][1] = acc[i][1];
    uint8x16_t r = depthwise_results(d, f, acc + i, c);
    DEPTHWISE_WHOLE(r);
    vst1_u8(to + (size_t)i * d->channels, vget_low_u8(r));
    if (i + 1 < pixels) vst1q_lane_u64((uint64_t *)(to + (size_t)(i + 1) * d->channels), vreinterpretq_u64_u8(r), 1);
  }
}

/* Offset in an input row of output pixel x's window. */
#define DEPTHWISE_AT(d, x) ((size_t)(x) * (d)->stride_w * (d)->channels)

#endif
#endif
