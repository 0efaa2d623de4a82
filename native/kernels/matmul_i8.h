/* matmul_i8.h: included once per pair of int8 kernels, behind conv_i8.h of each: batch matrix multiplication
 * (matmul_gemm.h). GEMM_KERNEL: for right matrices without -128; GEMM_WIDE: for all others. They may be the same. */

/* Pairs [first, end). wide: the description of GEMM_WIDE; NULL if GEMM_KERNEL takes all right matrices. */
IG_INLINE void GEMM_NAME(GEMM_OF(matmul_run), GEMM_WIDE)(const matmul_pairs *d, const gemm_i8 *g, const gemm_i8 *wide,
                                                         const int8_t *x, const int8_t *y, const matmul_work *s,
                                                         uint8_t *out, int first, int end) {
  const size_t left = (size_t)d->m * d->k, right = (size_t)d->k * d->n;
  int lowest = 0;
  for (int p = first, laid = -1; p < end; p++) {
    const int32_t *of = d->pair + 2 * p;
    const uint8_t *a = (const uint8_t *)x + of[0] * left;
    if (of[1] != laid) {
      const int8_t *from = y + of[1] * right;
      lowest = wide != NULL && matmul_reaches_lowest(from, right);
      if (lowest) matmul_lay(d, wide, from, s);
      else matmul_lay(d, g, from, s);
      laid = of[1];
    }
    if (d->copies) {
      matmul_copy(d, a, g->lda, 1, s->copy);
      a = s->copy;
    }
    uint8_t *to = out + (size_t)p * d->m * d->n;
    if (lowest) GEMM_NAME(gemm_run, GEMM_WIDE)(wide, a, wide->row_factor ? s->rows : NULL, to, 0, MATMUL_STEPS(wide));
    else GEMM_OF(gemm_run)(g, a, g->row_factor ? s->rows : NULL, to, 0, MATMUL_STEPS(g));
  }
}
#undef GEMM_KERNEL
#undef GEMM_WIDE
