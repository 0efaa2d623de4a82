/* quantize.h: QUANTIZE and DEQUANTIZE. ISA: NEON for float to 8 bits; else portable C that vectorises.
 * Arithmetic: TFLite reference/quantize.h, dequantize.h. */
#ifndef IG_QUANTIZE_H
#define IG_QUANTIZE_H

#include <math.h>

#include "half.h"

#if IG_NEON
/* x / scale, correctly rounded, from inverse = 1 / scale, correctly rounded. Each FMA pair adds remainder * inverse:
 * the first brings the quotient within 1 ulp, the second to the nearest float (Markstein's theorem). If an intermediate
 * leaves the range of floats, the result is infinite, NaN or rounds to zero, as the division's. */
IG_INLINE float32x4_t ig_quotient_4(float32x4_t x, float32x4_t scale, float32x4_t inverse) {
  float32x4_t q = vmulq_f32(x, inverse);
  q = vfmaq_f32(q, vfmsq_f32(x, q, scale), inverse);
  return vfmaq_f32(q, vfmsq_f32(x, q, scale), inverse);
}

/* round(x) + zero point. FCVTAS rounds as roundf does, but saturates and takes NaN to 0. */
IG_INLINE int32x4_t ig_quantized_4(float32x4_t x, int32x4_t zero_point) {
  const uint32x4_t fits = vcaltq_f32(x, vdupq_n_f32(0x1p31f));
  return vaddq_s32(vbslq_s32(fits, vcvtaq_s32_f32(x), vdupq_n_s32(INT32_MIN)), zero_point);
}

#define IG_QUANTIZE_NEON(NARROW)                                                                                   \
  const float32x4_t by = vdupq_n_f32(scale), inverse = vdupq_n_f32(1.0f / scale);                                  \
  const int32x4_t zero = vdupq_n_s32(zero_point);                                                                  \
  for (; scale > 0x1p-90f && scale < 0x1p90f && i + 16 <= n; i += 16) {                                            \
    float32x4_t q[4];                                                                                              \
    int32x4_t x[4];                                                                                                \
    for (int k = 0; k < 4; k++) q[k] = ig_quotient_4(vld1q_f32(in + i + 4 * k), by, inverse);                      \
    for (int k = 0; k < 4; k++) x[k] = ig_quantized_4(q[k], zero);                                                 \
    const int16x8_t low = vqmovn_high_s32(vqmovn_s32(x[0]), x[1]), high = vqmovn_high_s32(vqmovn_s32(x[2]), x[3]); \
    NARROW                                                                                                         \
  }
#else
#define IG_QUANTIZE_NEON(NARROW)
#endif

/* round(x / scale) + zero point, halves away from zero. The sum wraps if x is far out of range. */
#define IG_QUANTIZE(T, SUFFIX, NEON)                                                                         \
  IG_INLINE void ig_quantize_##SUFFIX(const float *restrict in, T *restrict out, size_t n, float scale,      \
                                      int32_t zero_point, int32_t min, int32_t max) {                        \
    size_t i = 0;                                                                                            \
    NEON for (; i < n; i++) out[i] = (T)ig_clamp(ig_cast_s32(roundf(in[i] / scale)) + zero_point, min, max); \
  }
IG_QUANTIZE(int8_t, s8, IG_QUANTIZE_NEON({
              const int8x16_t y = vqmovn_high_s16(vqmovn_s16(low), high);
              vst1q_s8(out + i, vmaxq_s8(vminq_s8(y, vdupq_n_s8((int8_t)max)), vdupq_n_s8((int8_t)min)));
            }))
IG_QUANTIZE(uint8_t, u8, IG_QUANTIZE_NEON({
              const uint8x16_t y = vqmovun_high_s16(vqmovun_s16(low), high);
              vst1q_u8(out + i, vmaxq_u8(vminq_u8(y, vdupq_n_u8((uint8_t)max)), vdupq_n_u8((uint8_t)min)));
            }))
IG_QUANTIZE(int16_t, s16, )

#define IG_DEQUANTIZE(T, SUFFIX)                                                                          \
  IG_INLINE void ig_dequantize_##SUFFIX(const T *restrict in, float *restrict out, size_t n, float scale, \
                                        int32_t zero_point) {                                             \
    for (size_t i = 0; i < n; i++) out[i] = scale * (float)(in[i] - zero_point);                          \
  }
IG_DEQUANTIZE(int8_t, s8)
IG_DEQUANTIZE(uint8_t, u8)
IG_DEQUANTIZE(int16_t, s16)

IG_FUNC void ig_dequantize_f16(const uint16_t *restrict in, float *restrict out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = ig_half_to_float(in[i]);
}

/* Requantizes between integer types of different widths: (x + offset) * (m, s) + zero point. */
#define IG_REQUANTIZE(T, FROM, OUT, TO)                                                                               \
  IG_INLINE void ig_requantize_##FROM##_##TO(const T *restrict in, OUT *restrict out, size_t n, int32_t offset,       \
                                             int32_t m, int s, int32_t zero_point, int32_t lo, int32_t hi) {          \
    for (size_t i = 0; i < n; i++) out[i] = (OUT)ig_clamp(ig_requant_s32(in[i] + offset, m, s) + zero_point, lo, hi); \
  }
#define IG_REQUANTIZE_FROM(T, FROM)    \
  IG_REQUANTIZE(T, FROM, int8_t, s8)   \
  IG_REQUANTIZE(T, FROM, uint8_t, u8)  \
  IG_REQUANTIZE(T, FROM, int16_t, s16) \
  IG_REQUANTIZE(T, FROM, int32_t, s32)
IG_REQUANTIZE_FROM(int8_t, s8)
IG_REQUANTIZE_FROM(uint8_t, u8)
IG_REQUANTIZE_FROM(int16_t, s16)
IG_REQUANTIZE_FROM(int32_t, s32)

/* The same, int16 to int16, two roundings in every profile: activations. */
IG_INLINE void ig_rescale_s16(const int16_t *restrict in, int16_t *restrict out, size_t n, int32_t offset, int32_t m,
                              int s, int32_t zero_point, int32_t lo, int32_t hi) {
  for (size_t i = 0; i < n; i++)
    out[i] = (int16_t)ig_clamp(ig_requant_s32_tflite(in[i] + offset, m, s) + zero_point, lo, hi);
}

#endif
