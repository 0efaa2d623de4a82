/* ordering.h: ARG_MAX, ARG_MIN, TOPK_V2 and CUMSUM along one axis. ISA: NEON for rows of 16 to 255 bytes; else portable
 * C. Data: [outer][extent][inner]. Ties: the first element. NaN compares false with everything. */
#ifndef IG_ORDERING_H
#define IG_ORDERING_H

#include "arith.h"

#if IG_NEON

/* The best byte of a row in steps of 16, the last one overlapping; then the least index, 8 bits, of an equal byte. */
#define IG_ARGUMENT_BYTE(BEST, T, V, SUFFIX)                                                     \
  IG_INLINE int32_t ig_arg##BEST##_byte_##SUFFIX(const T *row, int32_t extent) {                 \
    static const uint8_t ascending[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; \
    V best = vld1q_##SUFFIX(row);                                                                \
    for (int32_t i = 16; i < extent; i += 16)                                                    \
      best = v##BEST##q_##SUFFIX(best, vld1q_##SUFFIX(row + ig_min(i, extent - 16)));            \
    best = vdupq_n_##SUFFIX(v##BEST##vq_##SUFFIX(best));                                         \
    uint8x16_t at = vdupq_n_u8(255);                                                             \
    for (int32_t i = 0; i < extent; i += 16) {                                                   \
      const int32_t from = ig_min(i, extent - 16);                                               \
      const uint8x16_t index = vaddq_u8(vld1q_u8(ascending), vdupq_n_u8((uint8_t)from));         \
      at = vminq_u8(at, vornq_u8(index, vceqq_##SUFFIX(best, vld1q_##SUFFIX(row + from))));      \
    }                                                                                            \
    return vminvq_u8(at);                                                                        \
  }
IG_ARGUMENT_BYTE(max, int8_t, int8x16_t, s8)
IG_ARGUMENT_BYTE(min, int8_t, int8x16_t, s8)
IG_ARGUMENT_BYTE(max, uint8_t, uint8x16_t, u8)
IG_ARGUMENT_BYTE(min, uint8_t, uint8x16_t, u8)

#define IG_ARGUMENT_BYTES(CALL)                                                 \
  if (inner == 1 && extent >= 16 && extent <= 255) {                            \
    for (size_t o = 0; o < outer; o++, in += extent) out[o] = CALL(in, extent); \
    return;                                                                     \
  }
#else
#define IG_ARGUMENT_BYTES(CALL)
#endif

#define IG_ARGUMENT(NAME, T, I, BETTER, BYTES)                                                             \
  IG_INLINE void NAME(const T *restrict in, I *restrict out, size_t outer, int32_t extent, size_t inner) { \
    BYTES                                                                                                  \
    for (size_t o = 0; o < outer; o++, in += (size_t)extent * inner)                                       \
      for (size_t n = 0; n < inner; n++) {                                                                 \
        T best = in[n];                                                                                    \
        int32_t at = 0;                                                                                    \
        for (int32_t i = 1; i < extent; i++) {                                                             \
          const T x = in[(size_t)i * inner + n];                                                           \
          if (x BETTER best) best = x, at = i;                                                             \
        }                                                                                                  \
        *out++ = at;                                                                                       \
      }                                                                                                    \
  }
#define IG_ARGUMENTS(T, SUFFIX, MAX_BYTES, MIN_BYTES)             \
  IG_ARGUMENT(ig_argmax_##SUFFIX##_s32, T, int32_t, >, MAX_BYTES) \
  IG_ARGUMENT(ig_argmax_##SUFFIX##_s64, T, int64_t, >, MAX_BYTES) \
  IG_ARGUMENT(ig_argmin_##SUFFIX##_s32, T, int32_t, <, MIN_BYTES) \
  IG_ARGUMENT(ig_argmin_##SUFFIX##_s64, T, int64_t, <, MIN_BYTES)
IG_ARGUMENTS(float, f32, , )
IG_ARGUMENTS(int8_t, s8, IG_ARGUMENT_BYTES(ig_argmax_byte_s8), IG_ARGUMENT_BYTES(ig_argmin_byte_s8))
IG_ARGUMENTS(uint8_t, u8, IG_ARGUMENT_BYTES(ig_argmax_byte_u8), IG_ARGUMENT_BYTES(ig_argmin_byte_u8))
IG_ARGUMENTS(int32_t, s32, , )

/* The k largest of each row, by insertion in descending order; the smallest drops out. */
#define IG_TOPK(NAME, T, I)                                                                                       \
  IG_INLINE void NAME(const T *restrict in, T *restrict values, I *restrict indices, size_t rows, int32_t extent, \
                      int32_t k) {                                                                                \
    for (size_t r = 0; r < rows; r++, in += extent, values += k, indices += k)                                    \
      for (int32_t i = 0; i < extent; i++) {                                                                      \
        const T x = in[i];                                                                                        \
        int32_t at = ig_min(i, k);                                                                                \
        while (at > 0 && x > values[at - 1]) at--;                                                                \
        if (at >= k) continue;                                                                                    \
        for (int32_t j = ig_min(i, k - 1); j > at; j--) values[j] = values[j - 1], indices[j] = indices[j - 1];   \
        values[at] = x, indices[at] = (I)i;                                                                       \
      }                                                                                                           \
  }
#define IG_TOPKS(T, SUFFIX)                   \
  IG_TOPK(ig_topk_##SUFFIX##_s16, T, int16_t) \
  IG_TOPK(ig_topk_##SUFFIX##_s32, T, int32_t)
IG_TOPKS(float, f32)
IG_TOPKS(int8_t, s8)
IG_TOPKS(uint8_t, u8)
IG_TOPKS(int16_t, s16)
IG_TOPKS(int32_t, s32)
IG_TOPKS(int64_t, s64)

#define IG_CUMSUM(T, SUFFIX)                                                                                          \
  IG_INLINE void ig_cumsum_##SUFFIX(const T *restrict in, T *restrict out, size_t outer, size_t extent, size_t inner, \
                                    int exclusive, int reverse) {                                                     \
    for (size_t o = 0; o < outer; o++, in += extent * inner, out += extent * inner)                                   \
      for (size_t n = 0; n < inner; n++) {                                                                            \
        T sum = 0;                                                                                                    \
        for (size_t i = 0; i < extent; i++) {                                                                         \
          const size_t at = (reverse ? extent - 1 - i : i) * inner + n;                                               \
          const T next = sum + in[at];                                                                                \
          out[at] = exclusive ? sum : next;                                                                           \
          sum = next;                                                                                                 \
        }                                                                                                             \
      }                                                                                                               \
  }
IG_CUMSUM(float, f32)
IG_CUMSUM(int32_t, s32)
IG_CUMSUM(int64_t, s64)

#endif
