/* recurrent.h: matrix times vector, as layers with a state use it. ISA: portable C written to vectorise. */
#ifndef IG_RECURRENT_H
#define IG_RECURRENT_H

#include "float.h"

/* Eight sums side by side: the compiler may not reorder one. */
IG_INLINE float ig_dot_f32(const float *restrict a, const float *restrict b, int32_t n) {
  float sums[8] = {0}, rest = 0;
  int32_t k = 0;
  for (; k + 8 <= n; k += 8)
    for (int j = 0; j < 8; j++) sums[j] += a[k + j] * b[k + j];
  for (; k < n; k++) rest += a[k] * b[k];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest;
}

IG_INLINE int32_t ig_dot_s8(const int8_t *restrict a, const int8_t *restrict b, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

IG_INLINE int32_t ig_dot_s16(const int16_t *restrict a, const int16_t *restrict b, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

IG_INLINE int32_t ig_total_s8(const int8_t *restrict a, int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < n; k++) sum += a[k];
  return sum;
}

/* A fused activation: a clamp, or tanh where `with_tanh` says so. */
IG_INLINE float ig_activate_f32(float x, float low, float high, int with_tanh) {
  return with_tanh ? tanhf(x) : x < low ? low : x > high ? high : x;
}

#endif
