/* depthwise_dot.h: depthwise convolution, 8 bits. ISA: dotprod: one SDOT multiplies 4 adjacent pixels of 4 channels.
 *
 * Tile: 8 channels x 2 output pixels.
 * Data: ring rows of quads, [quads][channels][4] int8: quad j holds pixels 2j to 2j + 3. With `whole`, channels are 8
 * or 16 at a time. stride 1: outputs 2j and 2j + 1 read quads j, j + 2, ...; the weights of the second are shifted by
 * one tap; stride 2: output j reads quads j, j + 2, ... Weights: [block][kernel row, twice where `twice` has its
 * bit][quad][outputs that share the quad][8 channels][4] int8. Accumulators: int32, wrapping. */
#ifndef IG_DEPTHWISE_DOT_H
#define IG_DEPTHWISE_DOT_H

#include "depthwise_i8.h"
#if IG_NEON && defined(__ARM_FEATURE_DOTPROD)

/* Most registers of weights held along a row; a block with more loads them at each use. */
#define DEPTHWISE_DOT_HELD 16

/* Output pixels that share a quad; quads per kernel row; registers of weights per block. */
IG_INLINE int depthwise_dot_phases(const depthwise *d) { return d->stride_w == 1 ? 2 : 1; }
IG_INLINE int depthwise_dot_quads(const depthwise *d) {
  return gemm_count(d->kernel_w + depthwise_dot_phases(d) - 1, 4);
}
IG_INLINE int depthwise_dot_registers(const depthwise *d) {
  return (d->kernel_h + __builtin_popcountll(d->twice)) * depthwise_dot_quads(d) * depthwise_dot_phases(d) * 2;
}

/* `lanes` (8 or 16) channels of pixel x of an image row; x counts from the left padding. */
IG_INLINE uint8x16_t depthwise_dot_pixel(const depthwise *d, const uint8_t *row, const uint8_t *fill, int x,
                                         int lanes) {
  const uint8_t *from =
      (unsigned)(x - d->pad_left) < (unsigned)d->in_w ? row + (ptrdiff_t)(x - d->pad_left) * d->channels : fill;
  return lanes == 16 ? vld1q_u8(from) : vcombine_u8(vld1_u8(from), vdup_n_u8(0));
}

/* Pixels x and x + 1 interleaved: channels 0 to 7, and 8 to 15. */
IG_INLINE void depthwise_dot_two(const depthwise *d, const uint8_t *row, const uint8_t *fill, int x, int lanes,
                                 uint16x8_t two[2]) {
  uint8x16_t a = depthwise_dot_pixel(d, row, fill, x, lanes), b = depthwise_dot_pixel(d, row, fill, x + 1, lanes);
  if (d->out.is_unsigned) a = veorq_u8(a, vdupq_n_u8(0x80)), b = veorq_u8(b, vdupq_n_u8(0x80));
  two[0] = vreinterpretq_u16_u8(vzip1q_u8(a, b));
  if (lanes == 16) two[1] = vreinterpretq_u16_u8(vzip2q_u8(a, b));
}

IG_INLINE void depthwise_dot_store(const uint16x8_t left[2], const uint16x8_t right[2], int lanes, uint8_t *to) {
  GEMM_UNROLL for (int h = 0; h < lanes / 8; h++) {
    uint16x8_t lo = vzip1q_u16(left[h], right[h]), hi = vzip2q_u16(left[h], right[h]);
    DEPTHWISE_WHOLE(lo);
    DEPTHWISE_WHOLE(hi);
    vst1q_u8(to + 32 * h, vreinterpretq_u8_u16(lo));
    vst1q_u8(to + 32 * h + 16, vreinterpretq_u8_u16(hi));
  }
}

/* Channels written to the ring at a time; channels per quad. */
IG_INLINE int depthwise_dot_lanes(const depthwise *d) { return d->channels < 16 ? 8 : 16; }
IG_INLINE int depthwise_dot_channels(const depthwise *d) { return d->whole ? depthwise_dot_lanes(d) : d->channels; }

