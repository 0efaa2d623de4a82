/* fold.h: reductions (product, minimum, maximum, any, all, sum) in the order of the elements. ISA: portable C that
 * vectorises. Arithmetic: TFLite reference/reduce.h; integers wrap. */
#ifndef IG_FOLD_H
#define IG_FOLD_H

#include <math.h>

#include "reduce.h"

/* Requantizes a sum in float32, as TFLite's optimized kernel does. */
#define IG_SUM_LINE(T, SUFFIX)                                                                              \
  IG_INLINE void ig_sum_line_##SUFFIX(const int32_t *restrict sums, T *restrict out, size_t n, float scale, \
                                      float bias, int32_t zero_point, int32_t lo, int32_t hi) {             \
    for (size_t i = 0; i < n; i++) {                                                                        \
      const float x = roundf((float)sums[i] * scale + bias) + (float)zero_point;                            \
      out[i] = (T)(x <= (float)lo ? lo : x >= (float)hi ? hi : (int32_t)x);                                 \
    }                                                                                                       \
  }
IG_SUM_LINE(int8_t, s8)
IG_SUM_LINE(int16_t, s16)

/* `across`: each element of a row goes to a result of its own. `along`: all elements of a row go to one result. */
#define IG_FOLD(NAME, T, SUFFIX, VALUE)                                                         \
  IG_INLINE void ig_##NAME##_across_##SUFFIX(T *restrict out, const T *restrict in, size_t n) { \
    for (size_t i = 0; i < n; i++) {                                                            \
      const T a = out[i], b = in[i];                                                            \
      out[i] = (T)(VALUE);                                                                      \
    }                                                                                           \
  }                                                                                             \
  IG_INLINE void ig_##NAME##_along_##SUFFIX(T *restrict out, const T *restrict in, size_t n) {  \
    T a = *out;                                                                                 \
    for (size_t i = 0; i < n; i++) {                                                            \
      const T b = in[i];                                                                        \
      a = (T)(VALUE);                                                                           \
    }                                                                                           \
    *out = a;                                                                                   \
  }
#define IG_FOLDS(T, SUFFIX)                   \
  IG_FOLD(fold_sum, T, SUFFIX, a + b)         \
  IG_FOLD(fold_prod, T, SUFFIX, a *b)         \
  IG_FOLD(fold_max, T, SUFFIX, b > a ? b : a) \
  IG_FOLD(fold_min, T, SUFFIX, b < a ? b : a)
IG_FOLDS(int8_t, s8)
IG_FOLDS(uint8_t, u8)
IG_FOLDS(int16_t, s16)
IG_FOLDS(int32_t, s32)
IG_FOLDS(int64_t, s64)
IG_FOLDS(float, f32)
IG_FOLD(fold_any, uint8_t, u8, a || b)
IG_FOLD(fold_all, uint8_t, u8, a &&b)

#endif
