/* bilinear.h: bilinear interpolation, upscaling. ISA: NEON, 8 or 4 channels per step, the last step overlapping the one
 * before; portable C otherwise, and with fewer channels. Layout: NHWC.
 *
 * Per output row: the two input rows are interpolated into `row`, once for all columns; then each output pixel
 * interpolates two pixels of `row`. Neighbours and fractions come from tables, as in resize.h.
 * Arithmetic: TFLite reference/resize_bilinear.h; floats are added in its order.
 *
 * Bounds. EXACT: fractions are multiples of 2^-b such that all weights are multiples of 1/256. TFLite's floats are then
 * exact, and so are sums of weight * 256 in 16 bits: at most 255 * 256. FIXED: fractions in 1/1024, sums < 2^27.
 * Weights outside [0, 1] occur only where both neighbours are the same pixel. */
#ifndef IG_BILINEAR_H
#define IG_BILINEAR_H

#include "resize.h"

/* MIX_ROWS interpolates input rows into `row`; MIX interpolates pixels of it. unit: sum of the two weights. */
#define IG_BILINEAR_ROWS(NAME, T, F, R, MIX_ROWS, MIX)                                                                \
  IG_INLINE void NAME(const T *restrict in, T *restrict out, const ig_resize *s, R *restrict row, F row_unit, F unit, \
                      const int32_t *y0, const int32_t *y1, const F *yf, const int32_t *x0, const int32_t *x1,        \
                      const F *xf) {                                                                                  \
    const size_t n = (size_t)s->in_w * s->channels;                                                                   \
    for (int32_t b = 0; b < s->batches; b++, in += s->in_h * n)                                                       \
      for (int32_t y = 0; y < s->out_h; y++) {                                                                        \
        MIX_ROWS(in + y0[y] * n, in + y1[y] * n, row_unit - yf[y], yf[y], row, n);                                    \
        for (int32_t x = 0; x < s->out_w; x++, out += s->channels)                                                    \
          MIX(row, n, (size_t)x0[x] * s->channels, (size_t)x1[x] * s->channels, unit - xf[x], xf[x], out,             \
              s->channels);                                                                                           \
      }                                                                                                               \
  }

#define IG_MIX_ROWS(NAME, T, R)                                                                            \
  IG_INLINE void NAME(const T *restrict p, const T *restrict q, R up, R down, R *restrict row, size_t n) { \
    for (size_t i = 0; i < n; i++) row[i] = (R)(p[i] * up + q[i] * down);                                  \
  }
IG_MIX_ROWS(ig_mix_rows_s8_s16, int8_t, int16_t)
IG_MIX_ROWS(ig_mix_rows_u8_s16, uint8_t, int16_t)
IG_MIX_ROWS(ig_mix_rows_s8_s32, int8_t, int32_t)

/* Floats store both products; MIX adds the four of a pixel in TFLite's order. */
#define IG_MIX_ROWS_FLOAT(NAME, T)                                                                                     \
  IG_INLINE void NAME(const T *restrict p, const T *restrict q, float up, float down, float *restrict row, size_t n) { \
    for (size_t i = 0; i < n; i++) row[i] = (float)p[i] * up, row[n + i] = (float)q[i] * down;                         \
  }
IG_MIX_ROWS_FLOAT(ig_mix_rows_u8_f32, uint8_t)
IG_MIX_ROWS_FLOAT(ig_mix_rows_f32, float)

/* Halves away from zero. */
IG_INLINE int32_t ig_away(int32_t x, int bits) { return (x - (x < 0) + (1 << (bits - 1))) >> bits; }

#if IG_NEON
#define IG_MIX_STEPS(LANES, STEP)                     \
  if (channels >= LANES) {                            \
    for (; c < channels; c += LANES) {                \
      const int32_t at = ig_min(c, channels - LANES); \
      STEP                                            \
    }                                                 \
    return;                                           \
  }
#else
#define IG_MIX_STEPS(LANES, STEP)
#endif

IG_INLINE void ig_mix_exact_u8(const int16_t *row, size_t n, size_t a, size_t b, int16_t left, int16_t right,
                               uint8_t *out, int32_t channels) {
  int32_t c = 0;
  IG_MIX_STEPS(8, {
    const int16x8_t sum = vmlaq_n_s16(vmulq_n_s16(vld1q_s16(row + a + at), left), vld1q_s16(row + b + at), right);
    vst1_u8(out + at, vrshrn_n_u16(vreinterpretq_u16_s16(sum), 8));
  })
  for (; c < channels; c++) out[c] = (uint8_t)(((uint16_t)(row[a + c] * left + row[b + c] * right) + 128) >> 8);
  (void)n;
}

