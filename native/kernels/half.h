/* half.h: half precision. ISA: portable C. */
#ifndef IG_HALF_H
#define IG_HALF_H

#include "arith.h"

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
