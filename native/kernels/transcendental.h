/* transcendental.h: exp, expm1, tanh and the logistic function on float32. ISA: portable C without branches, so that
 * loops vectorise. Every operation rounds to float32 and none is fused: the same bits on every core, with every libm,
 * and as model/ops/transcendental.ts. Errors in ulp: exp 1, tanh 1.5, logistic 2.5, expm1 3.5.
 * Arithmetic: x = n ln 2 + r, e^x = 2^n (1 + r + r^2 p(r)); Cody and Waite. */
#ifndef IG_TRANSCENDENTAL_H
#define IG_TRANSCENDENTAL_H

#include <math.h>

#include "arith.h"

/* Stands before a loop over them: interleaves four vectors, since each operation depends on the one before. */
#ifdef __clang__
#define IG_SIDE_BY_SIDE _Pragma("clang loop interleave_count(4)")
#else
#define IG_SIDE_BY_SIDE
#endif

/* e^r - 1 for r = x - n ln 2, |r| <= ln 2 / 2. *power = 1.5 * 2^23 + n, whose low bits hold n as an integer. ln 2 is
 * split in two, so that n times its first part is exact. */
IG_INLINE float ig_exp_rest_f32(float x, float *power) {
  const float above = x < -104.0f ? -104.0f : x, within = above > 89.0f ? 89.0f : above;
  *power = within * 0x1.715476p+0f + 0x1.8p+23f;
  const float n = *power - 0x1.8p+23f, r = (within - n * 0x1.63p-1f) - n * -0x1.bd0106p-13f;
  float p = 0x1.6a234ep-10f;
  p = p * r + 0x1.123a6cp-7f;
  p = p * r + 0x1.5558f4p-5f;
  p = p * r + 0x1.55549p-3f;
  p = p * r + 0x1.fffffcp-2f;
  return p * (r * r) + r;
}

IG_INLINE float ig_power_of_two_f32(int32_t n) {
  const uint32_t bits = (uint32_t)(n + 127) << 23;
  float power;
  memcpy(&power, &bits, 4);
  return power;
}

/* x * 2^n for n in [-150, 128], in two multiplications: 2^n may not be a float. */
IG_INLINE float ig_scale_f32(float x, float power) {
  uint32_t bits;
  memcpy(&bits, &power, 4);
  const int32_t n = (int32_t)(bits - 0x4b400000u), half = n >> 1; /* any value if NaN: x is NaN, too */
  return x * ig_power_of_two_f32(half) * ig_power_of_two_f32(n - half);
}

IG_INLINE float ig_exp_f32(float x) {
  float power;
  const float rest = ig_exp_rest_f32(x, &power);
  return ig_scale_f32(rest + 1.0f, power);
}

/* e^x - 1, accurate near 0. */
IG_INLINE float ig_expm1_f32(float x) {
  float power;
  const float rest = ig_exp_rest_f32(x, &power);
  return power == 0x1.8p+23f ? rest : ig_scale_f32(rest + 1.0f, power) - 1.0f;
}

/* Near 0 an odd polynomial; elsewhere from e^(-2|x|). */
IG_INLINE float ig_tanh_f32(float x) {
  const float t = fabsf(x), z = t * t, e = ig_exp_f32(-2.0f * t);
  float p = -0x1.99d4ecp-8f;
  p = p * z + 0x1.590302p-6f;
  p = p * z + -0x1.b921ep-5f;
  p = p * z + 0x1.110dp-3f;
  p = p * z + -0x1.55554ap-2f;
  return copysignf(t < 0.55f ? p * z * t + t : (1.0f - e) / (1.0f + e), x);
}

/* For x < -9: e^x, as TFLite's reference/logistic.h. */
IG_INLINE float ig_sigmoid_f32(float x) {
  const float e = ig_exp_f32(-fabsf(x)), y = (x < 0.0f ? e : 1.0f) / (1.0f + e);
  return x < -9.0f ? e : y;
}

#endif
