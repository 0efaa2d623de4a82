/* pool_neon.h: NEON part of pool.h. Tile: 16 channels of 8 bits, 16 or 4 of floats, of one output pixel; the last step
 * of a pixel overlaps the one before. Layout: NHWC. Accumulators: registers; 16 bits for 8-bit sums, exact up to 256
 * elements. */

/* All output pixels, then return; if there are enough channels for a step and CONDITION holds. */
#define IG_POOL_STEPS(LANES, STEP, CONDITION)                                                             \
  if ((CONDITION) && p->channels >= (LANES)) {                                                            \
    const size_t c = (size_t)p->channels;                                                                 \
    for (int32_t b = 0; b < p->batches; b++, in += p->in_h * p->in_w * c)                                 \
      for (int32_t oy = 0; oy < p->out_h; oy++)                                                           \
        for (int32_t ox = 0; ox < p->out_w; ox++, out += c) {                                             \
          const ig_pool_window w = ig_pool_window_at(p, oy, ox);                                          \
          for (int32_t at = 0; at < p->channels; at += (LANES)) {                                         \
            const int32_t from = ig_min(at, p->channels - (LANES));                                       \
            STEP(in + ((size_t)w.y0 * p->in_w + w.x0) * c + from, c, p->in_w * c, w, out + from, lo, hi); \
          }                                                                                               \
        }                                                                                                 \
    return;                                                                                               \
  }

IG_INLINE int ig_fits_16(const ig_pool *p) { return p->kernel_h <= 256 && p->kernel_h * p->kernel_w <= 256; }

/* Visits the pixels of a window: TAP with `tap` at each. */
#define IG_EACH_TAP(T, ...)                               \
  for (int32_t y = w.y0; y < w.y1; y++, in += row) {      \
    const T *tap = in;                                    \
    for (int32_t x = w.x0; x < w.x1; x++, tap += pixel) { \
      __VA_ARGS__                                         \
    }                                                     \
  }

/* trunc((sum +- count / 2) / count). With a further 0.5 in the sum, the product with the rounded 1 / count is at least
 * 1/512 away from the integers it must not reach; its error is below 2^-13. */
IG_INLINE int32x4_t ig_pooled_4(int32x4_t sum, float32x4_t half, float32x4_t inverse) {
  const float32x4_t s = vcvtq_f32_s32(sum);
  return vcvtq_s32_f32(vmulq_f32(vaddq_f32(s, vbslq_f32(vdupq_n_u32(0x80000000), s, half)), inverse));
}

IG_INLINE int16x8_t ig_pooled_8(int16x8_t sum, float32x4_t half, float32x4_t inverse) {
  const int32x4_t low = ig_pooled_4(vmovl_s16(vget_low_s16(sum)), half, inverse);
  return vmovn_high_s32(vmovn_s32(low), ig_pooled_4(vmovl_high_s16(sum), half, inverse));
}
IG_INLINE uint16x8_t ig_pooled_u8(uint16x8_t sum, float32x4_t half, float32x4_t inverse) {
  const int32x4_t low = ig_pooled_4(vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(sum))), half, inverse);
  const int32x4_t high = ig_pooled_4(vreinterpretq_s32_u32(vmovl_high_u16(sum)), half, inverse);
  return vreinterpretq_u16_s16(vmovn_high_s32(vmovn_s32(low), high));
}

