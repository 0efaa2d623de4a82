/* hybrid_quantize.h: quantizes float data to int8 at run time, for hybrid operators (float data, integer weights).
 * ISA: NEON, or portable C. Arithmetic: TFLite's neon_tensor_utils.cc, which TFLite runs on x86 as well. */
#ifndef IG_HYBRID_QUANTIZE_H
#define IG_HYBRID_QUANTIZE_H

#include <math.h>

#include "arith.h"

/* Minimum and maximum of n floats. NaN is skipped, unless it is x[0]. */
IG_INLINE void hybrid_extremes(const float *x, size_t n, float *low, float *high) {
  size_t i = 1;
  *low = *high = x[0];
#if IG_NEON
  float32x4_t least = vdupq_n_f32(x[0]), most = least;
  for (i = 0; i + 4 <= n; i += 4) {
    const float32x4_t v = vld1q_f32(x + i);
    least = vbslq_f32(vcltq_f32(v, least), v, least);
    most = vbslq_f32(vcgtq_f32(v, most), v, most);
  }
  for (int lane = 0; lane < 4; lane++) {
    *low = least[lane] < *low ? least[lane] : *low;
    *high = most[lane] > *high ? most[lane] : *high;
  }
#endif
  for (; i < n; i++) {
    if (x[i] < *low) *low = x[i];
    if (x[i] > *high) *high = x[i];
  }
}

/* q = clamp(round(x * inverse) + zero, least, 127); q may alias x. Blocks of eight compute round as trunc(x +- 0.5),
 * which takes 0.49999997 to 1, as TFLite does; the last n % 8 elements use roundf. */
IG_INLINE void hybrid_round(const float *x, size_t n, float inverse, int32_t zero, int least, int8_t *q) {
  const size_t eights = n & ~(size_t)7;
#if IG_NEON
  const float32x4_t half = vdupq_n_f32(0.5f), limit = vdupq_n_f32(2147483648.0f);
  for (size_t i = 0; i < eights; i += 8) {
    int32x4_t r[2];
    for (int h = 0; h < 2; h++) {
      const float32x4_t product = vmulq_n_f32(vld1q_f32(x + i + 4 * h), inverse);
      const float32x4_t v = vaddq_f32(product, vbslq_f32(vcltzq_f32(product), vnegq_f32(half), half));
      const int32x4_t cut =
          vbslq_s32(vcltq_f32(vabsq_f32(v), limit), vcvtq_s32_f32(v), vdupq_n_s32(INT32_MIN)); /* as ig_cast_s32 */
      r[h] = vaddq_s32(cut, vdupq_n_s32(zero));
    }
    const int8x8_t all = vqmovn_s16(vqmovn_high_s32(vqmovn_s32(r[0]), r[1]));
    vst1_s8(q + i, vmax_s8(all, vdup_n_s8((int8_t)least)));
  }
#else
  for (size_t i = 0; i < eights; i++) {
    const float product = x[i] * inverse;
    const int32_t cut = ig_cast_s32(product + (product < 0 ? -0.5f : 0.5f));
    q[i] = (int8_t)ig_clamp((int32_t)((uint32_t)cut + (uint32_t)zero), least, 127);
  }
#endif
  for (size_t i = eights; i < n; i++) {
    const float product = x[i] * inverse;
    q[i] = (int8_t)ig_clamp(ig_cast_s32((float)zero + roundf(product)), least, 127);
  }
}

/* Real value of an accumulator: (sum * weights) * data if weights_then_data, else sum * (data * weights). */
IG_INLINE float hybrid_real(int32_t sum, float weights, float data, int weights_then_data) {
  const float acc = (float)sum, both = data * weights, first = acc * weights;
  return weights_then_data ? first * data : acc * both;
}

/* Quantizes n floats: real = scale * (q - zero). q may alias x. */
IG_INLINE void hybrid_quantize(const float *x, size_t n, int asymmetric, int8_t *q, float *scale, int32_t *zero) {
  float low, high, inverse;
  hybrid_extremes(x, n, &low, &high);
  *zero = 0;
  *scale = 1;
  if (asymmetric) {
    const float rmin = low < 0 ? low : 0, rmax = high > 0 ? high : 0;
    const double step = (rmax - rmin) / 255.0; /* the difference is of float */
    if (rmin == rmax) {
      memset(q, 0, n);
      return;
    }
    const double from_low = -128 - rmin / step, from_high = 127 - rmax / step;
    const double nearest = round(128 + fabs(rmin / step) < 127 + fabs(rmax / step) ? from_low : from_high);
    *zero = nearest <= -128 ? -128 : nearest >= 127 ? 127 : nearest == nearest ? (int32_t)nearest : 0;
    *scale = (float)step;
    inverse = *scale == 0 ? 0 : 1.0f / *scale;
  } else {
    const float range = fmaxf(fabsf(low), fabsf(high));
    if (range == 0) {
      memset(q, 0, n);
      return;
    }
    *scale = range / 127.0f;
    inverse = 127.0f / range;
  }
  hybrid_round(x, n, inverse, *zero, asymmetric ? -128 : -127, q);
}

#endif
