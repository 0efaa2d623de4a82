/* cast.h: conversions between element types. ISA: portable C; the code generator writes the loops. Floats out of an
 * integer type's range, which C leaves undefined, convert as src/model/ops/cast.ts specifies. */
#ifndef IG_CAST_H
#define IG_CAST_H

#include <math.h>

#include "half.h"

/* Out of range, and NaN: the least value. */
IG_INLINE int32_t ig_cast_wrap_s32(double x) { return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN; }
IG_INLINE int64_t ig_cast_wrap_s64(double x) { return x >= -0x1p63 && x < 0x1p63 ? (int64_t)x : INT64_MIN; }
IG_INLINE int64_t ig_cast_saturate(double x, int64_t lo, int64_t hi, int64_t nan) {
  if (x != x) return nan;
  return x <= (double)lo ? lo : x >= (double)hi ? hi : (int64_t)x;
}

/* The half precision pattern nearest to x, ties to even. */
IG_INLINE uint16_t ig_float_to_half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000)
    return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
  /* Subnormal: a multiple of 2^-24. Adding 2^23 makes the addition round to integers. */
  float steps;
  memcpy(&steps, &magnitude, 4);
  steps = steps * 0x1p24f + 0x1p23f;
  memcpy(&bits, &steps, 4);
  return (uint16_t)(sign | (bits - 0x4b000000));
}

/* Fake quantization: the nearest of 2^bits levels in [min, max]; NaN: min. Source: TFLite reference/fake_quant.h. */
IG_INLINE float ig_fake_quant(float x, float min, float max, float scale, float inverse) {
  const float clamped = x > min ? (x < max ? x : max) : min;
  const float steps = roundf((clamped - min) * inverse);
  return steps * scale + min;
}

#endif
