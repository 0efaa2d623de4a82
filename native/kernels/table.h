/* table.h: unary operators on 8 bits by table of 256 results. ISA: NEON TBL, or portable C. */
#ifndef IG_TABLE_H
#define IG_TABLE_H

#include "arith.h"

#if IG_NEON
typedef struct {
  uint8x16x4_t quarters[4];
} ig_table_256;

IG_INLINE ig_table_256 ig_load_table(const uint8_t *table) {
  ig_table_256 t;
  for (int k = 0; k < 4; k++) t.quarters[k] = vld1q_u8_x4(table + 64 * k);
  return t;
}

IG_INLINE uint8x16_t ig_look_up_16(const ig_table_256 *t, uint8x16_t x) {
  uint8x16_t r = vqtbl4q_u8(t->quarters[0], x);
  for (int k = 1; k < 4; k++) {
    x = vsubq_u8(x, vdupq_n_u8(64)); /* wraps: only indices of this quarter fall below 64 */
    r = vqtbx4q_u8(r, t->quarters[k], x);
  }
  return r;
}
#endif

/* out[i] = table[in[i]], indexed by the bit pattern of the input. out may be in. */
IG_FUNC void ig_table_8(const uint8_t *in, uint8_t *out, size_t n, const uint8_t *restrict table) {
  size_t i = 0;
#if IG_NEON
  const ig_table_256 t = ig_load_table(table);
  for (; i + 16 <= n; i += 16) vst1q_u8(out + i, ig_look_up_16(&t, vld1q_u8(in + i)));
#endif
  for (; i < n; i++) out[i] = table[in[i]];
}

#endif
