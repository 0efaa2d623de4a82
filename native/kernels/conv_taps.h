/* conv_taps.h: 2-D and 3-D convolutions, also transposed, by lists of taps. ISA: portable C; the inner loop runs over
 * output channels, so that it vectorises without reordering any sum.
 *
 * Tile: all output channels of one pixel. Data: N(D)HWC. Weights: [taps][channels][outs], int16 with the zero point
 * subtracted, or float. Accumulators: int32 (wrapping), int64 (INT16x8) or float.
 * Taps of an axis: for output index o, entries [starts[o], starts[o + 1]) of `taps` are pairs (kernel index, input
 * index) within the input. */
#ifndef IG_CONV_TAPS_H
#define IG_CONV_TAPS_H

#include "conv_reference.h"

typedef struct {
  int in_d, in_h, in_w, out_d, out_h, out_w, kernel_h, kernel_w;
  const int32_t *d_starts, *d_taps, *y_starts, *y_taps, *x_starts, *x_taps;
} conv_taps;

/* Accumulators of all output channels of the pixel (od, oy, ox). */
#define CONV_TAPS_PIXEL(NAME, T, W, A, P)                                                                              \
  IG_INLINE void NAME(const conv_taps *d, const T *in, const W *weights, int channels, int outs, int32_t zero, int od, \
                      int oy, int ox, A *restrict sums) {                                                              \
    for (int o = 0; o < outs; o++) sums[o] = 0;                                                                        \
    for (int i = d->d_starts[od]; i < d->d_starts[od + 1]; i++)                                                        \
      for (int j = d->y_starts[oy]; j < d->y_starts[oy + 1]; j++)                                                      \
        for (int k = d->x_starts[ox]; k < d->x_starts[ox + 1]; k++) {                                                  \
          const int32_t *td = d->d_taps + 2 * i, *ty = d->y_taps + 2 * j, *tx = d->x_taps + 2 * k;                     \
          const T *x = in + (((size_t)td[1] * d->in_h + ty[1]) * d->in_w + tx[1]) * channels;                          \
          const W *restrict w =                                                                                        \
              weights + (((size_t)td[0] * d->kernel_h + ty[0]) * d->kernel_w + tx[0]) * channels * outs;               \
          for (int c = 0; c < channels; c++, w += outs) {                                                              \
            const P v = (P)(x[c] - (P)zero);                                                                           \
            for (int o = 0; o < outs; o++) sums[o] += v * w[o];                                                        \
          }                                                                                                            \
        }                                                                                                              \
  }
CONV_TAPS_PIXEL(conv_taps_pixel_s8, int8_t, int16_t, int32_t, int32_t)
CONV_TAPS_PIXEL(conv_taps_pixel_u8, uint8_t, int16_t, int32_t, int32_t)
CONV_TAPS_PIXEL(conv_taps_pixel_s16, int16_t, int16_t, int32_t, int32_t)
CONV_TAPS_PIXEL(conv_taps_pixel_s16_wide, int16_t, int16_t, int64_t, int32_t)

IG_INLINE void conv_taps_pixel_f32(const conv_taps *d, const float *in, const float *weights, int channels, int outs,
                                   int od, int oy, int ox, float *restrict sums) {
  for (int o = 0; o < outs; o++) sums[o] = 0;
  for (int i = d->d_starts[od]; i < d->d_starts[od + 1]; i++)
    for (int j = d->y_starts[oy]; j < d->y_starts[oy + 1]; j++)
      for (int k = d->x_starts[ox]; k < d->x_starts[ox + 1]; k++) {
        const int32_t *td = d->d_taps + 2 * i, *ty = d->y_taps + 2 * j, *tx = d->x_taps + 2 * k;
        const float *x = in + (((size_t)td[1] * d->in_h + ty[1]) * d->in_w + tx[1]) * channels;
        const float *restrict w =
            weights + (((size_t)td[0] * d->kernel_h + ty[0]) * d->kernel_w + tx[0]) * channels * outs;
        for (int c = 0; c < channels; c++, w += outs)
          for (int o = 0; o < outs; o++) sums[o] += x[c] * w[o];
      }
}

/* Transposes weights that are not constant from OHWI to [taps][channels][outs]. n: elements per output channel. */
IG_INLINE void conv_taps_pack_integer(const void *from, int type, int32_t zero, int outs, size_t n, int16_t *to) {
  for (int o = 0; o < outs; o++)
    for (size_t i = 0; i < n; i++) to[i * outs + o] = (int16_t)(reference_load(from, type, o * n + i) - zero);
}
IG_INLINE void conv_taps_pack_float(const float *from, int outs, size_t n, float *to) {
  for (int o = 0; o < outs; o++)
    for (size_t i = 0; i < n; i++) to[i * outs + o] = from[o * n + i];
}

/* p: epilogue; of its shape only channels and item count. sums: scratch, outs accumulators of up to 8 bytes; quantized:
 * hybrid: scratch, one int8 per element of an image; else unused. */
IG_INLINE void conv_taps_run(const conv_reference *p, const conv_taps *d, const void *in, const void *weights,
                             int8_t *quantized, void *sums, void *out) {
  const int channels = p->shape.channels, outs = p->outs;
  const size_t image = (size_t)d->in_d * d->in_h * d->in_w * channels;
  size_t at = 0;
  for (int b = 0; b < p->batch; b++) {
    const void *x = (const uint8_t *)in + b * image * p->shape.item;
    int32_t zero = p->data_zero;
    float scale = 1;
    if (p->epilogue == EPILOGUE_HYBRID) {
      hybrid_quantize(x, image, p->asymmetric, quantized, &scale, &zero);
      x = quantized;
    }
    for (int od = 0; od < d->out_d; od++)
      for (int oy = 0; oy < d->out_h; oy++)
        for (int ox = 0; ox < d->out_w; ox++, at += outs) {
          if (p->epilogue == EPILOGUE_FLOAT) {
            conv_taps_pixel_f32(d, x, weights, channels, outs, od, oy, ox, sums);
            for (int o = 0; o < outs; o++) reference_store(p, 0, ((float *)sums)[o], scale, o, out, at + o);
          } else if (p->epilogue == EPILOGUE_INT64) {
            conv_taps_pixel_s16_wide(d, x, weights, channels, outs, zero, od, oy, ox, sums);
            for (int o = 0; o < outs; o++) reference_store(p, ((int64_t *)sums)[o], 0, scale, o, out, at + o);
          } else {
            if (p->data == ELEMENT_U8) conv_taps_pixel_u8(d, x, weights, channels, outs, zero, od, oy, ox, sums);
            else if (p->data == ELEMENT_I16) conv_taps_pixel_s16(d, x, weights, channels, outs, zero, od, oy, ox, sums);
            else conv_taps_pixel_s8(d, x, weights, channels, outs, zero, od, oy, ox, sums);
            for (int o = 0; o < outs; o++) reference_store(p, ((int32_t *)sums)[o], 0, scale, o, out, at + o);
          }
        }
  }
}

#endif
