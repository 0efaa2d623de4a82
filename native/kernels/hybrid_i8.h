/* hybrid_i8.h: included once per GEMM_KERNEL, behind conv_i8.h: hybrid layers (hybrid_gemm.h). */

/* `batch` images, each quantized as a whole. s: shape of one image; q: scratch, one int8 per element of an image and
 * CONV_SPARE bytes; padded, panel: as for conv_run. */
IG_INLINE void GEMM_OF(hybrid_conv)(const hybrid *h, const gemm_i8 *g, const conv_shape *s, int batch, const float *in,
                                    const float *bias, int8_t *q, uint8_t *padded, uint8_t *panel, float *out) {
  const size_t image = (size_t)s->in_h * s->in_w * s->channels, pixels = (size_t)s->out_h * s->out_w;
  for (int b = 0; b < batch; b++, in += image, out += pixels * h->outs) {
    float scale;
    int32_t zero;
    hybrid_quantize(in, image, h->asymmetric, q, &scale, &zero);
    conv_shape own = *s;
    own.fill = (uint8_t)zero;
    GEMM_OF(conv_run)(g, &own, (const uint8_t *)q, padded, panel, (uint8_t *)out, 0, gemm_count(s->out_h, s->band));
    hybrid_epilogue(h, out, bias, pixels, scale, zero);
  }
}

/* Rows in place; `shared` consecutive rows have one scale. q: scratch, g->m rows of lda elements; work: scratch, 8
 * bytes per scale, for scales and zero points. */
IG_INLINE void GEMM_OF(hybrid_rows)(const hybrid *h, const gemm_i8 *g, int shared, const float *in, const float *bias,
                                    void *work, int8_t *q, float *out) {
  const int images = g->m / shared;
  float *scales = work;
  int32_t *zeros = (int32_t *)(scales + images);
  for (int b = 0; b < images; b++)
    hybrid_quantize(in + (size_t)b * shared * g->k, (size_t)shared * g->k, h->asymmetric, q + b * shared * g->lda,
                    scales + b, zeros + b);
  const int steps = g->weights_first ? gemm_count(g->n, g->nr) : gemm_count(g->m, g->mr);
  GEMM_OF(gemm_run)(g, (const uint8_t *)q, NULL, (uint8_t *)out, 0, steps);
  for (int b = 0; b < images; b++)
    hybrid_epilogue(h, out + (size_t)b * shared * h->outs, bias, (size_t)shared, scales[b], zeros[b]);
}
#undef GEMM_KERNEL
