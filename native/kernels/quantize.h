/* quantize.h: float to integer and back. ISA: portable C written to vectorise.
 * Arithmetic: TFLite reference/quantize.h, dequantize.h. */
#ifndef IG_QUANTIZE_H
#define IG_QUANTIZE_H

#include "float.h"

/* round(x / scale) + zero point, halves away from zero. The sum wraps where x is far out of range. */
#define IG_QUANTIZE(T, SUFFIX)                                                                              \
  IG_INLINE void ig_quantize_##SUFFIX(const float *restrict in, T *restrict out, size_t n, float scale,      \
                                      int32_t zero_point, int32_t min, int32_t max) {                        \
    for (size_t i = 0; i < n; i++)                                                                           \
      out[i] = (T)ig_clamp(ig_cast_s32(roundf(in[i] / scale)) + zero_point, min, max);                       \
  }
IG_QUANTIZE(int8_t, s8)
IG_QUANTIZE(uint8_t, u8)
IG_QUANTIZE(int16_t, s16)

#define IG_DEQUANTIZE(T, SUFFIX)                                                                            \
  IG_INLINE void ig_dequantize_##SUFFIX(const T *restrict in, float *restrict out, size_t n, float scale,    \
                                        int32_t zero_point) {                                                \
    for (size_t i = 0; i < n; i++) out[i] = scale * (float)(in[i] - zero_point);                             \
  }
IG_DEQUANTIZE(int8_t, s8)
IG_DEQUANTIZE(uint8_t, u8)
IG_DEQUANTIZE(int16_t, s16)

IG_FUNC void ig_dequantize_f16(const uint16_t *restrict in, float *restrict out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = ig_half_to_float(in[i]);
}

/* Integer to integer of another scale, where the result is wider or narrower: (x + offset) * (m, s) + zero point. */
#define IG_REQUANTIZE(T, FROM, OUT, TO)                                                                     \
  IG_INLINE void ig_requantize_##FROM##_##TO(const T *restrict in, OUT *restrict out, size_t n,              \
                                             int32_t offset, int32_t m, int s, int32_t zero_point,           \
                                             int32_t lo, int32_t hi) {                                       \
    for (size_t i = 0; i < n; i++)                                                                           \
      out[i] = (OUT)ig_clamp(ig_requant_s32(in[i] + offset, m, s) + zero_point, lo, hi);                     \
  }
#define IG_REQUANTIZE_FROM(T, FROM)     \
  IG_REQUANTIZE(T, FROM, int8_t, s8)    \
  IG_REQUANTIZE(T, FROM, uint8_t, u8)   \
  IG_REQUANTIZE(T, FROM, int16_t, s16)  \
  IG_REQUANTIZE(T, FROM, int32_t, s32)
IG_REQUANTIZE_FROM(int8_t, s8)
IG_REQUANTIZE_FROM(uint8_t, u8)
IG_REQUANTIZE_FROM(int16_t, s16)
IG_REQUANTIZE_FROM(int32_t, s32)

/* The same within int16, rounding twice in every profile: activations. */
IG_INLINE void ig_rescale_s16(const int16_t *restrict in, int16_t *restrict out, size_t n, int32_t offset, int32_t m, int s,
                              int32_t zero_point, int32_t lo, int32_t hi) {
  for (size_t i = 0; i < n; i++)
    out[i] = (int16_t)ig_clamp(ig_requant_s32_tflite(in[i] + offset, m, s) + zero_point, lo, hi);
}

#endif
