/* conv_f32.h: included once per GEMM_KERNEL of float operands: GEMM with A in place, and convolution (conv.h). */

/* mr rows of A from `a` on times panel p; C from row `c` on. */
IG_INLINE void GEMM_OF(gemm_panel)(const gemm_f32 *g, const float *a, int p, float *c) {
  const int j = gemm_start(p, g->nr, g->n);
  const uint8_t *w = (const uint8_t *)g->weights + (size_t)p * g->packed_k * g->nr * g->layout.weight_bytes;
  GEMM_OF(gemm_tile)(g, a, w, j, c + j);
}

/* Iterations [first, end) of the outer loop: panels if weights_first, else tiles of rows. */
IG_INLINE void GEMM_OF(gemm_run)(const gemm_f32 *g, const float *a, float *c, int first, int end) {
  GEMM_CHECK(g);
  const int tiles = gemm_count(g->m, g->mr), panels = gemm_count(g->n, g->nr);
  for (int o = first; o < end; o++)
    for (int i = 0; i < (g->weights_first ? tiles : panels); i++) {
      const int at = gemm_start(g->weights_first ? i : o, g->mr, g->m);
      GEMM_OF(gemm_panel)(g, a + at * g->lda, g->weights_first ? o : i, c + at * g->ldc);
    }
}

/* As conv_run of conv_i8.h. */
IG_INLINE void GEMM_OF(conv_run)(const gemm_f32 *g, const conv_shape *s, const float *input, uint8_t *padded,
                                 float *panel, float *c, int first, int end) {
  GEMM_CHECK(g);
  CONV_CHECK(g, s);
  const int panels = gemm_count(g->n, g->nr), columns = g->n < g->nr ? g->nr : g->n;
  const size_t pixel = (size_t)s->channels * s->item;
  const uint8_t *in = (const uint8_t *)input;
  const int bands = gemm_count(s->out_h, s->band);
  for (int image = 0; image < s->images; image++, in += s->in_h * s->in_w * pixel, c += s->out_h * s->out_w * g->ldc)
    for (int b = conv_clip(first - image * bands, bands); b < conv_clip(end - image * bands, bands); b++) {
      const int oy = gemm_start(b, s->band, s->out_h);
      size_t pitch;
      const uint8_t *from = conv_band(s, in, oy, padded, &pitch);
      for (int group = 0; group < s->groups; group++) {
        gemm_f32 of = *g;
        of.weights =
            (const uint8_t *)g->weights + (size_t)group * panels * g->nr * g->packed_k * g->layout.weight_bytes;
        of.bias += group * columns;
        for (int i = 0; i < gemm_count(g->m, g->mr); i++) {
          const int at = gemm_start(i, g->mr, g->m);
          float *to = c + (size_t)(oy * s->out_w + at) * g->ldc + group * g->n;
          conv_gather(s, from + group * (pixel / s->groups), pitch, at, g->mr, (uint8_t *)panel);
          for (int p = 0; p < panels; p++) GEMM_OF(gemm_panel)(&of, panel, p, to);
        }
      }
    }
}
#undef GEMM_KERNEL
