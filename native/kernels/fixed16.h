/* fixed16.h: gemmlowp's logistic and tanh on int16, for the gates of integer LSTMs. ISA: portable C. */
#ifndef IG_FIXED16_H
#define IG_FIXED16_H

#include "arith.h"

IG_INLINE int32_t ig_clamp16(int32_t x) { return ig_clamp(x, -32768, 32767); }

/* High half of 2ab, halves rounded up, saturating. */
IG_INLINE int32_t ig_mul16(int32_t a, int32_t b) { return ig_min((a * b + (1 << 14)) >> 15, 32767); }

/* x * 2^n, saturating the way gemmlowp does: one step before the limits of int16. */
IG_INLINE int32_t ig_shl16(int32_t x, int n) {
  const int32_t threshold = (1 << (15 - n)) - 1;
  return x > threshold ? 32767 : x < -threshold ? -32768 : (int32_t)((uint32_t)x << n);
}

/* exp(a) for a <= 0 with `bits` integer bits (1 to 7), in Q0.15. Constants: exp(-1/8), 1/3 and exp(-2^k), k = -2 .. 4. */
IG_INLINE int32_t ig_exp16(int32_t a, int bits) {
  static const int16_t powers[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
  const int fraction = 15 - bits;
  const int32_t quarter = 1 << (fraction - 2), part = (a & (quarter - 1)) - quarter, rest = part - a;
  const int32_t x = ig_shl16(part, bits) + 4096, x2 = ig_mul16(x, x), x3 = ig_mul16(x2, x), x4 = ig_mul16(x2, x2);
  const int32_t cubic = ig_mul16((int16_t)(ig_rdivpot(x4, 2) + x3), 10923);
  const int32_t tail = ig_rdivpot((int16_t)(cubic + x2), 1);
  int32_t y = ig_min(28918 + ig_mul16(28918, (int16_t)(x + tail)), 32767);
  for (int k = -2; k < ig_min(bits, 5); k++)
    if (rest & (1 << (fraction + k))) y = ig_mul16(y, powers[k + 2]);
  if (bits > 5 && a < -(1 << (20 - bits))) y = 0;
  return a == 0 ? 32767 : y;
}

/* 2 / (1 + a) for a in [0, 1], Q0.15 to Q2.13: Newton's iteration from 48/17 - 32/17 * (1 + a) / 2. */
IG_INLINE int32_t ig_two_over_one_plus16(int32_t a) {
  const int32_t half = (a + 32768) >> 1;
  int32_t x = 23130 + ig_mul16(half, -15420);
  for (int i = 0; i < 3; i++) x = (int16_t)(x + ig_shl16(ig_mul16(x, 8192 - ig_mul16(half, x)), 2));
  return x;
}

/* Q3.12 to Q0.15. */
IG_INLINE int16_t ig_logistic16(int32_t x) {
  const int32_t y = ig_shl16(ig_two_over_one_plus16(ig_exp16(x > 0 ? -x : x, 3)), 1);
  return (int16_t)(x == 0 ? 16384 : x > 0 ? y : 32767 - y);
}

/* A value with `bits` integer bits (0 to 6) to Q0.15. */
IG_INLINE int16_t ig_tanh16(int32_t x, int bits) {
  const int32_t y = ig_shl16(ig_two_over_one_plus16(ig_exp16(x > 0 ? -x : x, bits + 1)) - 8192, 2);
  return (int16_t)(x == 0 ? 0 : x < 0 ? -y : y);
}

#endif
