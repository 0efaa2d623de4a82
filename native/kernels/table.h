/* table.h: unary operators on 8 bits as tables of all their results. ISA: NEON TBL or portable C. */
#ifndef IG_TABLE_H
#define IG_TABLE_H

#include "arith.h"

/* out[i] = table[in[i]], indexed by the bit pattern of the input. out may be in. */
IG_FUNC void ig_table_8(const uint8_t *in, uint8_t *out, size_t n, const uint8_t *restrict table) {
  size_t i = 0;
#if IG_NEON
  uint8x16x4_t t[4];
  for (int k = 0; k < 4; k++) t[k] = vld1q_u8_x4(table + 64 * k);
  const uint8x16_t step = vdupq_n_u8(64);
  for (; i + 16 <= n; i += 16) {
    uint8x16_t x = vld1q_u8(in + i), r = vqtbl4q_u8(t[0], x);
    for (int k = 1; k < 4; k++) {
      x = vsubq_u8(x, step); /* wraps: only indices of this quarter fall below 64 */
      r = vqtbx4q_u8(r, t[k], x);
    }
    vst1q_u8(out + i, r);
  }
#endif
  for (; i < n; i++) out[i] = table[in[i]];
}

#endif
