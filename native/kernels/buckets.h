/* buckets.h: values as classes. ISA: portable C; loops around these functions are written by the code generator.
 * Arithmetic: TFLite bucketize.cc, unique.cc. */
#ifndef IG_BUCKETS_H
#define IG_BUCKETS_H

#include "arith.h"

/* How many of n ascending boundaries are at most x; all for a NaN. Integers are compared as floats. */
#define IG_BUCKET(T, AS, SUFFIX)                                                        \
  IG_INLINE int32_t ig_bucket_##SUFFIX(T x, const float *boundaries, int32_t n) {       \
    int32_t low = 0;                                                                    \
    while (n > 0) {                                                                     \
      const int32_t half = n >> 1;                                                      \
      if ((AS)x < boundaries[low + half]) n = half;                                     \
      else low += half + 1, n -= half + 1;                                              \
    }                                                                                   \
    return low;                                                                         \
  }
IG_BUCKET(float, float, f32)
IG_BUCKET(double, double, f64)
IG_BUCKET(int32_t, float, s32)
IG_BUCKET(int64_t, float, s64)

/* The different ones of n values in order of appearance; places[i] is where in[i] is among them; returns how many there
 * are. Two are the same where neither is less: a NaN is the least value before it. sorted: scratch of n indices. */
#define IG_UNIQUE(T, I, NAME)                                                                            \
  IG_INLINE int32_t NAME(const T *in, int32_t n, T *values, I *places, int32_t *sorted) {                \
    int32_t count = 0;                                                                                   \
    for (int32_t i = 0; i < n; i++) {                                                                    \
      const T x = in[i];                                                                                 \
      int32_t low = 0, high = count;                                                                     \
      while (low < high) {                                                                               \
        const int32_t middle = low + ((high - low) >> 1);                                                \
        if (values[sorted[middle]] < x) low = middle + 1;                                                \
        else high = middle;                                                                              \
      }                                                                                                  \
      if (low < count && !(x < values[sorted[low]])) {                                                   \
        places[i] = sorted[low];                                                                         \
        continue;                                                                                        \
      }                                                                                                  \
      memmove(sorted + low + 1, sorted + low, (size_t)(count - low) * sizeof *sorted);                   \
      sorted[low] = count;                                                                               \
      values[count] = x;                                                                                 \
      places[i] = count++;                                                                               \
    }                                                                                                    \
    return count;                                                                                        \
  }
#define IG_UNIQUES(T, SUFFIX)                         \
  IG_UNIQUE(T, int32_t, ig_unique_##SUFFIX##_s32)     \
  IG_UNIQUE(T, int64_t, ig_unique_##SUFFIX##_s64)
IG_UNIQUES(float, f32)
IG_UNIQUES(int8_t, s8)
IG_UNIQUES(uint8_t, u8)
IG_UNIQUES(int16_t, s16)
IG_UNIQUES(int32_t, s32)
IG_UNIQUES(int64_t, s64)

#endif
