/* conv_i8.h: included once per GEMM_KERNEL of 8-bit operands: GEMM with A in place, and convolution (conv.h). */

/* Iterations [first, end) of the outer loop: panels if weights_first, else tiles of rows.
 * rows: scratch, m words if weights_first, else mr; NULL if row_factor = 0. */
IG_INLINE void GEMM_OF(gemm_run)(const gemm_i8 *g, const uint8_t *a, int32_t *rows, uint8_t *c, int first, int end) {
  GEMM_CHECK(g);
  if (!g->weights_first) {
    GEMM_OF(gemm_tiles)(g, a, rows, c, first, end);
    return;
  }
  if (g->row_factor) gemm_row_sums(g, a, g->m, rows);
  for (int p = first; p < end; p++)
    for (int i = 0; i < gemm_count(g->m, g->mr); i++) {
      const int at = gemm_start(i, g->mr, g->m);
      const int32_t *sums = g->row_factor ? rows + at : NULL;
      GEMM_OF(gemm_rows)(g, a + at * g->lda, sums, c + at * g->ldc * gemm_result_bytes(g), p, p + 1);
    }
}

/* Bands [first, end) of all images. g: GEMM of one band of one group: m = band * out_w, n = columns per group, ldc =
 * columns of all groups, lda * item = row_bytes. Weights and per-column constants: one group behind the other.
 * Scratch, each with CONV_SPARE bytes behind it: padded: the padded copy of a band; panel: mr rows of A. */
IG_INLINE void GEMM_OF(conv_run)(const gemm_i8 *g, const conv_shape *s, const uint8_t *in, uint8_t *padded,
                                 uint8_t *panel, uint8_t *c, int first, int end) {
  GEMM_CHECK(g);
  CONV_CHECK(g, s);
  const int panels = gemm_count(g->n, g->nr), entries = gemm_entries(g);
  const size_t pixel = (size_t)s->channels * s->item;
  const int bands = gemm_count(s->out_h, s->band);
  const size_t row = g->ldc * gemm_result_bytes(g); /* bytes of an output pixel */
  for (int image = 0; image < s->images; image++, in += s->in_h * s->in_w * pixel, c += s->out_h * s->out_w * row)
    for (int b = conv_clip(first - image * bands, bands); b < conv_clip(end - image * bands, bands); b++) {
      const int oy = gemm_start(b, s->band, s->out_h);
      size_t pitch;
      const uint8_t *from = conv_band(s, in, oy, padded, &pitch);
      gemm_i8 at_group = *g;
      for (int group = 0; group < s->groups; group++) {
        gemm_i8 of = *g;
        of.weights =
            (const uint8_t *)g->weights + (size_t)group * panels * g->nr * g->packed_k * g->layout.weight_bytes;
        if (g->counts) {
          of.weights = at_group.weights;
          of.order = at_group.order;
          of.counts = at_group.counts;
          if (s->groups > 1) gemm_skip_panels(&at_group, panels);
        }
        if (g->out.requantize == GEMM_TWO_STEP) of.out.two_step += (size_t)group * panels * 3 * g->nr;
        else of.out.bias += group * entries * g->layout.bias_words;
        if (g->out.requantize == GEMM_DOUBLE) of.out.scale += group * entries;
        else if (g->out.requantize == GEMM_SINGLE) of.out.scale_f32 += group * entries;
        else if (g->out.requantize < GEMM_DOUBLE) of.out.multiplier += group * entries, of.out.shift += group * entries;
        for (int i = 0; i < gemm_count(g->m, g->mr); i++) {
          const int at = gemm_start(i, g->mr, g->m);
          uint8_t *to = c + (size_t)(oy * s->out_w + at) * row + group * g->n * gemm_result_bytes(g);
          int32_t rows[GEMM_MR];
          conv_gather(s, from + group * (pixel / s->groups), pitch, at, g->mr, panel);
          if (g->row_factor) gemm_row_sums(&of, panel, g->mr, rows);
          GEMM_OF(gemm_rows)(&of, panel, g->row_factor ? rows : NULL, to, 0, panels);
        }
      }
    }
}
#undef GEMM_KERNEL