IG_INLINE void ig_mix_exact_s8(const int16_t *row, size_t n, size_t a, size_t b, int16_t left, int16_t right,
                               int8_t *out, int32_t channels) {
  int32_t c = 0;
  IG_MIX_STEPS(8, {
    const int16x8_t sum = vmlaq_n_s16(vmulq_n_s16(vld1q_s16(row + a + at), left), vld1q_s16(row + b + at), right);
    vst1_s8(out + at, vrshrn_n_s16(vqaddq_s16(sum, vshrq_n_s16(sum, 15)), 8));
  })
  for (; c < channels; c++) out[c] = (int8_t)ig_away((int16_t)(row[a + c] * left + row[b + c] * right), 8);
  (void)n;
}

IG_INLINE void ig_mix_fixed_s8(const int32_t *row, size_t n, size_t a, size_t b, int32_t left, int32_t right,
                               int8_t *out, int32_t channels) {
  int32_t c = 0;
  IG_MIX_STEPS(8, {
    int16x4_t half[2];
    for (int k = 0; k < 2; k++) {
      const int32_t *first = row + a + at + 4 * k;
      const int32x4_t sum = vmlaq_n_s32(vmulq_n_s32(vld1q_s32(first), left), vld1q_s32(first + b - a), right);
      half[k] = vaddhn_s32(vsraq_n_s32(sum, sum, 31), vdupq_n_s32(1 << 19));
    }
    vst1_s8(out + at, vshrn_n_s16(vcombine_s16(half[0], half[1]), 4));
  })
  for (; c < channels; c++) out[c] = (int8_t)ig_away(row[a + c] * left + row[b + c] * right, 20);
  (void)n;
}

#if IG_NEON
IG_INLINE float32x4_t ig_mix_4(const float *row, size_t n, size_t a, size_t b, float left, float right) {
  const float32x4_t upper_left = vmulq_n_f32(vld1q_f32(row + a), left);
  const float32x4_t lower_left = vmulq_n_f32(vld1q_f32(row + n + a), left);
  const float32x4_t upper_right = vmulq_n_f32(vld1q_f32(row + b), right);
  const float32x4_t lower_right = vmulq_n_f32(vld1q_f32(row + n + b), right);
  return vaddq_f32(vaddq_f32(vaddq_f32(upper_left, lower_left), upper_right), lower_right);
}
#endif

IG_INLINE float ig_mix_1(const float *row, size_t n, size_t a, size_t b, float left, float right) {
  return row[a] * left + row[n + a] * left + row[b] * right + row[n + b] * right;
}

IG_INLINE void ig_mix_f32(const float *row, size_t n, size_t a, size_t b, float left, float right, float *out,
                          int32_t channels) {
  int32_t c = 0;
  IG_MIX_STEPS(4, { vst1q_f32(out + at, ig_mix_4(row, n, a + at, b + at, left, right)); })
  for (; c < channels; c++) out[c] = ig_mix_1(row, n, a + c, b + c, left, right);
}

IG_INLINE void ig_mix_u8(const float *row, size_t n, size_t a, size_t b, float left, float right, uint8_t *out,
                         int32_t channels) {
  int32_t c = 0;
  IG_MIX_STEPS(8, {
    uint16x4_t half[2];
    for (int k = 0; k < 2; k++) {
      const float32x4_t sum = ig_mix_4(row, n, a + at + 4 * k, b + at + 4 * k, left, right);
      half[k] = vmovn_u32(vcvtq_u32_f32(vaddq_f32(sum, vdupq_n_f32(0.5f))));
    }
    vst1_u8(out + at, vmovn_u16(vcombine_u16(half[0], half[1])));
  })
  for (; c < channels; c++) out[c] = (uint8_t)(ig_mix_1(row, n, a + c, b + c, left, right) + 0.5f);
}

IG_BILINEAR_ROWS(ig_bilinear_exact_s8, int8_t, int16_t, int16_t, ig_mix_rows_s8_s16, ig_mix_exact_s8)
IG_BILINEAR_ROWS(ig_bilinear_exact_u8, uint8_t, int16_t, int16_t, ig_mix_rows_u8_s16, ig_mix_exact_u8)
IG_BILINEAR_ROWS(ig_bilinear_rows_s8, int8_t, int32_t, int32_t, ig_mix_rows_s8_s32, ig_mix_fixed_s8)
IG_BILINEAR_ROWS(ig_bilinear_rows_u8, uint8_t, float, float, ig_mix_rows_u8_f32, ig_mix_u8)
IG_BILINEAR_ROWS(ig_bilinear_rows_f32, float, float, float, ig_mix_rows_f32, ig_mix_f32)

#endif
