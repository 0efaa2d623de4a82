/* gemm_rows.h: included once per GEMM_KERNEL: loops over panels and tiles around its 8-bit tile gemm_tile_KERNEL. */

/* mr rows of A from `a` on times panels [first, end); C from row `c` on. rows: row_factor * row sums of A, or NULL. */
IG_INLINE void GEMM_OF(gemm_rows)(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first,
                                  int end) {
  for (int p = first; p < end; p++) {
    const int j = gemm_start(p, g->nr, g->n);
    const uint8_t *w = (const uint8_t *)g->weights + (size_t)p * g->packed_k * g->nr * g->layout.weight_bytes;
    GEMM_OF(gemm_tile)(g, a, rows, w, p, j, c + j * gemm_result_bytes(g));
  }
}

/* Tiles [first, end) of rows times all panels. rows: scratch, mr words; NULL if row_factor = 0. */
IG_INLINE void GEMM_OF(gemm_tiles)(const gemm_i8 *g, const uint8_t *a, int32_t *rows, uint8_t *c, int first, int end) {
  for (int o = first; o < end; o++) {
    const int at = gemm_start(o, g->mr, g->m);
    if (g->row_factor) gemm_row_sums(g, a + at * g->lda, g->mr, rows);
    GEMM_OF(gemm_rows)(g, a + at * g->lda, g->row_factor ? rows : NULL, c + at * g->ldc * gemm_result_bytes(g), 0,
                       gemm_count(g->n, g->nr));
  }
}
#undef GEMM_KERNEL
