/* depthwise_run.h: included once per DEPTHWISE_KERNEL: loops over images and groups of output rows. The kernel defines
 *   depthwise_rows_KERNEL(d, row, rows, to)   computes `rows` output rows; row[r * kernel_h + ky]: input row of output
 *                                             row r and kernel row ky
 *   depthwise_pad_KERNEL(d, image, y, to)     writes row y of an image into a ring row, with padding */

/* Iterations [begin, end) over all images, d->rows output rows each.
 * ring: scratch, (kernel_h - 1) * dilation_h + 1 + (rows - 1) * stride_h ring rows; unused unless `ringed`. */
IG_INLINE void DEPTHWISE_OF(depthwise_run)(const depthwise *d, const void *in, uint8_t *ring, void *out, int begin,
                                           int end) {
  const size_t item = d->is_float ? 4 : 1, pixel = d->channels * item;
  const size_t ring_row = d->ring_w * pixel * d->ring_items;
  const size_t out_row = d->out_w * pixel * d->multiplier;
  const int seen = (d->kernel_h - 1) * d->dilation_h + 1, held = seen + (d->rows - 1) * d->stride_h;
  const uint8_t *image = in;
  const int steps = (d->out_h + d->rows - 1) / d->rows;
  IG_ASSERT(d->rows >= 1 && d->rows <= d->out_h && d->rows * d->kernel_h <= DEPTHWISE_ROWS);
  for (int b = 0; b < d->batch; b++, image += (size_t)d->in_h * d->in_w * pixel) {
    int filled = 0; /* padded rows [0, filled) have been written to the ring */
    const int top = ig_clamp(begin - b * steps, 0, steps), bottom = ig_clamp(end - b * steps, 0, steps);
    uint8_t *to = (uint8_t *)out + ((size_t)b * d->out_h + top * d->rows) * out_row;
    for (int oy = top * d->rows; oy < ig_min(bottom * d->rows, d->out_h); oy += d->rows) {
      const void *row[DEPTHWISE_ROWS];
      const int rows = ig_min(d->rows, d->out_h - oy);
      const int first = oy * d->stride_h; /* counted from the topmost padded row */
      if (d->ringed) {
        if (filled < first) filled = first;
        for (; filled < first + (rows - 1) * d->stride_h + seen; filled++)
          DEPTHWISE_OF(depthwise_pad)(d, image, filled - d->pad_top, ring + (filled % held) * ring_row);
      }
      for (int r = 0; r < rows; r++)
        for (int ky = 0; ky < d->kernel_h; ky++) {
          const int y = first + r * d->stride_h + ky * d->dilation_h;
          row[r * d->kernel_h + ky] = d->ringed ? ring + (y % held) * ring_row : image + (size_t)y * d->in_w * pixel;
        }
      DEPTHWISE_OF(depthwise_rows)(d, row, rows, to);
      to += rows * out_row;
    }
  }
}
#undef DEPTHWISE_KERNEL
