/* reduce.h: sums over axes, and means. ISA: portable C that vectorises. Accumulators: an array, one per result.
 * Arithmetic: TFLite reference/reduce.h. */
#ifndef IG_REDUCE_H
#define IG_REDUCE_H

#include "arith.h"

/* sums[i] += in[i]: each element goes to a result of its own. */
/* *sum += in[0] + in[1] + …, in this order: all elements go to one result. */
#define IG_SUM_ROWS(T, A, SUFFIX)                                                           \
  IG_INLINE void ig_sum_across_##SUFFIX(A *restrict sums, const T *restrict in, size_t n) { \
    for (size_t i = 0; i < n; i++) sums[i] += in[i];                                        \
  }                                                                                         \
  IG_INLINE void ig_sum_along_##SUFFIX(A *restrict sum, const T *restrict in, size_t n) {   \
    A s = *sum;                                                                             \
    for (size_t i = 0; i < n; i++) s += in[i];                                              \
    *sum = s;                                                                               \
  }
IG_SUM_ROWS(int8_t, int32_t, s8)
IG_SUM_ROWS(uint8_t, int32_t, u8)
IG_SUM_ROWS(int16_t, int32_t, s16)
IG_SUM_ROWS(int32_t, int64_t, s32)
IG_SUM_ROWS(int64_t, int64_t, s64)
IG_SUM_ROWS(float, float, f32)

/* The multiplier includes 1 / count; bias = -count * (zero point of the input). */
#define IG_MEAN_QUANTIZED(T, SUFFIX)                                                                                \
  IG_INLINE void ig_mean_##SUFFIX(const int32_t *restrict sums, T *restrict out, size_t n, int32_t bias, int32_t m, \
                                  int s, int32_t zero_point, int32_t lo, int32_t hi) {                              \
    for (size_t i = 0; i < n; i++)                                                                                  \
      out[i] = (T)ig_clamp(ig_requant_s32_tflite(sums[i] + bias, m, s) + zero_point, lo, hi);                       \
  }
IG_MEAN_QUANTIZED(int8_t, s8)
IG_MEAN_QUANTIZED(uint8_t, u8)
IG_MEAN_QUANTIZED(int16_t, s16)

#define IG_MEAN_PLAIN(T, A, SUFFIX)                                                             \
  IG_INLINE void ig_mean_##SUFFIX(const A *restrict sums, T *restrict out, size_t n, A count) { \
    for (size_t i = 0; i < n; i++) out[i] = (T)(sums[i] / count);                               \
  }
IG_MEAN_PLAIN(int32_t, int64_t, s32)
IG_MEAN_PLAIN(int64_t, int64_t, s64)
IG_MEAN_PLAIN(float, float, f32)

#endif
