/* matmul_f32.h: included once per GEMM_KERNEL of float operands, behind conv_f32.h: batch matrix multiplication
 * (matmul_gemm.h), pairs [first, end). */

IG_INLINE void GEMM_OF(matmul_run)(const matmul_pairs *d, const gemm_f32 *g, const float *x, const float *y,
                                   float *panels, float *copy, float *out, int first, int end) {
  const size_t left = (size_t)d->m * d->k, right = (size_t)d->k * d->n;
  for (int p = first, laid = -1; p < end; p++) {
    const int32_t *of = d->pair + 2 * p;
    const float *a = x + of[0] * left;
    if (of[1] != laid) matmul_pack_f32(d, g, y + of[1] * right, panels);
    laid = of[1];
    if (d->copies) {
      matmul_copy(d, (const uint8_t *)a, g->lda, 4, (uint8_t *)copy);
      a = copy;
    }
    GEMM_OF(gemm_run)(g, a, out + (size_t)p * d->m * d->n, 0, MATMUL_STEPS(g));
  }
}
#undef GEMM_KERNEL
