/* gemm_neon.h: accumulators and epilogue (requantize, add zero point, narrow, clamp, store) of the NEON tiles for 8-bit
 * operands. Tiles: gemm_mlal.h and gemm_smull.h (armv8.0), gemm_dot.h (dotprod), gemm_mmla.h (i8mm). */
#ifndef IG_GEMM_NEON_H
#define IG_GEMM_NEON_H

#include "gemm.h"
#if IG_NEON

/* acc[i][v]: row i, columns 4v to 4v + 3 of the tile. */
typedef int32x4_t gemm_acc[GEMM_MR][GEMM_NV];

/* Accumulators of the tile at column j: bias, and rows[i] unless `rows` is NULL. */
IG_INLINE void gemm_init_i8(const gemm_i8 *g, gemm_acc acc, const int32_t *rows, int j) {
  GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
    const int32x4_t bias = vld1q_s32(g->out.bias + j + 4 * v);
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      acc[i][v] = rows ? vaddq_s32(bias, vld1q_dup_s32(rows + i)) : bias;
  }
}

/* The same; every row loads the bias again. For tiles with idle load units: a copy between vector registers would take
 * an issue slot of a multiplication. GEMM_OPAQUE hides from the compiler that the loads are equal. */
#define GEMM_OPAQUE(POINTER) __asm__ volatile("" : "+r"(POINTER))
IG_INLINE void gemm_load_i8(const gemm_i8 *g, gemm_acc acc, const int32_t *rows, int j) {
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
    const int32_t *bias = g->out.bias + j;
    GEMM_OPAQUE(bias);
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
      acc[i][v] = vld1q_s32(bias + 4 * v);
      if (rows) acc[i][v] = vaddq_s32(acc[i][v], vld1q_dup_s32(rows + i));
    }
  }
}

/* gemm_round_away and gemm_round_even, four lanes. Above int32 the result is INT32_MIN; `fits`: this cannot occur. */
IG_INLINE int32x4_t gemm_round_away_x4(int32x4_t acc, const double *scale, int fits) {
  const float64x2_t lo = vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_low_s32(acc))), vld1q_f64(scale));
  const float64x2_t hi = vmulq_f64(vcvtq_f64_s64(vmovl_high_s32(acc)), vld1q_f64(scale + 2));
  if (fits) return vmovn_high_s64(vmovn_s64(vcvtaq_s64_f64(lo)), vcvtaq_s64_f64(hi));
  const float64x2_t limit = vdupq_n_f64(2147483647.5);
  const uint32x4_t beyond = vmovn_high_u64(vmovn_u64(vcgeq_f64(lo, limit)), vcgeq_f64(hi, limit));
  const int32x4_t r = vqmovn_high_s64(vqmovn_s64(vcvtaq_s64_f64(lo)), vcvtaq_s64_f64(hi));
  return vbslq_s32(beyond, vdupq_n_s32(INT32_MIN), r);
}
IG_INLINE int32x4_t gemm_round_even_x4(int32x4_t acc, const float *scale, int fits) {
  const float32x4_t v = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(scale));
  if (fits) return vcvtnq_s32_f32(v);
  return vbslq_s32(vcgeq_f32(v, vdupq_n_f32(2147483648.0f)), vdupq_n_s32(INT32_MIN), vcvtnq_s32_f32(v));
}

/* Whether to narrow to 16 bits before adding the zero point: allowed where the addition cannot wrap in 32 bits, since
 * values are proved to fit int16 or all shifts are to the right (|v| <= 2^30). Elsewhere it wraps, as in TFLite. */
IG_INLINE int gemm_narrows_first(const gemm_epilogue *e) { return e->fits16 || e->requantize == GEMM_SHIFT_RIGHT; }
/* Zero point -128: clamp(v - 128, -128, 127) = clamp(v, 0, 255) - 128, so SQXTUN replaces the addition. */
IG_INLINE int gemm_clamps_unsigned(const gemm_epilogue *e) {
  return gemm_narrows_first(e) && !e->is_unsigned && e->zero_point == -128;
}

/* Requantizes the accumulators of columns j to j + 3. */
IG_INLINE int32x4_t gemm_requantize(const gemm_epilogue *e, int32x4_t acc, int j) {
  if (e->requantize == GEMM_DOUBLE) return gemm_round_away_x4(acc, e->scale + j, e->fits16);
  if (e->requantize == GEMM_SINGLE) return gemm_round_even_x4(acc, e->scale_f32 + j, e->fits16);
  const int32x4_t m = vld1q_s32(e->multiplier + j), s = vld1q_s32(e->shift + j);
  if (e->requantize == GEMM_ROUND_ONCE) return vrshlq_s32(vqdmulhq_s32(acc, m), s);
#ifndef IG_SINGLE_ROUNDING
  if (e->requantize == GEMM_SHIFT_RIGHT) {
    /* Halves are rounded away from zero. SRSHL rounds halves up, so 1 is subtracted from negative values first. With
     * low >= zero_point the clamp hides the difference. */
    const int32x4_t x = vqrdmulhq_s32(acc, m);
    return vrshlq_s32(e->low >= e->zero_point ? x : vsraq_n_s32(x, x, 31), s);
  }
#endif
  if (e->requantize == GEMM_SHIFT_ANY) {
    const ig_shift_s32x4 split = ig_split_shift(s);
    return ig_requant_s32x4(acc, m, split.left, split.right);
  }
  return ig_requant_right_s32x4(acc, m, s);
}

/* Adds the zero point to eight requantized values and narrows them to 16 bits, with saturation: the clamp to 8 bits
 * that follows gives the same result. */
