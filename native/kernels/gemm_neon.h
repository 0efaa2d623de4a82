/* gemm_neon.h: NEON tiles for 8-bit operands, armv8.0 to i8mm.
 *
 *   MLAL   widens both to 16 bits; for weights that need it (-128, legacy uint8). Weights int16 [panel][k][nr]; nr % 4 = 0.
 *   SMULL  SMULL + SMLAL2 on 8-bit lanes, pairs of products of weights in [-127, 127] fit 16 bits, then SADALP.
 *          Weights int8 [panel][k / 16][nr][16], a rest of 8 as [nr][8]; k % 8 = 0, nr % 4 = 0. Unsigned A is read with
 *          0x80 flipped, that is minus 128.
 *   DOT    SDOT, or UDOT when unsigned. Weights [panel][k / 4][nr][4]; k % 4 = 0, nr % 4 = 0.
 *   MMLA   SMMLA, or UMMLA when unsigned. Weights [panel][k / 8][nr][8]; k % 8 = 0, nr % 4 = 0, mr even.
 */
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

/* ---- MLAL ---- */

#define GEMM_MLAL_LANE(L)                                                                                   \
  if (L < depth) {                                                                                          \
    GEMM_UNROLL for (int v = 0; v < nv; v++) {                                                              \
      const int16x4_t b = vld1_s16(w + 4 * v);                                                              \
      GEMM_UNROLL for (int i = 0; i < g->mr; i++) acc[i][v] = vmlal_laneq_s16(acc[i][v], b, x[i], L);       \
    }                                                                                                       \
    w += g->nr;                                                                                             \
  }

IG_INLINE int16x8_t gemm_widen(uint8x8_t x, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s16_u16(vmovl_u8(x)) : vmovl_s8(vreinterpret_s8_u8(x));
}

IG_INLINE const int16_t *gemm_step_mlal(const gemm_i8 *g, gemm_acc acc, const int16x8_t *x, const int16_t *w, int depth) {
  const int nv = g->nr / 4;
  GEMM_MLAL_LANE(0) GEMM_MLAL_LANE(1) GEMM_MLAL_LANE(2) GEMM_MLAL_LANE(3)
  GEMM_MLAL_LANE(4) GEMM_MLAL_LANE(5) GEMM_MLAL_LANE(6) GEMM_MLAL_LANE(7)
  return w;
}

IG_INLINE void gemm_tile_mlal(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const int16_t *w, int j, uint8_t *c) {
  gemm_acc acc;
  int16x8_t x[GEMM_MR];
  gemm_init_i8(g, acc, rows, j);
  int k = 0;
  GEMM_ROLLED for (; k + 8 <= g->packed_k; k += 8) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) x[i] = gemm_widen(vld1_u8(a + i * g->lda + k), g->out.is_unsigned);
    w = gemm_step_mlal(g, acc, x, w, 8);
  }
  GEMM_ROLLED for (; k < g->packed_k; k++) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) x[i] = gemm_widen(vld1_dup_u8(a + i * g->lda + k), g->out.is_unsigned);
    w = gemm_step_mlal(g, acc, x, w, 1);
  }
  gemm_finish_i8(g, acc, j, c);
}

/* ---- SMULL ---- */

