/* buckets.h: BUCKETIZE and UNIQUE. ISA: portable C; the code generator writes the loops around these functions.
 * Arithmetic: TFLite bucketize.cc, unique.cc. */
#ifndef IG_BUCKETS_H
#define IG_BUCKETS_H

#include <math.h>

#include "arith.h"

/* Number of the n ascending boundaries <= x; n for NaN. Integers are compared as float32. */
#define IG_BUCKET(T, AS, SUFFIX)                                                  \
  IG_INLINE int32_t ig_bucket_##SUFFIX(T x, const float *boundaries, int32_t n) { \
    int32_t low = 0;                                                              \
    while (n > 0) {                                                               \
      const int32_t half = n >> 1;                                                \
      if ((AS)x < boundaries[low + half]) n = half;                               \
      else low += half + 1, n -= half + 1;                                        \
    }                                                                             \
    return low;                                                                   \
  }
IG_BUCKET(float, float, f32)
IG_BUCKET(double, double, f64)
IG_BUCKET(int32_t, float, s32)
IG_BUCKET(int64_t, float, s64)

/* Hash key of a float: -0 equals 0. */
IG_INLINE uint64_t ig_float_key(float x) {
  const float y = x + 0.0f;
  uint32_t bits;
  memcpy(&bits, &y, 4);
  return bits;
}

/* The distinct values of `in` in order of first appearance; places[i]: index of in[i] among them; returns their number.
 * A NaN equals the least value before it; a NaN that comes first equals all values. table: scratch, hash table of
 * 2^bits > n entries. */
#define IG_UNIQUE(T, I, NAME, KEY, IS_NAN)                                                         \
  IG_INLINE int32_t NAME(const T *in, int32_t n, T *values, I *places, int32_t *table, int bits) { \
    const size_t mask = ((size_t)1 << bits) - 1;                                                   \
    int32_t count = 0, least = 0;                                                                  \
    memset(table, 0xff, (mask + 1) * sizeof *table);                                               \
    for (int32_t i = 0; i < n; i++) {                                                              \
      const T x = in[i];                                                                           \
      int32_t at = least;                                                                          \
      if (count == 0 || !(IS_NAN(x) || IS_NAN(values[0]))) {                                       \
        size_t slot = (size_t)((uint64_t)KEY(x) * 0x9e3779b97f4a7c15u >> (64 - bits));             \
        while ((at = table[slot]) >= 0 && values[at] != x) slot = (slot + 1) & mask;               \
        if (at < 0) {                                                                              \
          table[slot] = at = count++;                                                              \
          values[at] = x;                                                                          \
          if (x < values[least]) least = at;                                                       \
        }                                                                                          \
      }                                                                                            \
      places[i] = at;                                                                              \
    }                                                                                              \
    return count;                                                                                  \
  }
#define IG_NEVER_NAN(x) 0
#define IG_UNIQUES(T, SUFFIX, KEY, IS_NAN)                     \
  IG_UNIQUE(T, int32_t, ig_unique_##SUFFIX##_s32, KEY, IS_NAN) \
  IG_UNIQUE(T, int64_t, ig_unique_##SUFFIX##_s64, KEY, IS_NAN)
IG_UNIQUES(float, f32, ig_float_key, isnan)
IG_UNIQUES(int8_t, s8, (int64_t), IG_NEVER_NAN)
IG_UNIQUES(uint8_t, u8, (int64_t), IG_NEVER_NAN)
IG_UNIQUES(int16_t, s16, (int64_t), IG_NEVER_NAN)
IG_UNIQUES(int32_t, s32, (int64_t), IG_NEVER_NAN)
IG_UNIQUES(int64_t, s64, (int64_t), IG_NEVER_NAN)

#endif