IG_INLINE int16x8_t gemm_narrow(const gemm_epilogue *e, int32x4_t a, int32x4_t b) {
  if (!gemm_narrows_first(e)) {
    const int32x4_t zp = vdupq_n_s32(e->zero_point);
    return vqmovn_high_s32(vqmovn_s32(vaddq_s32(a, zp)), vaddq_s32(b, zp));
  }
  const int16x8_t h =
      e->fits16 ? vuzp1q_s16(vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b)) : vqmovn_high_s32(vqmovn_s32(a), b);
  if (e->zero_point == 0 || gemm_clamps_unsigned(e)) return h;
  return vqaddq_s16(h, vdupq_n_s16((int16_t)e->zero_point));
}
/* Clamps to [low, high] and narrows to 8 bits: eight or sixteen results. */
IG_INLINE uint8x8_t gemm_clamp_x8(const gemm_epilogue *e, int16x8_t h) {
  if (e->is_unsigned) {
    uint8x8_t r = vqmovun_s16(h);
    if (e->low > 0) r = vmax_u8(r, vdup_n_u8((uint8_t)e->low));
    return e->high < 255 ? vmin_u8(r, vdup_n_u8((uint8_t)e->high)) : r;
  }
  int8x8_t r = gemm_clamps_unsigned(e) ? vreinterpret_s8_u8(veor_u8(vqmovun_s16(h), vdup_n_u8(0x80))) : vqmovn_s16(h);
  if (e->low > -128) r = vmax_s8(r, vdup_n_s8((int8_t)e->low));
  if (e->high < 127) r = vmin_s8(r, vdup_n_s8((int8_t)e->high));
  return vreinterpret_u8_s8(r);
}
IG_INLINE uint8x16_t gemm_clamp_x16(const gemm_epilogue *e, int16x8_t a, int16x8_t b) {
  if (e->is_unsigned) {
    uint8x16_t r = vqmovun_high_s16(vqmovun_s16(a), b);
    if (e->low > 0) r = vmaxq_u8(r, vdupq_n_u8((uint8_t)e->low));
    return e->high < 255 ? vminq_u8(r, vdupq_n_u8((uint8_t)e->high)) : r;
  }
  int8x16_t r = gemm_clamps_unsigned(e)
                    ? vreinterpretq_s8_u8(veorq_u8(vqmovun_high_s16(vqmovun_s16(a), b), vdupq_n_u8(0x80)))
                    : vqmovn_high_s16(vqmovn_s16(a), b);
  if (e->low > -128) r = vmaxq_s8(r, vdupq_n_s8((int8_t)e->low));
  if (e->high < 127) r = vminq_s8(r, vdupq_n_s8((int8_t)e->high));
  return vreinterpretq_u8_s8(r);
}

/* Stores the first min(n, 8) bytes of v; gemm_store_x16: min(n, 16). */
IG_INLINE void gemm_store_x8(uint8_t *c, uint8x8_t v, int n) {
  if (n >= 8) {
    vst1_u8(c, v);
  } else if (n == 4) {
    vst1_lane_u32((uint32_t *)c, vreinterpret_u32_u8(v), 0);
  } else {
    const uint64_t bytes = vget_lane_u64(vreinterpret_u64_u8(v), 0);
    memcpy(c, &bytes, n);
  }
}
IG_INLINE void gemm_store_x16(uint8_t *c, uint8x16_t v, int n) {
  if (n >= 16) {
    vst1q_u8(c, v);
  } else {
    gemm_store_x8(c, vget_low_u8(v), n);
    if (n > 8) gemm_store_x8(c + 8, vget_high_u8(v), n - 8);
  }
}

/* Stores the first min(n, 4) lanes of v. */
IG_INLINE void gemm_store_s32(int32_t *c, int32x4_t v, int n) {
  if (n >= 4) {
    vst1q_s32(c, v);
  } else {
    int32_t all[4];
    vst1q_s32(all, v);
    for (int i = 0; i < n; i++) c[i] = all[i];
  }
}

/* Epilogue of the tile at column j: requantize, add zero point, narrow, clamp, store. */
IG_INLINE void gemm_epilogue_i8(const gemm_i8 *g, gemm_acc acc, int j, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int cols = g->n < g->nr ? g->n : g->nr;
  if (e->requantize == GEMM_INT32) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
      for (int v = 0; v < g->nr / 4; v++) gemm_store_s32((int32_t *)c + i * g->ldc + 4 * v, acc[i][v], cols - 4 * v);
    return;
  }
  GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) GEMM_UNROLL
    for (int i = 0; i < g->mr; i++) acc[i][v] = gemm_requantize(e, acc[i][v], j + 4 * v);
  GEMM_UNROLL for (int i = 0; i < g->mr; i++) GEMM_UNROLL
    for (int v = 0; v < g->nr / 4; v += 4) {
      const int left = g->nr / 4 - v; /* registers left; a missing one is replaced by its neighbour */
      uint8_t *to = c + i * g->ldc + 4 * v;
      const int16x8_t low = gemm_narrow(e, acc[i][v], acc[i][left > 1 ? v + 1 : v]);
      if (left > 2) {
        const int16x8_t high = gemm_narrow(e, acc[i][v + 2], acc[i][left > 3 ? v + 3 : v + 2]);
        gemm_store_x16(to, gemm_clamp_x16(e, low, high), cols - 4 * v < 16 ? cols - 4 * v : 16);
      } else {
        gemm_store_x8(to, gemm_clamp_x8(e, low), cols - 4 * v < 8 ? cols - 4 * v : 8);
      }
    }
}

/* Eight bytes as 16-bit lanes. */
IG_INLINE int16x8_t gemm_widen(uint8x8_t x, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x));
}

#endif /* IG_NEON */
#endif