IG_INLINE void gemm_tile_smull(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const int8_t *w, int j, uint8_t *c) {
  gemm_acc acc[4]; /* of column 4 v + q: acc[q][i][v], four partial sums along k */
  GEMM_UNROLL for (int q = 0; q < 4; q++)
    GEMM_UNROLL for (int i = 0; i < g->mr; i++)
      GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) acc[q][i][v] = vdupq_n_s32(0);
  const uint8x16_t flip = vdupq_n_u8(g->out.is_unsigned ? 0x80 : 0);
  int k = 0;
  GEMM_ROLLED for (; k + 16 <= g->packed_k; k += 16) {
    int8x16_t x[GEMM_MR];
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      const uint8x16_t raw = vld1q_u8(a + i * g->lda + k);
      x[i] = vreinterpretq_s8_u8(g->out.is_unsigned ? veorq_u8(raw, flip) : raw);
    }
    GEMM_UNROLL for (int u = 0; u < g->nr; u++, w += 16) {
      const int8x16_t b = vld1q_s8(w);
      GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
        const int16x8_t p = vmlal_high_s8(vmull_s8(vget_low_s8(x[i]), vget_low_s8(b)), x[i], b);
        acc[u % 4][i][u / 4] = vpadalq_s16(acc[u % 4][i][u / 4], p);
      }
    }
  }
  if (g->packed_k % 16 >= 8) {
    int8x8_t x[GEMM_MR];
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      const uint8x8_t raw = vld1_u8(a + i * g->lda + k);
      x[i] = vreinterpret_s8_u8(g->out.is_unsigned ? veor_u8(raw, vget_low_u8(flip)) : raw);
    }
    GEMM_UNROLL for (int u = 0; u < g->nr; u++, w += 8) {
      const int8x8_t b = vld1_s8(w);
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)
        acc[u % 4][i][u / 4] = vpadalq_s16(acc[u % 4][i][u / 4], vmull_s8(x[i], b));
    }
  }
  gemm_acc sum;
  gemm_init_i8(g, sum, rows, j);
  GEMM_UNROLL for (int i = 0; i < g->mr; i++)
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++)
      sum[i][v] = vaddq_s32(sum[i][v], vpaddq_s32(vpaddq_s32(acc[0][i][v], acc[1][i][v]), vpaddq_s32(acc[2][i][v], acc[3][i][v])));
  gemm_finish_i8(g, sum, j, c);
}

/* ---- DOT ---- */
#if defined(__ARM_FEATURE_DOTPROD)

#define GEMM_DOT_LANE(L)                                                                                            \
  if (4 * L < depth) {                                                                                              \
    GEMM_UNROLL for (int v = 0; v < nv; v++) {                                                                      \
      const uint8x16_t b = vld1q_u8(w + 16 * v);                                                                    \
      GEMM_UNROLL for (int i = 0; i < g->mr; i++)                                                                   \
        acc[i][v] = g->out.is_unsigned                                                                              \
          ? vreinterpretq_s32_u32(vdotq_laneq_u32(vreinterpretq_u32_s32(acc[i][v]), b, x[i], L))                    \
          : vdotq_laneq_s32(acc[i][v], vreinterpretq_s8_u8(b), vreinterpretq_s8_u8(x[i]), L);                       \
    }                                                                                                               \
    w += 16 * nv;                                                                                                   \
  }

IG_INLINE const uint8_t *gemm_step_dot(const gemm_i8 *g, gemm_acc acc, const uint8x16_t *x, const uint8_t *w, int depth) {
  const int nv = g->nr / 4;
  GEMM_DOT_LANE(0) GEMM_DOT_LANE(1) GEMM_DOT_LANE(2) GEMM_DOT_LANE(3)
  return w;
}

IG_INLINE void gemm_tile_dot(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const uint8_t *w, int j, uint8_t *c) {
  gemm_acc acc;
  uint8x16_t x[GEMM_MR];
  gemm_init_i8(g, acc, rows, j);
  int k = 0;
  GEMM_ROLLED for (; k + 16 <= g->packed_k; k += 16) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) x[i] = vld1q_u8(a + i * g->lda + k);
    w = gemm_step_dot(g, acc, x, w, 16);
  }
  if (g->packed_k % 16 >= 8) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) x[i] = vcombine_u8(vld1_u8(a + i * g->lda + k), vdup_n_u8(0));
    w = gemm_step_dot(g, acc, x, w, 8);
    k += 8;
  }
  if (g->packed_k % 8 >= 4) {
    GEMM_UNROLL for (int i = 0; i < g->mr; i++) {
      uint32_t four;
      memcpy(&four, a + i * g->lda + k, 4);
      x[i] = vreinterpretq_u8_u32(vdupq_n_u32(four));
    }
    w = gemm_step_dot(g, acc, x, w, 4);
  }
  gemm_finish_i8(g, acc, j, c);
}
#endif

