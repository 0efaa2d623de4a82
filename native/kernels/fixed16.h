/* fixed16.h: gemmlowp's logistic and tanh on int16, for the gates of integer LSTMs. ISA: portable C; NEON for eight
 * values at a time, by the same steps. */
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

/* exp(a) for a <= 0 with `bits` integer bits (1 to 7), in Q0.15. Constants: exp(-1/8), 1/3 and exp(-2^k), k = -2 .. 4.
 */
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

#if IG_NEON
/* ig_rdivpot on int16. */
#define IG_RDIVPOT_S16X8(x, n) vrshrq_n_s16(vqaddq_s16(x, vshrq_n_s16(x, 15)), n)

IG_INLINE int16x8_t ig_exp_s16x8(int16x8_t a, int bits) {
  static const int16_t powers[7] = {25520, 19875, 12055, 4435, 600, 11, 0};
  const int fraction = 15 - bits;
  const int16x8_t quarter = vdupq_n_s16((int16_t)(1 << (fraction - 2)));
  const int16x8_t part = vsubq_s16(vandq_s16(a, vsubq_s16(quarter, vdupq_n_s16(1))), quarter),
                  rest = vsubq_s16(part, a);
  const int16x8_t x = vaddq_s16(vqshlq_s16(part, vdupq_n_s16((int16_t)bits)), vdupq_n_s16(4096));
  const int16x8_t x2 = vqrdmulhq_s16(x, x), x3 = vqrdmulhq_s16(x2, x), x4 = vqrdmulhq_s16(x2, x2);
  const int16x8_t cubic = vqrdmulhq_n_s16(vaddq_s16(IG_RDIVPOT_S16X8(x4, 2), x3), 10923);
  const int16x8_t twice = vaddq_s16(cubic, x2), tail = IG_RDIVPOT_S16X8(twice, 1);
  int16x8_t y = vqaddq_s16(vdupq_n_s16(28918), vqrdmulhq_n_s16(vaddq_s16(x, tail), 28918));
  for (int k = -2; k < ig_min(bits, 5); k++)
    y = vbslq_s16(vtstq_s16(rest, vdupq_n_s16((int16_t)(1 << (fraction + k)))), vqrdmulhq_n_s16(y, powers[k + 2]), y);
  if (bits > 5) y = vbslq_s16(vcltq_s16(a, vdupq_n_s16((int16_t)-(1 << (20 - bits)))), vdupq_n_s16(0), y);
  return vbslq_s16(vceqzq_s16(a), vdupq_n_s16(32767), y);
}

IG_INLINE int16x8_t ig_two_over_one_plus_s16x8(int16x8_t a) {
  const int16x8_t half = vrhaddq_s16(a, vdupq_n_s16(32767));
  int16x8_t x = vaddq_s16(vdupq_n_s16(23130), vqrdmulhq_n_s16(half, -15420));
  for (int i = 0; i < 3; i++) {
    const int16x8_t left = vsubq_s16(vdupq_n_s16(8192), vqrdmulhq_s16(half, x));
    x = vaddq_s16(x, vqshlq_n_s16(vqrdmulhq_s16(x, left), 2));
  }
  return x;
}

IG_INLINE int16x8_t ig_logistic_s16x8(int16x8_t x) {
  const int16x8_t y = vqshlq_n_s16(ig_two_over_one_plus_s16x8(ig_exp_s16x8(vminq_s16(x, vnegq_s16(x)), 3)), 1);
  const int16x8_t either = vbslq_s16(vcgtzq_s16(x), y, vsubq_s16(vdupq_n_s16(32767), y));
  return vbslq_s16(vceqzq_s16(x), vdupq_n_s16(16384), either);
}

IG_INLINE int16x8_t ig_tanh_s16x8(int16x8_t x, int bits) {
  const int16x8_t e = ig_exp_s16x8(vminq_s16(x, vnegq_s16(x)), bits + 1);
  const int16x8_t y = vqshlq_n_s16(vsubq_s16(ig_two_over_one_plus_s16x8(e), vdupq_n_s16(8192)), 2);
  return vbslq_s16(vceqzq_s16(x), x, vbslq_s16(vcltzq_s16(x), vnegq_s16(y), y));
}
#endif

/* out = OF_ONE(in) for n values; NEON takes OF_EIGHT of whole vectors, the last one by way of a buffer. */
#if IG_NEON
#define IG_EACH_S16(in, out, n, OF_ONE, OF_EIGHT)                           \
  for (int32_t i = 0; i < (n); i += 8) {                                    \
    const size_t bytes = 2 * (size_t)ig_min(8, (n) - i);                    \
    int16_t buffer[8] = {0};                                                \
    const int whole = bytes == 16;                                          \
    if (!whole) memcpy(buffer, (in) + i, bytes);                            \
    const int16x8_t x = vld1q_s16(whole ? (in) + i : buffer), y = OF_EIGHT; \
    vst1q_s16(whole ? (out) + i : buffer, y);                               \
    if (!whole) memcpy((out) + i, buffer, bytes);                           \
  }
#else
#define IG_EACH_S16(in, out, n, OF_ONE, OF_EIGHT) \
  for (int32_t i = 0; i < (n); i++) {             \
    const int32_t x = (in)[i];                    \
    (out)[i] = OF_ONE;                            \
  }
#endif

IG_INLINE void ig_logistic16_each(const int16_t *in, int16_t *out, int32_t n) {
  IG_EACH_S16(in, out, n, ig_logistic16(x), ig_logistic_s16x8(x))
}
IG_INLINE void ig_tanh16_each(const int16_t *in, int16_t *out, int32_t n, int bits) {
  IG_EACH_S16(in, out, n, ig_tanh16(x, bits), ig_tanh_s16x8(x, bits))
}

#endif
