/* linear.h: 8-bit ADD and SUB as one linear form. ISA: NEON (16 elements per step), or portable C. Layout: as
 * elementwise.h. X, Y: the operands as int8 (uint8: x - 128). H(a, b) = SQRDMULH:
 *
 *   out = clamp(((H(X * 2^24 + below, m1) + H(Y * 2^24, m2)) >> 16) + offset) >> 6)
 *
 * TFLite rounds an element up to five times. The code generator searches constants that give TFLite's result for all
 * 65,536 pairs of operands (linear_sum.ts); if there are none, it takes elementwise.h.
 * Bounds: |m1| + |m2| < 2^31 - 2^17, so that the sum of the high halves fits 32 bits. A value that saturates in 16 bits
 * is outside the 8-bit range after >> 6. */
#ifndef IG_LINEAR_H
#define IG_LINEAR_H

#include "arith.h"

typedef struct {
  int32_t m1, m2, below, offset, lo, hi;
} ig_linear;

IG_INLINE int32_t ig_linear_1(int8_t x, int8_t y, const ig_linear *p) {
  const int32_t sum = ig_sqrdmulh(ig_shl(x, 24) + p->below, p->m1) + ig_sqrdmulh(ig_shl(y, 24), p->m2);
  return ig_clamp(((sum >> 16) + p->offset) >> 6, p->lo, p->hi);
}

#if IG_NEON

/* H(lane, m) of each of four lanes, added to `sum`. */
IG_INLINE int32x4_t ig_add_high(int32x4_t sum, uint16x8_t lanes, int32x4_t m) {
#ifdef __ARM_FEATURE_QRDMX
  return vqrdmlahq_s32(sum, vreinterpretq_s32_u16(lanes), m);
#else
  return vaddq_s32(sum, vqrdmulhq_s32(vreinterpretq_s32_u16(lanes), m));
#endif
}

/* 16-bit fixed-point results of eight pairs. x, y: elements in the upper byte of each lane; `below` fills the low half.
 */
IG_INLINE int16x8_t ig_linear_8(uint16x8_t x, uint16x8_t y, const ig_linear *p) {
  const uint16x8_t below = vdupq_n_u16((uint16_t)p->below), zero = vdupq_n_u16(0);
  const int32x4_t m1 = vdupq_n_s32(p->m1), m2 = vdupq_n_s32(p->m2);
  const int32x4_t first_lo = vqrdmulhq_s32(vreinterpretq_s32_u16(vzip1q_u16(below, x)), m1);
  const int32x4_t first_hi = vqrdmulhq_s32(vreinterpretq_s32_u16(vzip2q_u16(below, x)), m1);
  const int32x4_t lo = ig_add_high(first_lo, vzip1q_u16(zero, y), m2);
  const int32x4_t hi = ig_add_high(first_hi, vzip2q_u16(zero, y), m2);
  return vqaddq_s16(vuzp2q_s16(vreinterpretq_s16_s32(lo), vreinterpretq_s16_s32(hi)), vdupq_n_s16((int16_t)p->offset));
}

typedef struct {
  int16x8_t lo, hi;
} ig_linear_16;

IG_INLINE ig_linear_16 ig_linear_step(uint8x16_t x, uint8x16_t y, const ig_linear *p) {
  const uint8x16_t below = vdupq_n_u8((uint8_t)(p->below >> 16)), zero = vdupq_n_u8(0);
  const uint16x8_t x_lo = vreinterpretq_u16_u8(vzip1q_u8(below, x)), x_hi = vreinterpretq_u16_u8(vzip2q_u8(below, x));
  const uint16x8_t y_lo = vreinterpretq_u16_u8(vzip1q_u8(zero, y)), y_hi = vreinterpretq_u16_u8(vzip2q_u8(zero, y));
  return (ig_linear_16){ig_linear_8(x_lo, y_lo, p), ig_linear_8(x_hi, y_hi, p)};
}

IG_INLINE uint8x16_t ig_signed_16(const void *x, int stride, uint8_t flip) {
  return veorq_u8(stride ? vld1q_u8(x) : vdupq_n_u8(*(const uint8_t *)x), vdupq_n_u8(flip));
}

IG_INLINE void ig_store_linear_s8(int8_t *out, ig_linear_16 r, const ig_linear *p) {
  int8x16_t y = vqshrn_high_n_s16(vqshrn_n_s16(r.lo, 6), r.hi, 6);
  if (p->lo > INT8_MIN) y = vmaxq_s8(y, vdupq_n_s8((int8_t)p->lo));
  if (p->hi < INT8_MAX) y = vminq_s8(y, vdupq_n_s8((int8_t)p->hi));
  vst1q_s8(out, y);
}
IG_INLINE void ig_store_linear_u8(uint8_t *out, ig_linear_16 r, const ig_linear *p) {
  uint8x16_t y = vqshrun_high_n_s16(vqshrun_n_s16(r.lo, 6), r.hi, 6);
  if (p->lo > 0) y = vmaxq_u8(y, vdupq_n_u8((uint8_t)p->lo));
  if (p->hi < UINT8_MAX) y = vminq_u8(y, vdupq_n_u8((uint8_t)p->hi));
  vst1q_u8(out, y);
}

#define IG_LINEAR_NEON(SUFFIX, FLIP)                                                                 \
  for (; i + 16 <= n; i += 16) {                                                                     \
    const uint8x16_t x = ig_signed_16(a + i * sa, sa, FLIP), y = ig_signed_16(b + i * sb, sb, FLIP); \
    ig_store_linear_##SUFFIX(out + i, ig_linear_step(x, y, p), p);                                   \
  }
#else
#define IG_LINEAR_NEON(SUFFIX, FLIP)
#endif

#define IG_LINEAR(T, SUFFIX, FLIP)                                                                                  \
  IG_INLINE void ig_linear_##SUFFIX(const T *a, int sa, const T *b, int sb, T *out, size_t n, const ig_linear *p) { \
    size_t i = 0;                                                                                                   \
    IG_LINEAR_NEON(SUFFIX, FLIP)                                                                                    \
    for (; i < n; i++) out[i] = (T)ig_linear_1((int8_t)(a[i * sa] ^ FLIP), (int8_t)(b[i * sb] ^ FLIP), p);          \
  }
IG_LINEAR(int8_t, s8, 0)
IG_LINEAR(uint8_t, u8, 0x80)

#endif