/* ---- MMLA ---- */
#if defined(__ARM_FEATURE_MATMUL_INT8)

IG_INLINE int32x4_t gemm_mmla(int32x4_t acc, uint8x16_t x, uint8x16_t b, int is_unsigned) {
  return is_unsigned ? vreinterpretq_s32_u32(vmmlaq_u32(vreinterpretq_u32_s32(acc), x, b))
                     : vmmlaq_s32(acc, vreinterpretq_s8_u8(x), vreinterpretq_s8_u8(b));
}
IG_INLINE uint8x16_t gemm_pair(uint8x16_t a, uint8x16_t b, int high) {
  const uint64x2_t x = vreinterpretq_u64_u8(a), y = vreinterpretq_u64_u8(b);
  return vreinterpretq_u8_u64(high ? vtrn2q_u64(x, y) : vtrn1q_u64(x, y));
}

/* One step along k: 2 rows x 8 of A against 2 columns x 8 of W. */
IG_INLINE const uint8_t *gemm_step_mmla(const gemm_i8 *g, int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV], const uint8x16_t *x,
                                        const uint8_t *w) {
  GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++, w += 16) {
    const uint8x16_t b = vld1q_u8(w);
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++) acc[i][u] = gemm_mmla(acc[i][u], x[i], b, g->out.is_unsigned);
  }
  return w;
}

IG_INLINE void gemm_tile_mmla(const gemm_i8 *g, const uint8_t *a, const int32_t *rows, const uint8_t *w, int j, uint8_t *c) {
  int32x4_t acc[GEMM_MR / 2][2 * GEMM_NV]; /* 2 rows x 2 columns each */
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
    GEMM_UNROLL for (int u = 0; u < g->nr / 2; u++) acc[i][u] = vdupq_n_s32(0);
  uint8x16_t lo[GEMM_MR / 2], hi[GEMM_MR / 2];
  int k = 0;
  GEMM_ROLLED for (; k + 16 <= g->packed_k; k += 16) {
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++) {
      const uint8x16_t even = vld1q_u8(a + 2 * i * g->lda + k), odd = vld1q_u8(a + (2 * i + 1) * g->lda + k);
      lo[i] = gemm_pair(even, odd, 0);
      hi[i] = gemm_pair(even, odd, 1);
    }
    w = gemm_step_mmla(g, acc, lo, w);
    w = gemm_step_mmla(g, acc, hi, w);
  }
  if (g->packed_k % 16 >= 8) {
    GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
      lo[i] = vcombine_u8(vld1_u8(a + 2 * i * g->lda + k), vld1_u8(a + (2 * i + 1) * g->lda + k));
    w = gemm_step_mmla(g, acc, lo, w);
  }
  gemm_acc sum;
  gemm_init_i8(g, sum, rows, j);
  GEMM_UNROLL for (int i = 0; i < g->mr / 2; i++)
    GEMM_UNROLL for (int v = 0; v < g->nr / 4; v++) {
      const int64x2_t p = vreinterpretq_s64_s32(acc[i][2 * v]), q = vreinterpretq_s64_s32(acc[i][2 * v + 1]);
      sum[2 * i][v] = vaddq_s32(sum[2 * i][v], vreinterpretq_s32_s64(vtrn1q_s64(p, q)));
      sum[2 * i + 1][v] = vaddq_s32(sum[2 * i + 1][v], vreinterpretq_s32_s64(vtrn2q_s64(p, q)));
    }
  gemm_finish_i8(g, sum, j, c);
}
#endif

#endif /* IG_NEON */
#endif
