/* depthwise_windows.h: table of pointers to the data of depthwise_in_order.h: one per step and kernel row.
 *
 * A window is the input pixels of one step along a row. Windows within the image are read in place. Windows that reach
 * beyond the left or right border are copied with padding into a ring buffer of rows. Rows above and below the image
 * share one window of padding. uint8 data stays uint8. */
#ifndef IG_DEPTHWISE_WINDOWS_H
#define IG_DEPTHWISE_WINDOWS_H

#include "depthwise.h"

/* First output pixel of step i along a row. */
IG_INLINE int depthwise_step_start(const depthwise *d, int i) {
  return 4 * ig_min(i, d->fours) + 3 * ig_max(i - d->fours, 0);
}

/* Repeats the first window behind the last: loads run ahead by one step. */
IG_INLINE void depthwise_close_windows(const depthwise *d, int rows) {
  for (int ky = 0; ky < 3; ky++) d->windows[rows * d->steps * 3 + ky] = d->windows[ky];
}

/* Fills the table with windows in ring rows. */
IG_INLINE void depthwise_ring_windows(const depthwise *d, const int8_t *const *row, int rows) {
  for (int r = 0; r < rows; r++)
    for (int i = 0; i < d->steps; i++)
      for (int ky = 0; ky < 3; ky++)
        d->windows[(r * d->steps + i) * 3 + ky] =
            row[3 * r + ky] + (size_t)depthwise_step_start(d, i) * d->stride_w * d->channels;
  depthwise_close_windows(d, rows);
}

/* Index among a row's copied windows of step i; -1: read in place. */
IG_INLINE int depthwise_edge(const depthwise *d, int i) {
  const int rights = d->edges - d->lefts;
  return i < d->lefts ? i : i >= d->steps - rights ? i - (d->steps - d->edges) : -1;
}

/* Copies the windows of an image row that reach beyond its borders. */
IG_INLINE void depthwise_copy_edges(const depthwise *d, const int8_t *row, int8_t *to) {
  for (int i = 0; i < d->steps; i++) {
    if (depthwise_edge(d, i) < 0) continue;
    const int start = depthwise_step_start(d, i) * d->stride_w - d->pad_left;
    const int from = ig_clamp(start, 0, d->in_w), until = ig_clamp(start + d->window_w, from, d->in_w);
    const size_t before = (size_t)ig_clamp(-start, 0, d->window_w) * d->channels;
    const size_t copied = (size_t)(until - from) * d->channels, size = (size_t)d->window_w * d->channels;
    memset(to, d->fill, before);
    memcpy(to + before, row + (size_t)from * d->channels, copied);
    memset(to + before + copied, d->fill, size - before - copied);
    to += size;
  }
}

/* depthwise_run_pairs for layers whose blocks all have a block_function. scratch: copied windows of `held` rows, then
 * one window of padding. */
IG_INLINE void depthwise_run_windows(const depthwise *d, const void *data, void *scratch, void *to_all, int begin,
                                     int end) {
  const int8_t *in = data;
  int8_t *copies = scratch;
  uint8_t *out = to_all;
  const size_t window = (size_t)d->window_w * d->channels, image_row = (size_t)d->in_w * d->channels;
  const int seen = 2 * d->dilation_h + 1, held = seen + (d->rows - 1) * d->stride_h;
  const int steps = (d->out_h + d->rows - 1) / d->rows;
  IG_ASSERT(d->kernel_h == 3 && d->kernel_w == 3 && d->stride_w <= 2 && d->dilation_w == 1);
  IG_ASSERT(d->channels >= 8 && d->multiplier == 1 && d->rows * 3 <= DEPTHWISE_ROWS);
  int8_t *zero = copies + (size_t)held * d->edges * window;
  memset(zero, d->fill, window);
  for (int b = 0; b < d->batch; b++, in += (size_t)d->in_h * image_row) {
    int filled = 0; /* padded rows [0, filled) have been copied */
    const int top = ig_clamp(begin - b * steps, 0, steps), bottom = ig_clamp(end - b * steps, 0, steps);
    for (int oy = top * d->rows; oy < ig_min(bottom * d->rows, d->out_h); oy += d->rows) {
      const int rows = ig_min(d->rows, d->out_h - oy), first = oy * d->stride_h;
      for (filled = ig_max(filled, first); filled < first + (rows - 1) * d->stride_h + seen; filled++) {
        const int y = filled - d->pad_top;
        if (y >= 0 && y < d->in_h)
          depthwise_copy_edges(d, in + y * image_row, copies + filled % held * d->edges * window);
      }
      for (int r = 0; r < rows; r++)
        for (int ky = 0; ky < 3; ky++) {
          const int padded = first + r * d->stride_h + ky * d->dilation_h, y = padded - d->pad_top;
          const int8_t *edges = copies + padded % held * d->edges * window;
          const int8_t **to = d->windows + r * d->steps * 3 + ky;
          for (int i = 0; i < d->steps; i++, to += 3) {
            const int edge = depthwise_edge(d, i);
            *to = y < 0 || y >= d->in_h ? zero
                  : edge >= 0
                      ? edges + edge * window
                      : in + y * image_row + (depthwise_step_start(d, i) * d->stride_w - d->pad_left) * d->channels;
          }
        }
      depthwise_close_windows(d, rows);
      uint8_t *to = out + ((size_t)b * d->out_h + oy) * d->out_w * d->channels;
      for (int block = 0; block < gemm_count(d->channels, 8); block++) d->block_function(d->windows, rows, block, to);
    }
  }
}

#endif
