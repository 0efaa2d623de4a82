/* gemm_rows.h: included for a GEMM_KERNEL: rows and tiles of rows with panels, by its 8-bit tile gemm_tile_KERNEL. */

/* The rows `a` (and their sums, or NULL) with panels `first` to `end`, results to row `c`. */
IG_INLINE void GEMM_OF(gemm_rows)(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, uint8_t *c, int first,
                                  int end) {
  for (int p = first; p < end; p++) {
    const int j = gemm_start(p, g->nr, g->n);
    const uint8_t *w = (const uint8_t *)g->weights + (size_t)p * g->packed_k * g->nr * g->layout.weight_bytes;
    GEMM_OF(gemm_tile)(g, a, rows, w, p, j, c + j * gemm_item(g));
  }
}

/* Tiles of rows `first` to `end` with all panels. `rows`: scratch for the sums of mr rows; NULL when row_factor is 0.
 */
IG_INLINE void GEMM_OF(gemm_tiles)(const gemm_i8 *g, const uint8_t *a, int32_t *rows, uint8_t *c, int first, int end) {
  for (int o = first; o < end; o++) {
    const int at = gemm_start(o, g->mr, g->m);
    if (g->row_factor) gemm_row_sums(g, a + at * g->lda, g->mr, rows);
    GEMM_OF(gemm_rows)(g, a + at * g->lda, g->row_factor ? rows : NULL, c + at * g->ldc * gemm_item(g), 0,
                       gemm_count(g->n, g->nr));
  }
}
#undef GEMM_KERNEL
