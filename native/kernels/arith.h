/* arith.h: TFLite's fixed-point arithmetic, scalar and NEON in agreement bit for bit.
 *
 * Requantization multiplier (m, shift): M = m * 2^(shift - 31), m in [2^30, 2^31). int32 arithmetic wraps (-fwrapv).
 *
 * IG_SINGLE_ROUNDING chooses the rounding of profile `single`; without it, ig_requant_* round as TFLite's reference
 * kernels do. IG_PORTABLE keeps NEON out (target `host`). */
#ifndef IG_ARITH_H
#define IG_ARITH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__aarch64__) && !defined(IG_PORTABLE)
#define IG_NEON 1
#include <arm_neon.h>
#else
#define IG_NEON 0
#endif

#if defined(__GNUC__)
#define IG_INLINE static inline __attribute__((always_inline, unused))
#define IG_FUNC static inline __attribute__((unused))
#else
#define IG_INLINE static inline
#define IG_FUNC static inline
#endif

/* Attribute of a node's function: never inlined, so that profiles and counters can tell nodes apart. */
#if defined(__clang__)
#define IG_NODE static __attribute__((noinline))
#elif defined(__GNUC__)
#define IG_NODE static __attribute__((noinline, noclone))
#else
#define IG_NODE static
#endif

/* Preconditions of kernels, checked in builds with IG_DEBUG (tests, sanitizers). */
#ifdef IG_DEBUG
#include <stdio.h>
#include <stdlib.h>
#define IG_ASSERT(CONDITION)                                              \
  do {                                                                    \
    if (!(CONDITION)) {                                                   \
      fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #CONDITION); \
      abort();                                                            \
    }                                                                     \
  } while (0)
#else
#define IG_ASSERT(CONDITION) ((void)0)
#endif

IG_INLINE int32_t ig_min(int32_t a, int32_t b) { return a < b ? a : b; }
IG_INLINE int32_t ig_max(int32_t a, int32_t b) { return a > b ? a : b; }
IG_INLINE int32_t ig_clamp(int32_t x, int32_t lo, int32_t hi) { return ig_min(ig_max(x, lo), hi); }

/* x * 2^n, wrapping; 0 for n >= 32. */
IG_INLINE int32_t ig_shl(int32_t x, int n) { return n > 31 ? 0 : (int32_t)((uint32_t)x << n); }

/* Converts a rounded real to int32. Out of range, and NaN: INT32_MIN on every machine, as TFLite gives on x86. */
IG_INLINE int32_t ig_cast_s32(float x) { return x >= -0x1p31f && x < 0x1p31f ? (int32_t)x : INT32_MIN; }

/* High half of 2ab, halves rounded up, saturating: SQRDMULH, gemmlowp's SaturatingRoundingDoublingHighMul. */
IG_INLINE int32_t ig_sqrdmulh(int32_t a, int32_t b) {
  if (a == INT32_MIN && b == INT32_MIN) return INT32_MAX;
  return (int32_t)(((int64_t)a * b + (1ll << 30)) >> 31);
}

/* x / 2^n, halves rounded away from zero, n in [0, 31]: gemmlowp's RoundingDivideByPOT. */
IG_INLINE int32_t ig_rdivpot(int32_t x, int n) {
  int32_t mask = (int32_t)((1ll << n) - 1);
  int32_t rest = x & mask, half = (mask >> 1) + (x < 0);
  return (x >> n) + (rest > half);
}

/* The same for n in [-32, 63]. Outside [0, 31] TFLite's C is undefined; on x86 and ARM64 the shift uses the low five
 * bits of n, and the rounding adds 1 if x is not negative. */
IG_INLINE int32_t ig_rdivpot_any(int32_t x, int n) {
  return n >= 0 && n <= 31 ? ig_rdivpot(x, n) : (x >> (n & 31)) + (x >= 0);
}

/* Two roundings: in the high multiplication and in the right shift. */
IG_INLINE int32_t ig_requant_s32_tflite(int32_t x, int32_t m, int shift) {
  int left = shift > 0 ? shift : 0, right = shift > 0 ? 0 : -shift;
  return ig_rdivpot(ig_sqrdmulh(ig_shl(x, left), m), right > 31 ? 31 : right);
}

/* Two roundings, both halves up: SQRDMULH and SRSHL. */
IG_INLINE int32_t ig_requant_s32_up(int32_t x, int32_t m, int shift) {
  const int32_t high = ig_sqrdmulh(ig_shl(x, shift > 0 ? shift : 0), m);
  return shift < 0 ? (int32_t)(((int64_t)high + (1ll << (-shift - 1))) >> -shift) : high;
}

/* One rounding, halves up: (x * m + half) >> (31 - shift), shift <= 30. */
IG_INLINE int32_t ig_requant_s32_single(int32_t x, int32_t m, int shift) {
  int total = 31 - shift;
  return (int32_t)(((int64_t)x * m + (1ll << (total - 1))) >> total);
}

IG_INLINE int32_t ig_requant_s32(int32_t x, int32_t m, int shift) {
#ifdef IG_SINGLE_ROUNDING
  return ig_requant_s32_single(x, m, shift);
#else
  return ig_requant_s32_tflite(x, m, shift);
#endif
}

