/* fold.h: reductions that fold one element after another into the result. ISA: portable C written to vectorise.
 * Arithmetic: TFLite reference/reduce.h; the types wrap around. */
#ifndef IG_FOLD_H
#define IG_FOLD_H

#include <math.h>

#include "reduce.h"

/* The end of a sum; in float, as TFLite's optimized kernel does it. */
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

/* `across`: a row whose elements belong to different results. `along`: a row that belongs to one, in its order. */
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