IG_INLINE void depthwise_dot_block(const depthwise *d, const uint8_t *row, const uint8_t *fill, int lanes,
                                   uint8_t *to) {
  const size_t quad = 4 * (size_t)depthwise_dot_channels(d);
  uint16x8_t even[2], odd[2];
  depthwise_dot_two(d, row, fill, 0, lanes, even);
  GEMM_ROLLED for (int j = 0; j + 1 < d->ring_w; j += 2, to += 2 * quad) {
    depthwise_dot_two(d, row, fill, 2 * j + 2, lanes, odd);
    depthwise_dot_store(even, odd, lanes, to);
    depthwise_dot_two(d, row, fill, 2 * j + 4, lanes, even);
    depthwise_dot_store(odd, even, lanes, to + quad);
  }
  if (d->ring_w % 2 == 0) return;
  depthwise_dot_two(d, row, fill, 2 * d->ring_w, lanes, odd);
  depthwise_dot_store(even, odd, lanes, to);
}

/* Writes a ring row of quads: all channels, or with `whole` the lanes from `channel` on. row: image row; NULL: padding.
 */
IG_INLINE void depthwise_ring_row_dot(const depthwise *d, const uint8_t *row, int channel, uint8_t *to) {
  if (row == NULL) {
    memset(to, d->fill, 4 * (size_t)depthwise_dot_channels(d) * d->ring_w);
    return;
  }
  uint8_t fill[16]; /* before ^ 0x80 */
  memset(fill, d->out.is_unsigned ? d->fill ^ 0x80 : d->fill, sizeof fill);
  const int lanes = depthwise_dot_lanes(d);
  if (d->whole) {
    depthwise_dot_block(d, row + channel, fill, lanes, to);
    return;
  }
  for (int block = 0; block < gemm_count(d->channels, lanes); block++) {
    const int c = gemm_start(block, lanes, d->channels);
    depthwise_dot_block(d, row + c, fill, lanes, to + 4 * c);
  }
}

/* Accumulators of two output pixels. at: offset of the first quad in row[ky]; held: weights in registers, or NULL. */
IG_INLINE void depthwise_step_dot(const depthwise *d, const int8_t *const *row, size_t at, const int8x16_t *held,
                                  const int8_t *w, const int32_t *bias, int32x4_t acc[][2]) {
  if (!held) DEPTHWISE_OPAQUE(w);
  const size_t quad = 4 * (size_t)depthwise_dot_channels(d);
  const int phases = depthwise_dot_phases(d);
  int r = 0; /* register of weights */
  GEMM_UNROLL for (int i = 0; i < 2; i++) {
    DEPTHWISE_OPAQUE(bias);
    GEMM_UNROLL for (int h = 0; h < 2; h++)
      acc[i][h] = vld1q_s32(bias + 4 * h);
  }
  GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++) GEMM_UNROLL
    for (int part = 0; part < 2; part++) {
      if (part > (int)(d->twice >> ky & 1)) continue;
      GEMM_UNROLL for (int q = 0; q < depthwise_dot_quads(d); q++, r += 2 * phases) GEMM_UNROLL
        for (int i = 0; i < 2; i++) GEMM_UNROLL
          for (int h = 0; h < 2; h++) {
            const int8x16_t a = vld1q_s8(row[ky] + at + (2 * q + (phases == 1 ? i : 0)) * quad + 16 * h);
            const int own = r + (phases == 2 ? 2 * i : 0) + h;
            acc[i][h] = vdotq_s32(acc[i][h], a, held ? held[own] : vld1q_s8(w + 16 * own));
          }
    }
}