#define IG_AVG_STEP(SUFFIX, T, V8, V16, SUFFIX16, MEAN)                                                            \
  IG_INLINE void ig_avg_step_##SUFFIX(const T *in, size_t pixel, size_t row, ig_pool_window w, T *out, int32_t lo, \
                                      int32_t hi) {                                                                \
    V16 low = vdupq_n_##SUFFIX16(0), high = low;                                                                   \
    IG_EACH_TAP(T, {                                                                                               \
      const V8 v = vld1q_##SUFFIX(tap);                                                                            \
      low = vaddw_##SUFFIX(low, vget_low_##SUFFIX(v));                                                             \
      high = vaddw_high_##SUFFIX(high, v);                                                                         \
    })                                                                                                             \
    const int32_t count = (w.y1 - w.y0) * (w.x1 - w.x0);                                                           \
    const float32x4_t half = vdupq_n_f32((float)(count / 2) + 0.5f), inverse = vdupq_n_f32(1.0f / (float)count);   \
    const V8 mean = vmovn_high_##SUFFIX16(vmovn_##SUFFIX16(MEAN(low, half, inverse)), MEAN(high, half, inverse));  \
    vst1q_##SUFFIX(out, vminq_##SUFFIX(vmaxq_##SUFFIX(mean, vdupq_n_##SUFFIX((T)lo)), vdupq_n_##SUFFIX((T)hi)));   \
  }
IG_AVG_STEP(s8, int8_t, int8x16_t, int16x8_t, s16, ig_pooled_8)
IG_AVG_STEP(u8, uint8_t, uint8x16_t, uint16x8_t, u16, ig_pooled_u8)

/* N float vectors per step: a single one would wait for the latency of each sum or maximum. NaN is never the maximum.
 */
#define IG_STEPS_F32(N, LANES)                                                                                    \
  IG_INLINE void ig_avg_step_f32x##LANES(const float *in, size_t pixel, size_t row, ig_pool_window w, float *out, \
                                         float lo, float hi) {                                                    \
    float32x4_t sums[N] = {0};                                                                                    \
    IG_EACH_TAP(float, for (int k = 0; k < N; k++) sums[k] = vaddq_f32(sums[k], vld1q_f32(tap + 4 * k));)         \
    const float32x4_t count = vdupq_n_f32((float)((w.y1 - w.y0) * (w.x1 - w.x0)));                                \
    for (int k = 0; k < N; k++) {                                                                                 \
      const float32x4_t mean = vdivq_f32(sums[k], count);                                                         \
      vst1q_f32(out + 4 * k, vminq_f32(vmaxq_f32(mean, vdupq_n_f32(lo)), vdupq_n_f32(hi)));                       \
    }                                                                                                             \
  }                                                                                                               \
  IG_INLINE void ig_max_step_f32x##LANES(const float *in, size_t pixel, size_t row, ig_pool_window w, float *out, \
                                         float lo, float hi) {                                                    \
    float32x4_t tops[N];                                                                                          \
    for (int k = 0; k < N; k++) tops[k] = vdupq_n_f32(-3.402823466e+38f);                                         \
    IG_EACH_TAP(float, for (int k = 0; k < N; k++) tops[k] = vmaxnmq_f32(tops[k], vld1q_f32(tap + 4 * k));)       \
    for (int k = 0; k < N; k++)                                                                                   \
      vst1q_f32(out + 4 * k, vminq_f32(vmaxq_f32(tops[k], vdupq_n_f32(lo)), vdupq_n_f32(hi)));                    \
  }
IG_STEPS_F32(1, 4)
IG_STEPS_F32(4, 16)

#define IG_MAX_STEP(SUFFIX, T, V, LOWEST)                                                                            \
  IG_INLINE void ig_max_step_##SUFFIX(const T *in, size_t pixel, size_t row, ig_pool_window w, T *out, T lo, T hi) { \
    V top = vdupq_n_##SUFFIX(LOWEST);                                                                                \
    IG_EACH_TAP(T, { top = vmaxq_##SUFFIX(top, vld1q_##SUFFIX(tap)); })                                              \
    vst1q_##SUFFIX(out, vminq_##SUFFIX(vmaxq_##SUFFIX(top, vdupq_n_##SUFFIX(lo)), vdupq_n_##SUFFIX(hi)));            \
  }
IG_MAX_STEP(s8, int8_t, int8x16_t, INT8_MIN)
IG_MAX_STEP(u8, uint8_t, uint8x16_t, 0)
