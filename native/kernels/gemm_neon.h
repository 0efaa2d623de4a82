/* gemm_neon.h: what the NEON tiles for 8-bit operands share: accumulators, requantization, stores. The tiles themselves
 * are gemm_mlal.h and gemm_smull.h (armv8.0), gemm_dot.h (dotprod) and gemm_mmla.h (i8mm). */
#ifndef IG_GEMM_NEON_H
#define IG_GEMM_NEON_H

#include "gemm.h"
#if IG_NEON

typedef int32x4_t gemm_acc[GEMM_MR][GEMM_NV];

IG_INLINE void gemm_init_i8(const gemm_i8 *g, gemm_acc acc, const int32_t *rows, int j) {
  GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
    const int32x4_t bias = vld1q_s32(g->out.bias + j + 4 * v);
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) acc[i][v] = rows ? vaddq_s32(bias, vld1q_dup_s32(rows + i)) : bias;
  }
}

/* gemm_round_away and gemm_round_even of four lanes: beyond int32 upwards is INT32_MIN, too. */
IG_INLINE int32x4_t gemm_round_away_x4(int32x4_t acc, const double *scale) {
  const float64x2_t lo = vmulq_f64(vcvtq_f64_s64(vmovl_s32(vget_low_s32(acc))), vld1q_f64(scale));
  const float64x2_t hi = vmulq_f64(vcvtq_f64_s64(vmovl_high_s32(acc)), vld1q_f64(scale + 2));
  const float64x2_t limit = vdupq_n_f64(2147483647.5);
  const uint32x4_t beyond = vmovn_high_u64(vmovn_u64(vcgeq_f64(lo, limit)), vcgeq_f64(hi, limit));
  const int32x4_t r = vqmovn_high_s64(vqmovn_s64(vcvtaq_s64_f64(lo)), vcvtaq_s64_f64(hi));
  return vbslq_s32(beyond, vdupq_n_s32(INT32_MIN), r);
}
IG_INLINE int32x4_t gemm_round_even_x4(int32x4_t acc, const float *scale) {
  const float32x4_t v = vmulq_f32(vcvtq_f32_s32(acc), vld1q_f32(scale));
  return vbslq_s32(vcgeq_f32(v, vdupq_n_f32(2147483648.0f)), vdupq_n_s32(INT32_MIN), vcvtnq_s32_f32(v));
}

/* Requantizes four accumulators of columns j to j + 3. */
IG_INLINE int32x4_t gemm_requantize(const gemm_epilogue *e, int32x4_t acc, int j) {
  if (e->requantize == GEMM_DOUBLE) return gemm_round_away_x4(acc, e->scale + j);
  if (e->requantize == GEMM_SINGLE) return gemm_round_even_x4(acc, e->scale_f32 + j);
  const int32x4_t m = vld1q_s32(e->multiplier + j), s = vld1q_s32(e->shift + j);
#ifndef IG_SINGLE_ROUNDING
  if (e->requantize == GEMM_SHIFT_RIGHT) { /* ig_rdivpot_s32x4 with one instruction less */
    const int32x4_t x = vqrdmulhq_s32(acc, m);
    return vrshlq_s32(vsraq_n_s32(x, x, 31), s);
  }
#endif
  if (e->requantize == GEMM_SHIFT_ANY) {
    const ig_shift_s32x4 split = ig_split_shift(s);
    return ig_requant_s32x4(acc, m, split.left, split.right);
  }
  return ig_requant_right_s32x4(acc, m, s);
}

/* Stores n (1 to 16) bytes of v. */
IG_INLINE void gemm_store(uint8_t *c, uint8x16_t v, int n) {
  if (n >= 16) {
    vst1q_u8(c, v);
    return;
  }
  if (n >= 8) vst1_u8(c, vget_low_u8(v));
  if (n == 8) return;
  const uint64x2_t halves = vreinterpretq_u64_u8(v);
  const uint64_t rest = n > 8 ? vgetq_lane_u64(halves, 1) : vgetq_lane_u64(halves, 0);
  memcpy(c + (n & 8), &rest, n & 7);
}

/* Requantizes, narrows, clamps and stores the tile at columns j. */
IG_INLINE void gemm_finish_i8(const gemm_i8 *g, gemm_acc acc, int j, uint8_t *c) {
  const gemm_epilogue *e = &g->out;
  const int cols = g->n < g->nr ? g->n : g->nr;
  const int32x4_t zp = vdupq_n_s32(e->zero_point);
  GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++)
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) acc[i][v] = vaddq_s32(gemm_requantize(e, acc[i][v], j + 4 * v), zp);
  GEMM_UNROLL for (int i = 0; i < g->mr; i++)
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v += 4) {
      int16x8_t h[2] = {vdupq_n_s16(0), vdupq_n_s16(0)};
      GEMM_UNROLL for (int q = 0; q < 4; q++) {
        if (v + q >= g->nr / 4) continue;
        if (q % 2) h[q / 2] = vqmovn_high_s32(vget_low_s16(h[q / 2]), acc[i][v + q]);
        else h[q / 2] = vcombine_s16(vqmovn_s32(acc[i][v + q]), vdup_n_s16(0));
      }
      uint8x16_t r;
      if (e->is_unsigned) {
        r = vqmovun_high_s16(vqmovun_s16(h[0]), h[1]);
        if (e->low > 0) r = vmaxq_u8(r, vdupq_n_u8((uint8_t)e->low));
        if (e->high < 255) r = vminq_u8(r, vdupq_n_u8((uint8_t)e->high));
      } else {
        int8x16_t s = vqmovn_high_s16(vqmovn_s16(h[0]), h[1]);
        if (e->low > -128) s = vmaxq_s8(s, vdupq_n_s8((int8_t)e->low));
        if (e->high < 127) s = vminq_s8(s, vdupq_n_s8((int8_t)e->high));
        r = vreinterpretq_u8_s8(s);
      }
      gemm_store(c + i * g->ldc + 4 * v, r, cols - 4 * v < 16 ? cols - 4 * v : 16);
    }
}

/* Eight bytes as 16-bit lanes. */
IG_INLINE int16x8_t gemm_widen(uint8x8_t x, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x));
}

#endif /* IG_NEON */
#endif
