/* depthwise_neon.h: NEON inner loops of depthwise.h. Blocks of 8 channels (8 bits) or 4 (float), at least one block. */
#ifndef IG_DEPTHWISE_NEON_H
#define IG_DEPTHWISE_NEON_H
#if IG_NEON

/* Eight channels of 8 bits, one output pixel whose taps start at row[ky] + at. */
IG_INLINE void depthwise_pixel_wide(const depthwise *d, const uint8_t *const *row, int at, const int16x8_t *held,
                                    const int16_t *w, int32x4_t acc[2]) {
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const int ky = t / d->kernel_w, kx = t % d->kernel_w;
    const int16x8_t x = gemm_widen(vld1_u8(row[ky] + at + kx * d->dilation_w * d->channels), d->out.is_unsigned);
    const int16x8_t b = held ? held[t] : vld1q_s16(w + t * d->channels);
    acc[0] = vmlal_s16(acc[0], vget_low_s16(x), vget_low_s16(b));
    acc[1] = vmlal_high_s16(acc[1], x, b);
  }
}

IG_INLINE void depthwise_pixel_pairs(const depthwise *d, const uint8_t *const *row, int at, const int8x8_t *held,
                                     const int8_t *w, int32x4_t acc[2]) {
  const int taps = d->kernel_h * d->kernel_w;
  int16x8_t pair = vdupq_n_s16(0);
  GEMM_UNROLL for (int t = 0; t < taps; t++) {
    const int ky = t / d->kernel_w, kx = t % d->kernel_w;
    const int8x8_t x = vreinterpret_s8_u8(vld1_u8(row[ky] + at + kx * d->dilation_w * d->channels));
    const int8x8_t b = held ? held[t] : vld1_s8(w + t * d->channels);
    pair = t % 2 ? vmlal_s8(pair, x, b) : vmull_s8(x, b);
    if (t % 2 || t == taps - 1) {
      acc[0] = vaddw_s16(acc[0], vget_low_s16(pair));
      acc[1] = vaddw_high_s16(acc[1], pair);
    }
  }
}

IG_INLINE void depthwise_row_i8(const depthwise *d, const uint8_t *const *row, uint8_t *to) {
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_HELD;
  const gemm_i8 g = {.n = 8, .mr = 1, .nr = 8, .ldc = 0, .out = d->out};
  for (int block = 0; block < gemm_count(d->channels, 8); block++) {
    const int c = gemm_start(block, 8, d->channels);
    const int8_t *narrow = (const int8_t *)d->weights + c;
    const int16_t *wide = (const int16_t *)d->weights + c;
    const int32x4_t bias[2] = {vld1q_s32(d->out.bias + c), vld1q_s32(d->out.bias + c + 4)};
    int8x8_t held_narrow[DEPTHWISE_HELD];
    int16x8_t held_wide[DEPTHWISE_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_HELD; t++) {
      if (!hold || t >= taps) continue;
      if (d->kernel == DEPTHWISE_PAIRS) held_narrow[t] = vld1_s8(narrow + t * d->channels);
      else held_wide[t] = vld1q_s16(wide + t * d->channels);
    }
    for (int x = 0; x < d->out_w; x++) {
      const int at = x * d->stride_w * d->channels + c;
      gemm_acc acc = {{bias[0], bias[1]}};
      if (d->kernel == DEPTHWISE_PAIRS) depthwise_pixel_pairs(d, row, at, hold ? held_narrow : NULL, narrow, acc[0]);
      else depthwise_pixel_wide(d, row, at, hold ? held_wide : NULL, wide, acc[0]);
      gemm_finish_i8(&g, acc, c, to + (size_t)x * d->channels + c);
    }
  }
}

/* Four float channels, `pixels` output pixels at a time. */
IG_INLINE void depthwise_step_f32(const depthwise *d, const float *const *row, int x, int pixels, int c,
                                  const float32x4_t *held, float *to) {
  float32x4_t acc[4];
  const float *w = (const float *)d->weights + c;
  GEMM_UNROLL for (int i = 0; i < pixels; i++) acc[i] = vld1q_f32(d->bias + c);
  GEMM_UNROLL for (int t = 0; t < d->kernel_h * d->kernel_w; t++) {
    const int ky = t / d->kernel_w, kx = t % d->kernel_w;
    const float32x4_t b = held ? held[t] : vld1q_f32(w + t * d->channels);
    GEMM_UNROLL for (int i = 0; i < pixels; i++) {
      const int at = ((x + i) * d->stride_w + kx * d->dilation_w) * d->channels + c;
      acc[i] = vfmaq_f32(acc[i], vld1q_f32(row[ky] + at), b);
    }
  }
  const float32x4_t low = vdupq_n_f32(d->low), high = vdupq_n_f32(d->high);
  GEMM_UNROLL for (int i = 0; i < pixels; i++)
    vst1q_f32(to + (size_t)(x + i) * d->channels + c, vminq_f32(vmaxq_f32(acc[i], low), high));
}

IG_INLINE void depthwise_row_f32(const depthwise *d, const float *const *row, float *to) {
  const int taps = d->kernel_h * d->kernel_w, hold = taps <= DEPTHWISE_HELD;
  for (int block = 0; block < gemm_count(d->channels, 4); block++) {
    const int c = gemm_start(block, 4, d->channels);
    float32x4_t held[DEPTHWISE_HELD];
    GEMM_UNROLL for (int t = 0; t < DEPTHWISE_HELD; t++)
      if (hold && t < taps) held[t] = vld1q_f32((const float *)d->weights + c + t * d->channels);
    int x = 0;
    for (; x + d->pixels <= d->out_w; x += d->pixels) depthwise_step_f32(d, row, x, d->pixels, c, hold ? held : NULL, to);
    if (d->pixels > 1)
      for (; x < d->out_w; x++) depthwise_step_f32(d, row, x, 1, c, hold ? held : NULL, to);
  }
}

IG_INLINE void depthwise_row_neon(const depthwise *d, const void *const *row, void *to) {
  if (d->is_float) depthwise_row_f32(d, (const float *const *)row, to);
  else depthwise_row_i8(d, (const uint8_t *const *)row, to);
}

#endif
#endif
