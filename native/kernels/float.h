/* float.h: unary float32 functions and half precision. ISA: portable C. */
#ifndef IG_FLOAT_H
#define IG_FLOAT_H

#include <math.h>

#include "arith.h"

/* TFLite reference/logistic.h: saturates above, and keeps precision below, where 1 + exp(-x) would lose it. */
IG_INLINE float ig_sigmoid_f32(float x) {
  if (x > 16.619047164916992188f) return 1.0f;
  if (x < -9.0f) return expf(x);
  return 1.0f / (1.0f + expf(-x));
}

/* IEEE half precision, as its bit pattern, to float32: exact. */
IG_INLINE float ig_half_to_float(uint16_t half) {
  const uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
  uint32_t bits;
  float x;
  if (magnitude < 0x400) { /* zero and subnormals */
    x = (float)magnitude * 0x1p-24f;
    memcpy(&bits, &x, 4);
    bits |= sign;
  } else {
    bits = sign | (magnitude >= 0x7c00 ? (magnitude << 13) + 0x70000000u : (magnitude << 13) + 0x38000000u);
  }
  memcpy(&x, &bits, 4);
  return x;
}

#endif