/* Blocks [first, end) of 8 channels; from: first channel of the ring rows. */
IG_INLINE void depthwise_blocks_dot(const depthwise *d, const int8_t *const *rows_in, int rows, int first, int end,
                                    int from, uint8_t *out) {
  IG_ASSERT(d->multiplier == 1 && d->channels >= 8 && d->pixels == 2 && d->stride_w <= 2 && d->dilation_w == 1);
  const int registers = depthwise_dot_registers(d), hold = registers <= DEPTHWISE_DOT_HELD;
  const size_t step =
      4 * (size_t)depthwise_dot_channels(d) * (depthwise_dot_phases(d) == 2 ? 1 : 2); /* to the next tile's quads */
  for (int block = first; block < end; block++) {
    const int c = gemm_start(block, 8, d->channels);
    const int8_t *w = (const int8_t *)d->weights + (size_t)block * registers * 16;
    const int32_t *bias = d->out.bias + c;
    const depthwise_factors f = depthwise_load_factors(d, c);
    int8x16_t held[DEPTHWISE_DOT_HELD];
    GEMM_UNROLL for (int r = 0; r < DEPTHWISE_DOT_HELD; r++)
      if (hold && r < registers) held[r] = vld1q_s8(w + 16 * r);
    uint8_t *to = out + c;
    GEMM_ROLLED for (int r = 0; r < rows; r++) {
      const int8_t *row[DEPTHWISE_ROWS];
      GEMM_UNROLL for (int ky = 0; ky < d->kernel_h; ky++)
        row[ky] = rows_in[r * d->kernel_h + ky];
      size_t at = 4 * (c - from);
      int32x4_t acc[DEPTHWISE_PIXELS][2];
      GEMM_ROLLED for (int i = 0; i < d->out_w / 2; i++) {
        depthwise_step_dot(d, row, at, hold ? held : NULL, w, bias, acc);
        depthwise_epilogue(d, &f, acc, 2, c, to);
        at += step;
        to += 2 * d->channels;
      }
      if (d->out_w % 2 == 0) continue;
      depthwise_step_dot(d, row, at, hold ? held : NULL, w, bias, acc);
      depthwise_epilogue(d, &f, acc, 1, c, to);
      to += d->channels;
    }
  }
}

/* depthwise_run_dot with `whole`. rows: scratch for all input rows, padding included. */
IG_INLINE void depthwise_run_whole(const depthwise *d, const void *data, uint8_t *rows, void *to_all, int begin,
                                   int end) {
  const uint8_t *image = data;
  uint8_t *out = to_all;
  IG_ASSERT(d->rows == d->out_h && d->rows * d->kernel_h <= DEPTHWISE_ROWS);
  const int lanes = depthwise_dot_lanes(d), blocks = gemm_count(d->channels, 8);
  const size_t ring_row = 4 * (size_t)d->ring_w * lanes, image_row = (size_t)d->in_w * d->channels;
  const int seen = (d->kernel_h - 1) * d->dilation_h + 1 + (d->out_h - 1) * d->stride_h;
  const int8_t *row[DEPTHWISE_ROWS];
  for (int r = 0; r < d->out_h; r++)
    for (int ky = 0; ky < d->kernel_h; ky++)
      row[r * d->kernel_h + ky] = (const int8_t *)rows + (r * d->stride_h + ky * d->dilation_h) * ring_row;
  for (int b = ig_max(begin, 0); b < ig_min(end, d->batch); b++)
    for (int part = 0; part < gemm_count(d->channels, lanes); part++) {
      const int c = gemm_start(part, lanes, d->channels);
      for (int i = 0; i < seen; i++) {
        const int y = i - d->pad_top;
        const uint8_t *from = image + ((size_t)b * d->in_h + y) * image_row;
        depthwise_ring_row_dot(d, y < 0 || y >= d->in_h ? NULL : from, c, rows + i * ring_row);
      }
      depthwise_blocks_dot(d, row, d->out_h, part * (lanes / 8), ig_min((part + 1) * (lanes / 8), blocks), c,
                           out + (size_t)b * d->out_h * d->out_w * d->channels);
    }
}

IG_INLINE void depthwise_rows_dot(const depthwise *d, const void *const *row, int rows, void *to) {
  depthwise_blocks_dot(d, (const int8_t *const *)row, rows, 0, gemm_count(d->channels, 8), 0, to);
}
IG_INLINE void depthwise_pad_dot(const depthwise *d, const uint8_t *image, int y, uint8_t *to) {
  const uint8_t *from = image + (size_t)y * d->in_w * d->channels;
  depthwise_ring_row_dot(d, y < 0 || y >= d->in_h ? NULL : from, 0, to);
}

#define DEPTHWISE_KERNEL dot
#include "depthwise_run.h"

#endif
#endif
