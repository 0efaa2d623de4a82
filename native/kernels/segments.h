/* segments.h: segment reductions: row i of the data goes to result ids[i]. ISA: portable C that vectorises.
 * Arithmetic: TFLite unsorted_segment.cc, segment_sum.cc; int32 wraps. */
#ifndef IG_SEGMENTS_H
#define IG_SEGMENTS_H

#include "arith.h"

/* Data [rows][inner], results [count][inner], initialised to `empty`. Rows with a negative id are skipped. All ids are
 * checked before anything is written. a: result so far, b: next element. */
#define IG_SEGMENT(NAME, T, FOLD)                                                                                   \
  IG_INLINE int NAME(const T *restrict in, const int32_t *restrict ids, T *restrict out, size_t rows, size_t inner, \
                     int32_t count, T empty) {                                                                      \
    for (size_t i = 0; i < rows; i++)                                                                               \
      if (ids[i] >= count) return INT8_GATE_INDEX_OUT_OF_RANGE;                                                     \
    for (size_t i = 0; i < (size_t)count * inner; i++) out[i] = empty;                                              \
    for (size_t i = 0; i < rows; i++, in += inner) {                                                                \
      if (ids[i] < 0) continue;                                                                                     \
      T *restrict to = out + (size_t)ids[i] * inner;                                                                \
      for (size_t j = 0; j < inner; j++) {                                                                          \
        const T a = to[j], b = in[j];                                                                               \
        to[j] = FOLD;                                                                                               \
      }                                                                                                             \
    }                                                                                                               \
    return 0;                                                                                                       \
  }
#define IG_SEGMENTS(T, SUFFIX)                          \
  IG_SEGMENT(ig_segment_sum_##SUFFIX, T, a + b)         \
  IG_SEGMENT(ig_segment_prod_##SUFFIX, T, a *b)         \
  IG_SEGMENT(ig_segment_max_##SUFFIX, T, a < b ? b : a) \
  IG_SEGMENT(ig_segment_min_##SUFFIX, T, b < a ? b : a)
IG_SEGMENTS(float, f32)
IG_SEGMENTS(int32_t, s32)

/* Number of results if ids start at 0 and rise by at most 1; else -1. */
IG_INLINE int32_t ig_segment_count(const int32_t *ids, size_t rows) {
  int32_t last = -1;
  for (size_t i = 0; i < rows; i++) {
    if (ids[i] != last + 1 && (ids[i] != last || i == 0)) return -1;
    last = ids[i];
  }
  return last + 1;
}

#endif