/* 64-bit accumulators (INT16x8): the multiplier is rounded to 16 bits. Source: TFLite common.h. */
IG_INLINE int32_t ig_requant_s64(int64_t x, int32_t m, int shift) {
  int64_t reduced = m < 0x7FFF0000 ? (m + (1 << 15)) >> 16 : 0x7FFF;
  int total = 15 - shift;
  if (total < 1) return (int32_t)((uint64_t)(x * reduced) << -total);
  return (int32_t)((x * reduced + (1ll << (total - 1))) >> total);
}

#if IG_NEON

/* ---- NEON: `left` >= 0 and `right` <= 0 (for SRSHL) come from ig_split_shift. ---- */

typedef struct {
  int32x4_t left, right;
} ig_shift_s32x4;

IG_INLINE ig_shift_s32x4 ig_split_shift(int32x4_t shift) {
  int32x4_t zero = vdupq_n_s32(0);
  return (ig_shift_s32x4){vmaxq_s32(shift, zero), vminq_s32(shift, zero)};
}

/* x / 2^-right, halves away from zero: x - 1 for x < 0, then SRSHL, which rounds halves up. */
IG_INLINE int32x4_t ig_rdivpot_s32x4(int32x4_t x, int32x4_t right) {
  int32x4_t fix = vshrq_n_s32(vandq_s32(x, right), 31);
  return vrshlq_s32(vqaddq_s32(x, fix), right);
}

IG_INLINE int32x4_t ig_requant_s32x4_tflite(int32x4_t x, int32x4_t m, int32x4_t left, int32x4_t right) {
  return ig_rdivpot_s32x4(vqrdmulhq_s32(vshlq_s32(x, left), m), right);
}

/* All shifts <= 0: no left shift. */
IG_INLINE int32x4_t ig_requant_right_s32x4_tflite(int32x4_t x, int32x4_t m, int32x4_t right) {
  return ig_rdivpot_s32x4(vqrdmulhq_s32(x, m), right);
}

/* One rounding per lane: in the shift if it shifts right, else in the multiplication. */
IG_INLINE int32x4_t ig_requant_s32x4_single(int32x4_t x, int32x4_t m, int32x4_t left, int32x4_t right) {
  int32x4_t y = vshlq_s32(x, left);
  int32x4_t high = vbslq_s32(vcltzq_s32(right), vqdmulhq_s32(y, m), vqrdmulhq_s32(y, m));
  return vrshlq_s32(high, right);
}

/* Four lanes with a multiplier and a shift each: left shift, SQRDMULH, rounding right shift. */
IG_INLINE int32x4_t ig_requant_s32x4(int32x4_t x, int32x4_t m, int32x4_t left, int32x4_t right) {
#ifdef IG_SINGLE_ROUNDING
  return ig_requant_s32x4_single(x, m, left, right);
#else
  return ig_requant_s32x4_tflite(x, m, left, right);
#endif
}

/* The same, all shifts <= 0. */
IG_INLINE int32x4_t ig_requant_right_s32x4(int32x4_t x, int32x4_t m, int32x4_t right) {
#ifdef IG_SINGLE_ROUNDING
  return ig_requant_s32x4_single(x, m, vdupq_n_s32(0), right);
#else
  return ig_requant_right_s32x4_tflite(x, m, right);
#endif
}

/* Adds the zero point, narrows to 8 bits with saturation and clamps: 8 or 16 requantized values. */
IG_INLINE int16x8_t ig_narrow_s16x8(int32x4_t a, int32x4_t b, int32x4_t zp) {
  return vqmovn_high_s32(vqmovn_s32(vaddq_s32(a, zp)), vaddq_s32(b, zp));
}
IG_INLINE int8x8_t ig_narrow_s8x8(int32x4_t a, int32x4_t b, int32x4_t zp, int8x8_t lo, int8x8_t hi) {
  return vmin_s8(vmax_s8(vqmovn_s16(ig_narrow_s16x8(a, b, zp)), lo), hi);
}
IG_INLINE uint8x8_t ig_narrow_u8x8(int32x4_t a, int32x4_t b, int32x4_t zp, uint8x8_t lo, uint8x8_t hi) {
  return vmin_u8(vmax_u8(vqmovun_s16(ig_narrow_s16x8(a, b, zp)), lo), hi);
}
IG_INLINE int8x16_t ig_narrow_s8x16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, int32x4_t zp, int8x16_t lo,
                                    int8x16_t hi) {
  int8x16_t r = vqmovn_high_s16(vqmovn_s16(ig_narrow_s16x8(a, b, zp)), ig_narrow_s16x8(c, d, zp));
  return vminq_s8(vmaxq_s8(r, lo), hi);
}
IG_INLINE uint8x16_t ig_narrow_u8x16(int32x4_t a, int32x4_t b, int32x4_t c, int32x4_t d, int32x4_t zp, uint8x16_t lo,
                                     uint8x16_t hi) {
  uint8x16_t r = vqmovun_high_s16(vqmovun_s16(ig_narrow_s16x8(a, b, zp)), ig_narrow_s16x8(c, d, zp));
  return vminq_u8(vmaxq_u8(r, lo), hi);
}

#endif /* IG_NEON */
#endif
