/* resize.h: RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR. ISA: portable C, inner loops over channels. Layout: NHWC.
 * Neighbours and fractions come from tables that the code generator computes.
 * Arithmetic: TFLite reference/resize_bilinear.h: int8 and int16 in fixed point (fractions in 1/1024), uint8 in float.
 */
#ifndef IG_RESIZE_H
#define IG_RESIZE_H

#include "arith.h"

typedef struct {
  int32_t batches, in_h, in_w, channels, out_h, out_w;
} ig_resize;

/* Per output index of an axis: two input indices, and the fraction of the way from the first to the second. */
#define IG_BILINEAR(NAME, T, F, ...)                                                                                   \
  IG_INLINE void NAME(const T *restrict in, T *restrict out, const ig_resize *s, const int32_t *y0, const int32_t *y1, \
                      const F *yf, const int32_t *x0, const int32_t *x1, const F *xf) {                                \
    for (int32_t b = 0; b < s->batches; b++, in += (size_t)s->in_h * s->in_w * s->channels)                            \
      for (int32_t y = 0; y < s->out_h; y++)                                                                           \
        for (int32_t x = 0; x < s->out_w; x++, out += s->channels) {                                                   \
          const T *restrict p = in + ((size_t)y0[y] * s->in_w + x0[x]) * s->channels;                                  \
          const T *restrict q = in + ((size_t)y1[y] * s->in_w + x0[x]) * s->channels;                                  \
          const T *restrict r = in + ((size_t)y0[y] * s->in_w + x1[x]) * s->channels;                                  \
          const T *restrict t = in + ((size_t)y1[y] * s->in_w + x1[x]) * s->channels;                                  \
          const F dy = yf[y], dx = xf[x];                                                                              \
          for (int32_t c = 0; c < s->channels; c++) {                                                                  \
            __VA_ARGS__                                                                                                \
          }                                                                                                            \
        }                                                                                                              \
  }

#define IG_BILINEAR_FIXED(NAME, T, A)                                                                \
  IG_BILINEAR(NAME, T, int32_t, {                                                                    \
    const A up = 1024 - dy, left = 1024 - dx;                                                        \
    const A sum = p[c] * up * left + q[c] * (A)dy * left + r[c] * up * (A)dx + t[c] * (A)dy * (A)dx; \
    out[c] = (T)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));                              \
  })
IG_BILINEAR_FIXED(ig_bilinear_s8, int8_t, int32_t)
IG_BILINEAR_FIXED(ig_bilinear_s16, int16_t, int64_t)

#define IG_BILINEAR_FLOAT(NAME, T, ROUND)                                                                             \
  IG_BILINEAR(NAME, T, float, {                                                                                       \
    const float up = 1 - dy, left = 1 - dx;                                                                           \
    out[c] =                                                                                                          \
        (T)((float)p[c] * up * left + (float)q[c] * dy * left + (float)r[c] * up * dx + (float)t[c] * dy * dx ROUND); \
  })
IG_BILINEAR_FLOAT(ig_bilinear_f32, float, )
IG_BILINEAR_FLOAT(ig_bilinear_u8, uint8_t, +0.5f)

/* bytes: of a pixel. */
IG_INLINE void ig_nearest(const void *restrict from, void *restrict to, const ig_resize *s, size_t bytes,
                          const int32_t *rows, const int32_t *columns) {
  const uint8_t *in = from;
  uint8_t *out = to;
  for (int32_t b = 0; b < s->batches; b++, in += (size_t)s->in_h * s->in_w * bytes)
    for (int32_t y = 0; y < s->out_h; y++)
      for (int32_t x = 0; x < s->out_w; x++, out += bytes)
        memcpy(out, in + ((size_t)rows[y] * s->in_w + columns[x]) * bytes, bytes);
}

#endif
