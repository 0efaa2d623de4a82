/* conv.h: 2-D convolution, NHWC, as C[pixels][outs] = A[pixels][taps x channels] * W. ISA: NEON or portable C.
 *
 * 1x1 window, stride 1, no padding: A is the input itself; gemm_run_* of conv_i8.h and conv_f32.h read it in place.
 * Otherwise: im2col by tile. The mr rows of A of a tile are gathered into a buffer of mr * row_bytes, which stays in
 * the first-level cache while all panels of weights are multiplied. Padding: output rows are computed in bands. The
 * input rows under a band are first copied with the zero point around them, so that gathering has no borders to test.
 */
#ifndef IG_CONV_H
#define IG_CONV_H

#include "gemm.h"

typedef struct {
  int in_h, in_w, channels; /* of the input, all groups */
  int out_h, out_w;
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  int groups;
  int item;     /* bytes of an element */
  uint8_t fill; /* padding: each byte of an element that is zero */
  int images;
  int band;         /* output rows per band */
  int band_w;       /* pixels per row of the padded copy; 0: no padding, taps are read from the input */
  size_t row_bytes; /* per gathered row of A: packed_k elements, at least taps x channels of a group */
} conv_shape;

/* Preconditions of conv_run. */
#define CONV_CHECK(G, S)                                                                      \
  do {                                                                                        \
    IG_ASSERT((S)->band >= 1 && (S)->band <= (S)->out_h && (G)->m == (S)->band * (S)->out_w); \
    IG_ASSERT(!(G)->weights_first && (S)->row_bytes == (G)->lda * (S)->item);                 \
  } while (0)

/* Bytes beyond its end that a copy may read and write. */
#define CONV_SPARE 16

/* Copies `bytes`; from the padded copy in steps of 16, up to CONV_SPARE bytes beyond the end on either side. */
IG_INLINE void conv_copy(const conv_shape *s, uint8_t *to, const uint8_t *from, size_t bytes) {
#if IG_NEON
  if (s->band_w || bytes % 16 == 0) {
    for (size_t i = 0; i < bytes; i += 16) vst1q_u8(to + i, vld1q_u8(from + i));
    return;
  }
#endif
  memcpy(to, from, bytes);
}

/* Gathers one row of A: [kernel_h][kernel_w][channels of the group]. from: first tap; pitch: bytes between input rows.
 */
IG_INLINE void conv_gather_row(const conv_shape *s, const uint8_t *from, size_t pitch, uint8_t *to) {
  const size_t pixel = (size_t)s->channels * s->item, tap = pixel / s->groups;
  const int joined = s->dilation_w == 1 && s->groups == 1; /* the taps of a kernel row are contiguous */
  const size_t bytes = joined ? s->kernel_w * tap : tap;
  for (int ky = 0; ky < s->kernel_h; ky++, from += s->dilation_h * pitch)
    for (int kx = 0; kx < (joined ? 1 : s->kernel_w); kx++, to += bytes)
      conv_copy(s, to, from + kx * s->dilation_w * pixel, bytes);
}

/* Gathers rows [at, at + count) of A, counted within a band. Bytes of a row beyond its taps are multiplied by zero
 * weights; they are left as they are. */
IG_INLINE void conv_gather(const conv_shape *s, const uint8_t *band, size_t pitch, int at, int count, uint8_t *panel) {
  const size_t step = (size_t)s->stride_w * s->channels * s->item;
  int x = at % s->out_w;
  const uint8_t *from = band + at / s->out_w * (s->stride_h * pitch) + x * step;
  GEMM_UNROLL for (int i = 0; i < count; i++, panel += s->row_bytes) {
    conv_gather_row(s, from, pitch, panel);
    from += step;
    if (s->out_w % count != 0 && ++x == s->out_w) {
      x = 0;
      from += s->stride_h * pitch - s->out_w * step;
    }
  }
}

/* Copies the input rows under the band of output row `oy`, with padding. */
IG_INLINE void conv_pad(const conv_shape *s, const uint8_t *image, int oy, uint8_t *to) {
  const size_t pixel = (size_t)s->channels * s->item;
  const int left = ig_min(s->pad_left, s->band_w), copied = ig_min(s->band_w - left, s->in_w);
  const int rows = (s->band - 1) * s->stride_h + (s->kernel_h - 1) * s->dilation_h + 1;
  for (int r = 0; r < rows; r++, to += s->band_w * pixel) {
    const int y = oy * s->stride_h - s->pad_top + r;
    if (y < 0 || y >= s->in_h) {
      memset(to, s->fill, s->band_w * pixel);
      continue;
    }
    memset(to, s->fill, left * pixel);
    memcpy(to + left * pixel, image + (size_t)y * s->in_w * pixel, copied * pixel);
    memset(to + (left + copied) * pixel, s->fill, (s->band_w - left - copied) * pixel);
  }
}

/* First input row under the band of output row `oy`; *pitch: bytes between rows. */
IG_INLINE const uint8_t *conv_band(const conv_shape *s, const uint8_t *image, int oy, uint8_t *padded, size_t *pitch) {
  const size_t pixel = (size_t)s->channels * s->item;
  *pitch = pixel * (s->band_w ? s->band_w : s->in_w);
  if (!s->band_w) return image + oy * s->stride_h * *pitch;
  conv_pad(s, image, oy, padded);
  return padded;
}

/* Band index within an image: clamp(bands, 0, of_image). */
IG_INLINE int conv_clip(int bands, int of_image) { return ig_clamp(bands, 0, of_image); }

#endif
