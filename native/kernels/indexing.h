/* indexing.h: gather and scatter by indices that are data. ISA: portable C.
 * Sizes are compile-time constants at the call, so that small copies become moves. bytes: size of the element or slice
 * that an index selects. An index out of range returns INT8_GATE_INDEX_OUT_OF_RANGE before it is used. */
#ifndef IG_INDEXING_H
#define IG_INDEXING_H

#include "arith.h"
#include "int8_gate.h"

#define IG_INDEXING(I, SUFFIX)                                                                                      \
  /* out[b][o][i] = data[b][o][indices[b][i]] */                                                                    \
  IG_INLINE int ig_take_##SUFFIX(const void *data, const I *indices, void *out, size_t batch, size_t outer,         \
                                 size_t extent, size_t count, size_t bytes) {                                       \
    const uint8_t *from = data;                                                                                     \
    uint8_t *to = out;                                                                                              \
    for (size_t b = 0; b < batch; b++)                                                                              \
      for (size_t o = 0; o < outer; o++, from += extent * bytes)                                                    \
        for (size_t i = 0; i < count; i++, to += bytes) {                                                           \
          const int64_t index = indices[b * count + i];                                                             \
          if (index < 0 || index >= (int64_t)extent) return INT8_GATE_INDEX_OUT_OF_RANGE;                           \
          memcpy(to, from + (size_t)index * bytes, bytes);                                                          \
        }                                                                                                           \
    return 0;                                                                                                       \
  }                                                                                                                 \
  /* The byte offset of a tuple of indices; negative when one is out of range. */                                   \
  IG_INLINE int64_t ig_offset_##SUFFIX(const I *tuple, int depth, const int32_t *extents, const int64_t *steps) {   \
    int64_t at = 0;                                                                                                 \
    for (int d = 0; d < depth; d++) {                                                                               \
      const int64_t index = tuple[d];                                                                               \
      if (index < 0 || index >= extents[d]) return -1;                                                              \
      at += index * steps[d];                                                                                       \
    }                                                                                                               \
    return at;                                                                                                      \
  }                                                                                                                 \
  /* out[i] = data[tuple i] */                                                                                      \
  IG_INLINE int ig_gather_nd_##SUFFIX(const void *data, const I *indices, void *out, size_t count, int depth,       \
                                      const int32_t *extents, const int64_t *steps, size_t bytes) {                 \
    for (size_t i = 0; i < count; i++) {                                                                            \
      const int64_t at = ig_offset_##SUFFIX(indices + i * (size_t)depth, depth, extents, steps);                    \
      if (at < 0) return INT8_GATE_INDEX_OUT_OF_RANGE;                                                              \
      memcpy((uint8_t *)out + i * bytes, (const uint8_t *)data + at, bytes);                                        \
    }                                                                                                               \
    return 0;                                                                                                       \
  }                                                                                                                 \
  /* out[tuple i] = values[i], or values[0] for all with step 0 */                                                  \
  IG_INLINE int ig_place_##SUFFIX(const I *indices, const void *values, void *out, size_t count, int depth,         \
                                  const int32_t *extents, const int64_t *steps, size_t bytes, size_t step) {        \
    for (size_t i = 0; i < count; i++) {                                                                            \
      const int64_t at = ig_offset_##SUFFIX(indices + i * (size_t)depth, depth, extents, steps);                    \
      if (at < 0) return INT8_GATE_INDEX_OUT_OF_RANGE;                                                              \
      memcpy((uint8_t *)out + at, (const uint8_t *)values + i * step, bytes);                                       \
    }                                                                                                               \
    return 0;                                                                                                       \
  }                                                                                                                 \
  /* Data [outer][a][mid][b][bytes]: the sequence runs along a (or b), the lengths belong to b (or a). */           \
  IG_INLINE int ig_reverse_sequence_##SUFFIX(const void *data, const I *lengths, void *out, size_t outer, size_t a, \
                                             size_t mid, size_t b, size_t bytes, int along_a) {                     \
    const uint8_t *from = data;                                                                                     \
    uint8_t *to = out;                                                                                              \
    const int64_t extent = (int64_t)(along_a ? a : b);                                                              \
    for (size_t i = 0; i < (along_a ? b : a); i++)                                                                  \
      if (lengths[i] < 0 || lengths[i] > extent) return INT8_GATE_INDEX_OUT_OF_RANGE;                               \
    for (size_t o = 0; o < outer; o++, from += a * mid * b * bytes)                                                 \
      for (size_t x = 0; x < a; x++)                                                                                \
        for (size_t m = 0; m < mid; m++)                                                                            \
          for (size_t y = 0; y < b; y++, to += bytes) {                                                             \
            const size_t s = along_a ? x : y, length = (size_t)lengths[along_a ? y : x];                            \
            const size_t t = s < length ? length - 1 - s : s, i = along_a ? t : x, j = along_a ? y : t;             \
            memcpy(to, from + ((i * mid + m) * b + j) * bytes, bytes);                                              \
          }                                                                                                         \
    return 0;                                                                                                       \
  }
IG_INDEXING(int16_t, s16)
IG_INDEXING(int32_t, s32)
IG_INDEXING(int64_t, s64)

#endif
