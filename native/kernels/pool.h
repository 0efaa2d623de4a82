/* pool.h: average and maximum pooling. ISA: NEON (pool_neon.h) for 8 bits and floats with enough channels; else
 * portable C that vectorises over channels. Layout: NHWC. Windows are cropped to the image. Arithmetic: TFLite
 * reference/integer_ops/pooling.h. */
#ifndef IG_POOL_H
#define IG_POOL_H

#include <math.h>

#include "arith.h"

typedef struct {
  int32_t batches, in_h, in_w, channels, out_h, out_w;
  int32_t kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left;
} ig_pool;

/* The window of an output pixel, cropped to the image. */
typedef struct {
  int32_t y0, y1, x0, x1;
} ig_pool_window;

IG_INLINE ig_pool_window ig_pool_window_at(const ig_pool *p, int32_t oy, int32_t ox) {
  int32_t y = oy * p->stride_h - p->pad_top, x = ox * p->stride_w - p->pad_left;
  return (ig_pool_window){ig_max(y, 0), ig_min(y + p->kernel_h, p->in_h), ig_max(x, 0),
                          ig_min(x + p->kernel_w, p->in_w)};
}

/* Visits every output pixel: BEGIN, then TAP for each input pixel of its window, then END. */
#define IG_POOL_EACH(p, T, in, out, BEGIN, TAP, ...)                                                       \
  for (int32_t b = 0; b < (p)->batches; b++)                                                               \
    for (int32_t oy = 0; oy < (p)->out_h; oy++)                                                            \
      for (int32_t ox = 0; ox < (p)->out_w; ox++) {                                                        \
        const ig_pool_window w = ig_pool_window_at(p, oy, ox);                                             \
        T *restrict to = (out) + (((size_t)b * (p)->out_h + oy) * (p)->out_w + ox) * (p)->channels;        \
        BEGIN                                                                                              \
        for (int32_t y = w.y0; y < w.y1; y++)                                                              \
          for (int32_t x = w.x0; x < w.x1; x++) {                                                          \
            const T *restrict from = (in) + (((size_t)b * (p)->in_h + y) * (p)->in_w + x) * (p)->channels; \
            TAP                                                                                            \
          }                                                                                                \
        __VA_ARGS__                                                                                        \
      }

#if IG_NEON
#include "pool_neon.h"
#else
#define IG_POOL_STEPS(LANES, CALL, ...)
#endif

#define IG_EACH_CHANNEL for (int32_t c = 0; c < p->channels; c++)

/* sums: scratch, one accumulator per channel. R: float type that holds every sum exactly and whose quotient sum /
 * count, truncated, is the integer quotient. */
#define IG_AVG_POOL_INT(NAME, T, R, STEPS)                                                                         \
  IG_INLINE void NAME(const T *restrict in, T *restrict out, int32_t *restrict sums, const ig_pool *p, int32_t lo, \
                      int32_t hi) {                                                                                \
    STEPS                                                                                                          \
    IG_POOL_EACH(                                                                                                  \
        p, T, in, out, { IG_EACH_CHANNEL sums[c] = 0; }, { IG_EACH_CHANNEL sums[c] += from[c]; },                  \
        {                                                                                                          \
          const int32_t count = (w.y1 - w.y0) * (w.x1 - w.x0), half = count / 2;                                   \
          IG_EACH_CHANNEL {                                                                                        \
            const int32_t s = sums[c] + (sums[c] > 0 ? half : -half);                                              \
            to[c] = (T)ig_clamp((int32_t)((R)s / (R)count), lo, hi);                                               \
          }                                                                                                        \
        })                                                                                                         \
  }
IG_AVG_POOL_INT(ig_avg_pool_s8, int8_t, float, IG_POOL_STEPS(16, ig_avg_step_s8, ig_fits_16(p)))
IG_AVG_POOL_INT(ig_avg_pool_u8, uint8_t, float, IG_POOL_STEPS(16, ig_avg_step_u8, ig_fits_16(p)))
/* For windows of more than 65536 elements, and for 16 bits. */
IG_AVG_POOL_INT(ig_avg_pool_s8_large, int8_t, double, )
IG_AVG_POOL_INT(ig_avg_pool_u8_large, uint8_t, double, )
IG_AVG_POOL_INT(ig_avg_pool_s16, int16_t, double, )

IG_INLINE void ig_avg_pool_f32(const float *restrict in, float *restrict out, float *restrict sums, const ig_pool *p,
                               float lo, float hi) {
  IG_POOL_STEPS(16, ig_avg_step_f32x16, 1)
  IG_POOL_STEPS(4, ig_avg_step_f32x4, 1)
  IG_POOL_EACH(
      p, float, in, out, { IG_EACH_CHANNEL sums[c] = 0; }, { IG_EACH_CHANNEL sums[c] += from[c]; },
      {
        const float count = (float)((w.y1 - w.y0) * (w.x1 - w.x0));
        IG_EACH_CHANNEL {
          const float mean = sums[c] / count, low = mean < lo ? lo : mean;
          to[c] = hi < low ? hi : low;
        }
      })
}

/* Source: TFLite reference/pooling.h (L2Pool). */
IG_INLINE void ig_l2_pool_f32(const float *restrict in, float *restrict out, float *restrict sums, const ig_pool *p,
                              float lo, float hi) {
  IG_POOL_EACH(
      p, float, in, out, { IG_EACH_CHANNEL sums[c] = 0; }, { IG_EACH_CHANNEL sums[c] += from[c] * from[c]; },
      {
        const float count = (float)((w.y1 - w.y0) * (w.x1 - w.x0));
        IG_EACH_CHANNEL {
          const float root = sqrtf(sums[c] / count), low = root < lo ? lo : root;
          to[c] = hi < low ? hi : low;
        }
      })
}

/* clang-format cannot tell where the blocks of this macro end. */
/* clang-format off */
#define IG_MAX_POOL(NAME, T, LOWEST, STEPS)                                                                   \
  IG_INLINE void NAME(const T *restrict in, T *restrict out, const ig_pool *p, T lo, T hi) {                  \
    STEPS                                                                                                     \
    IG_POOL_EACH(                                                                                             \
        p, T, in, out, { IG_EACH_CHANNEL to[c] = LOWEST; },                                                    \
        { IG_EACH_CHANNEL to[c] = to[c] < from[c] ? from[c] : to[c]; },                                        \
        {                                                                                                     \
          IG_EACH_CHANNEL {                                                                                   \
            const T low = to[c] < lo ? lo : to[c];                                                            \
            to[c] = hi < low ? hi : low;                                                                      \
          }                                                                                                   \
        })                                                                                                    \
  }
/* clang-format on */
IG_MAX_POOL(ig_max_pool_s8, int8_t, INT8_MIN, IG_POOL_STEPS(16, ig_max_step_s8, 1))
IG_MAX_POOL(ig_max_pool_u8, uint8_t, 0, IG_POOL_STEPS(16, ig_max_step_u8, 1))
IG_MAX_POOL(ig_max_pool_s16, int16_t, INT16_MIN, )
IG_MAX_POOL(ig_max_pool_f32, float, -3.402823466e+38f,
            IG_POOL_STEPS(16, ig_max_step_f32x16, 1) IG_POOL_STEPS(4, ig_max_step_f32x4, 1))

#endif
