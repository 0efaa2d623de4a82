/* pointwise.h: one element of unary and binary elementwise operators. ISA: portable C; the code generator writes the
 * loops around these functions. Arithmetic: TFLite reference/div.h, comparisons.h, gelu.h, hard_swish.h,
 * squared_difference.cc. Division by zero, which TFLite refuses: 0 for integers, saturated for quantized operands. */
#ifndef IG_POINTWISE_H
#define IG_POINTWISE_H

#include <math.h>

#include "softmax.h"

/* NaN stays NaN. */
IG_INLINE float ig_limit_f32(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }
IG_INLINE int32_t ig_limit_s32(int32_t x, int32_t lo, int32_t hi) { return ig_clamp(x, lo, hi); }

/* ---- float ---- */

IG_INLINE float ig_gelu_f32(float x) { return 0.5f * x * erfcf(x * -0.70710678118654752440f); }
IG_INLINE float ig_gelu_tanh_f32(float x) {
  return 0.5f * x * (1.0f + ig_tanh_f32(0.79788456080286535588f * (x + 0.044715f * x * x * x)));
}
IG_INLINE float ig_hard_swish_f32(float x) {
  const float up = x + 3.0f > 0.0f ? x + 3.0f : 0.0f;
  return x * (up < 6.0f ? up : 6.0f) * (1.0f / 6.0f);
}
IG_INLINE float ig_floor_div_f32(float x, float y) { return (float)floor((double)x / (double)y); }
IG_INLINE float ig_floor_mod_f32(float x, float y) {
  const float rest = fmodf(x, y);
  return rest != 0.0f && (y < 0.0f) != (rest < 0.0f) ? rest + y : rest;
}

/* floor of a half precision number by its bits: clears the fraction bits; a negative number steps to the next integer.
 */
IG_INLINE uint16_t ig_floor_f16(uint16_t x) {
  const int exponent = ((x >> 10) & 31) - 15;
  const uint16_t negative = x >> 15, magnitude = x & 0x7fff;
  if (exponent >= 10 || magnitude == 0) return x;
  if (exponent < 0) return negative ? 0xbc00 : 0;
  const uint16_t below = (uint16_t)(0x3ff >> exponent);
  if ((x & below) == 0) return x;
  return (uint16_t)((negative ? x + below : x) & ~below);
}

/* ---- integers ---- */

IG_INLINE int32_t ig_div_s32(int32_t x, int32_t y) {
  if (y == 0) return 0;
  return y == -1 ? (int32_t)(0u - (uint32_t)x) : x / y;
}
IG_INLINE int32_t ig_floor_div_s32(int32_t x, int32_t y) {
  if (y == 0) return 0;
  if (y == -1) return (int32_t)(0u - (uint32_t)x);
  return x / y - (x % y != 0 && (x < 0) != (y < 0));
}
#define IG_FLOOR_MOD(T, NAME)                                    \
  IG_INLINE T NAME(T x, T y) {                                   \
    if (y == 0 || y == -1) return 0;                             \
    const T rest = x % y;                                        \
    return rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest; \
  }
IG_FLOOR_MOD(int32_t, ig_floor_mod_s32)
IG_FLOOR_MOD(int64_t, ig_floor_mod_s64)

/* Through double: truncated; out of int32: INT32_MIN. */
IG_INLINE int32_t ig_power_s32(int32_t x, int32_t y) {
  double power = 1.0, base = x;
  for (int64_t n = y < 0 ? -(int64_t)y : y; n > 0; n >>= 1, base *= base)
    if (n & 1) power *= base;
  if (y < 0) {
    const double inverse = 1.0 / power;
    return power == 0.0 ? INT32_MIN : (int32_t)inverse;
  }
  return power > -2147483649.0 && power < 2147483648.0 ? (int32_t)power : INT32_MIN;
}
IG_INLINE int32_t ig_wrapping_power_s32(int32_t x, int32_t y) {
  if (y < 1) return ig_power_s32(x, y);
  uint32_t power = 1, base = (uint32_t)x;
  for (int32_t n = y; n > 0; n >>= 1, base *= base)
    if (n & 1) power *= base;
  return (int32_t)power;
}

/* ---- quantized ---- */

typedef struct {
  int32_t offset1, offset2, offset, m, s, lo, hi;
} ig_quotient;

IG_INLINE int32_t ig_quotient_1(int32_t a, int32_t b, const ig_quotient *p) {
  int32_t x = a + p->offset1, y = b + p->offset2;
  if (y < 0) x = -x, y = -y;
  if (y == 0) return x < 0 ? p->lo : p->hi;
  const int zeros = __builtin_clz((uint32_t)y);
  const int32_t inverse = ig_one_over_one_plus_x((int32_t)(((uint32_t)y << zeros) - (1u << 31)));
  const int headroom = __builtin_clz((uint32_t)(x < 0 ? ~x : x) | 1u) - (x == 0 || x == -1 ? 0 : 1);
  const int32_t raw = ig_sqrdmulh(ig_shl(x, headroom), inverse);
  const int32_t scaled = ig_rdivpot_any(ig_sqrdmulh(raw, p->m), 31 - zeros + headroom - p->s);
  return ig_clamp(scaled + p->offset, p->lo, p->hi);
}

typedef struct {
  int32_t offset1, offset2, offset, m1, s1, m2, s2, m, s, lo, hi;
} ig_difference;

IG_INLINE int32_t ig_squared_difference_1(int32_t a, int32_t b, const ig_difference *p) {
  const int32_t x = ig_requant_s32_tflite(ig_shl(a + p->offset1, 7), p->m1, p->s1);
  const int32_t d = x - ig_requant_s32_tflite(ig_shl(b + p->offset2, 7), p->m2, p->s2);
  return ig_clamp(ig_requant_s32_tflite((int32_t)((uint32_t)d * (uint32_t)d), p->m, p->s) + p->offset, p->lo, p->hi);
}

/* Real value of q with 8 fractional bits, for comparing operands of different scales. */
IG_INLINE int32_t ig_compared(int32_t code, int32_t offset, int32_t m, int s) {
  return ig_rdivpot_any(ig_sqrdmulh(ig_shl(code + offset, 8), m), -s);
}

#endif
