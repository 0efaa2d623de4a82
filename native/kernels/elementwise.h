/* elementwise.h: add, subtract, multiply and PRELU over rows. ISA: NEON for rows of bytes and floats, portable C
 * otherwise. Layout: a row of n elements; an operand's stride is 1, or 0 where it is broadcast along the row. Strides
 * and parameters are constants at every call, so each call compiles to the loop it needs. Arithmetic: TFLite
 * reference/add.h, sub.h, mul.h, prelu.h. Sums round twice in every profile, products as the profile says. */
#ifndef IG_ELEMENTWISE_H
#define IG_ELEMENTWISE_H

#include "arith.h"

/* Operand: ((x + offset) << left) * (m, s), which brings both operands to a common scale; the sum has an (m, s) as
 * well.
 */
typedef struct {
  int32_t left, offset1, m1, s1, offset2, m2, s2, m, s, offset, lo, hi;
} ig_sum;

typedef struct {
  int32_t offset1, offset2, m, s, offset, lo, hi;
} ig_product;

/* x + offset1 >= 0: x; else (x + offset1) * (alpha + offset2). */
typedef struct {
  int32_t offset1, offset2, offset, m1, s1, m2, s2, lo, hi;
} ig_prelu;

IG_INLINE int32_t ig_sum_1(int32_t a, int32_t b, int minus, const ig_sum *p) {
  const int32_t x = ig_requant_s32_tflite(ig_shl(a + p->offset1, p->left), p->m1, p->s1);
  const int32_t y = ig_requant_s32_tflite(ig_shl(b + p->offset2, p->left), p->m2, p->s2);
  return ig_clamp(ig_rdivpot_any(ig_sqrdmulh(minus ? x - y : x + y, p->m), -p->s) + p->offset, p->lo, p->hi);
}

IG_INLINE int32_t ig_product_1(int32_t a, int32_t b, const ig_product *p) {
  const int32_t x = (a + p->offset1) * (b + p->offset2);
  return ig_clamp(ig_requant_s32(x, p->m, p->s) + p->offset, p->lo, p->hi);
}

IG_INLINE int32_t ig_prelu_1(int32_t a, int32_t alpha, const ig_prelu *p) {
  const int32_t x = a + p->offset1;
  const int32_t y =
      x >= 0 ? ig_requant_s32_tflite(x, p->m1, p->s1) : ig_requant_s32_tflite(x * (alpha + p->offset2), p->m2, p->s2);
  return ig_clamp(y + p->offset, p->lo, p->hi);
}

#if IG_NEON

/* Eight elements as 32-bit lanes. */
typedef struct {
  int32x4_t a, b;
} ig_s32x8;

IG_INLINE ig_s32x8 ig_widen(int16x8_t x) { return (ig_s32x8){vmovl_s16(vget_low_s16(x)), vmovl_high_s16(x)}; }
IG_INLINE int16x8_t ig_load8_s8(const int8_t *x, int stride) { return vmovl_s8(stride ? vld1_s8(x) : vdup_n_s8(*x)); }
IG_INLINE int16x8_t ig_load8_u8(const uint8_t *x, int stride) {
  return vreinterpretq_s16_u16(vmovl_u8(stride ? vld1_u8(x) : vdup_n_u8(*x)));
}
IG_INLINE void ig_store8_s8(int8_t *out, ig_s32x8 x, int32_t offset, int32_t lo, int32_t hi) {
  vst1_s8(out, ig_narrow_s8x8(x.a, x.b, vdupq_n_s32(offset), vdup_n_s8((int8_t)lo), vdup_n_s8((int8_t)hi)));
}
IG_INLINE void ig_store8_u8(uint8_t *out, ig_s32x8 x, int32_t offset, int32_t lo, int32_t hi) {
  vst1_u8(out, ig_narrow_u8x8(x.a, x.b, vdupq_n_s32(offset), vdup_n_u8((uint8_t)lo), vdup_n_u8((uint8_t)hi)));
}

IG_INLINE int32x4_t ig_requant_by(int32x4_t x, int32_t m, int32_t s) {
  return s > 0 ? ig_requant_s32x4(x, vdupq_n_s32(m), vdupq_n_s32(s), vdupq_n_s32(0))
               : ig_requant_right_s32x4(x, vdupq_n_s32(m), vdupq_n_s32(s));
}
IG_INLINE int32x4_t ig_requant_by_tflite(int32x4_t x, int32_t m, int32_t s) {
  return s > 0 ? ig_requant_s32x4_tflite(x, vdupq_n_s32(m), vdupq_n_s32(s), vdupq_n_s32(0))
               : ig_requant_right_s32x4_tflite(x, vdupq_n_s32(m), vdupq_n_s32(s));
}

IG_INLINE int32x4_t ig_sum_4(int32x4_t a, int32x4_t b, int minus, const ig_sum *p) {
  const int32x4_t left = vdupq_n_s32(p->left);
  const int32x4_t x = ig_requant_by_tflite(vshlq_s32(vaddq_s32(a, vdupq_n_s32(p->offset1)), left), p->m1, p->s1);
  const int32x4_t y = ig_requant_by_tflite(vshlq_s32(vaddq_s32(b, vdupq_n_s32(p->offset2)), left), p->m2, p->s2);
  const int32x4_t sum = minus ? vsubq_s32(x, y) : vaddq_s32(x, y);
  if (p->s <= 0) return ig_requant_right_s32x4_tflite(sum, vdupq_n_s32(p->m), vdupq_n_s32(p->s));
  const int32x4_t high = vqrdmulhq_s32(sum, vdupq_n_s32(p->m)); /* as ig_rdivpot_any */
  return vsubq_s32(vshlq_s32(high, vdupq_n_s32(-(-p->s & 31))), vreinterpretq_s32_u32(vcgezq_s32(high)));
}

#define IG_SUM_NEON(SUFFIX)                                                                                          \
  for (; i + 8 <= n; i += 8) {                                                                                       \
    const ig_s32x8 x = ig_widen(ig_load8_##SUFFIX(a + i * sa, sa)), y = ig_widen(ig_load8_##SUFFIX(b + i * sb, sb)); \
    const ig_s32x8 r = {ig_sum_4(x.a, y.a, minus, p), ig_sum_4(x.b, y.b, minus, p)};                                 \
    ig_store8_##SUFFIX(out + i, r, p->offset, p->lo, p->hi);                                                         \
  }

IG_INLINE int32x4_t ig_prelu_4(int32x4_t a, int32x4_t alpha, const ig_prelu *p) {
  const int32x4_t x = vaddq_s32(a, vdupq_n_s32(p->offset1)),
                  y = vmulq_s32(x, vaddq_s32(alpha, vdupq_n_s32(p->offset2)));
  return vbslq_s32(vcgezq_s32(x), ig_requant_by_tflite(x, p->m1, p->s1), ig_requant_by_tflite(y, p->m2, p->s2));
}

#define IG_PRELU_NEON(SUFFIX)                                                                                        \
  for (; i + 8 <= n; i += 8) {                                                                                       \
    const ig_s32x8 x = ig_widen(ig_load8_##SUFFIX(a + i * sa, sa)), y = ig_widen(ig_load8_##SUFFIX(b + i * sb, sb)); \
    const ig_s32x8 r = {ig_prelu_4(x.a, y.a, p), ig_prelu_4(x.b, y.b, p)};                                           \
    ig_store8_##SUFFIX(out + i, r, p->offset, p->lo, p->hi);                                                         \
  }

/* Sixteen differences to a zero point. */
typedef struct {
  int16x8_t lo, hi;
} ig_s16x16;

IG_INLINE ig_s16x16 ig_differences_s8(const int8_t *x, int stride, int32_t offset) {
  const int8x16_t v = stride ? vld1q_s8(x) : vdupq_n_s8(*x), zero = vdupq_n_s8((int8_t)-offset);
  return (ig_s16x16){vsubl_s8(vget_low_s8(v), vget_low_s8(zero)), vsubl_high_s8(v, zero)};
}
IG_INLINE ig_s16x16 ig_differences_u8(const uint8_t *x, int stride, int32_t offset) {
  const uint8x16_t v = stride ? vld1q_u8(x) : vdupq_n_u8(*x), zero = vdupq_n_u8((uint8_t)-offset);
  const uint16x8_t lo = vsubl_u8(vget_low_u8(v), vget_low_u8(zero)), hi = vsubl_high_u8(v, zero);
  return (ig_s16x16){vreinterpretq_s16_u16(lo), vreinterpretq_s16_u16(hi)};
}

/* ig_requant_by for |x| < 2^17 and s <= 0: subtracting 1 from negative values cannot overflow, and is one instruction.
 */
IG_INLINE int32x4_t ig_requant_product_4(int32x4_t x, int32_t m, int32_t s) {
#ifdef IG_SINGLE_ROUNDING
  return ig_requant_by(x, m, s);
#else
  const int32x4_t high = vqrdmulhq_s32(x, vdupq_n_s32(m));
  return s == 0 ? high : vrshlq_s32(vsraq_n_s32(high, high, 31), vdupq_n_s32(s));
#endif
}

IG_INLINE int16x8_t ig_product_8(int16x8_t a, int16x8_t b, const ig_product *p) {
  const int32x4_t lo = ig_requant_product_4(vmull_s16(vget_low_s16(a), vget_low_s16(b)), p->m, p->s);
  const int32x4_t hi = ig_requant_product_4(vmull_high_s16(a, b), p->m, p->s);
  return vqaddq_s16(vqmovn_high_s32(vqmovn_s32(lo), hi), vdupq_n_s16((int16_t)p->offset));
}

IG_INLINE void ig_store16_s8(int8_t *out, int16x8_t lo, int16x8_t hi, const ig_product *p) {
  const int8x16_t r = vqmovn_high_s16(vqmovn_s16(lo), hi);
  vst1q_s8(out, vminq_s8(vmaxq_s8(r, vdupq_n_s8((int8_t)p->lo)), vdupq_n_s8((int8_t)p->hi)));
}
IG_INLINE void ig_store16_u8(uint8_t *out, int16x8_t lo, int16x8_t hi, const ig_product *p) {
  const uint8x16_t r = vqmovun_high_s16(vqmovun_s16(lo), hi);
  vst1q_u8(out, vminq_u8(vmaxq_u8(r, vdupq_n_u8((uint8_t)p->lo)), vdupq_n_u8((uint8_t)p->hi)));
}

#define IG_PRODUCT_NEON(SUFFIX)                                                                \
  for (; p->s <= 0 && i + 16 <= n; i += 16) {                                                  \
    const ig_s16x16 x = ig_differences_##SUFFIX(a + i * sa, sa, p->offset1);                   \
    const ig_s16x16 y = ig_differences_##SUFFIX(b + i * sb, sb, p->offset2);                   \
    ig_store16_##SUFFIX(out + i, ig_product_8(x.lo, y.lo, p), ig_product_8(x.hi, y.hi, p), p); \
  }
#else
#define IG_SUM_NEON(SUFFIX)
#define IG_PRELU_NEON(SUFFIX)
#define IG_PRODUCT_NEON(SUFFIX)
#endif

#define IG_QUANTIZED_ROWS(T, SUFFIX, SUM_NEON, PRODUCT_NEON)                                                          \
  IG_INLINE void ig_sum_##SUFFIX(const T *a, int sa, const T *b, int sb, T *out, size_t n, int minus,                 \
                                 const ig_sum *p) {                                                                   \
    size_t i = 0;                                                                                                     \
    SUM_NEON for (; i < n; i++) out[i] = (T)ig_sum_1(a[i * sa], b[i * sb], minus, p);                                 \
  }                                                                                                                   \
  IG_INLINE void ig_product_##SUFFIX(const T *a, int sa, const T *b, int sb, T *out, size_t n, const ig_product *p) { \
    size_t i = 0;                                                                                                     \
    PRODUCT_NEON for (; i < n; i++) out[i] = (T)ig_product_1(a[i * sa], b[i * sb], p);                                \
  }
IG_QUANTIZED_ROWS(int8_t, s8, IG_SUM_NEON(s8), IG_PRODUCT_NEON(s8))
IG_QUANTIZED_ROWS(uint8_t, u8, IG_SUM_NEON(u8), IG_PRODUCT_NEON(u8))
IG_QUANTIZED_ROWS(int16_t, s16, , )

#define IG_PRELU_ROW(T, SUFFIX)                                                                                   \
  IG_INLINE void ig_prelu_##SUFFIX(const T *a, int sa, const T *b, int sb, T *out, size_t n, const ig_prelu *p) { \
    size_t i = 0;                                                                                                 \
    IG_PRELU_NEON(SUFFIX)                                                                                         \
    for (; i < n; i++) out[i] = (T)ig_prelu_1(a[i * sa], b[i * sb], p);                                           \
  }
IG_PRELU_ROW(int8_t, s8)
IG_PRELU_ROW(uint8_t, u8)

/* Unquantized rows: the operation, then the activation's clamp. Integers wrap. `out` may alias an operand. */
#if IG_NEON
IG_INLINE float32x4_t ig_load4_f32(const float *x, int stride) { return stride ? vld1q_f32(x) : vdupq_n_f32(*x); }

#define IG_UNQUANTIZED_STEPS(OP)                                                                           \
  for (const float32x4_t low = vdupq_n_f32(lo), high = vdupq_n_f32(hi); i + 16 <= n; i += 16) {            \
    float32x4_t x[4];                                                                                      \
    for (int k = 0; k < 4; k++)                                                                            \
      x[k] = v##OP##q_f32(ig_load4_f32(a + (i + 4 * k) * sa, sa), ig_load4_f32(b + (i + 4 * k) * sb, sb)); \
    for (int k = 0; k < 4; k++) vst1q_f32(out + i + 4 * k, vminq_f32(vmaxq_f32(x[k], low), high));         \
  }
#else
#define IG_UNQUANTIZED_STEPS(OP)
#endif

#define IG_UNQUANTIZED_ROW(T, NAME, OP, STEPS)                                                \
  IG_INLINE void NAME(const T *a, int sa, const T *b, int sb, T *out, size_t n, T lo, T hi) { \
    size_t i = 0;                                                                             \
    STEPS                                                                                     \
    for (; i < n; i++) {                                                                      \
      const T x = (T)(a[i * sa] OP b[i * sb]), low = x < lo ? lo : x;                         \
      out[i] = hi < low ? hi : low;                                                           \
    }                                                                                         \
  }
#define IG_UNQUANTIZED_ROWS(T, SUFFIX, ADD, SUBTRACT, MULTIPLY) \
  IG_UNQUANTIZED_ROW(T, ig_add_##SUFFIX, +, ADD)                \
  IG_UNQUANTIZED_ROW(T, ig_subtract_##SUFFIX, -, SUBTRACT)      \
  IG_UNQUANTIZED_ROW(T, ig_multiply_##SUFFIX, *, MULTIPLY)
IG_UNQUANTIZED_ROWS(float, f32, IG_UNQUANTIZED_STEPS(add), IG_UNQUANTIZED_STEPS(sub), IG_UNQUANTIZED_STEPS(mul))
IG_UNQUANTIZED_ROWS(int32_t, s32, , , )
IG_UNQUANTIZED_ROWS(int64_t, s64, , , )
IG_UNQUANTIZED_ROWS(int16_t, s16, , , )
IG_UNQUANTIZED_ROWS(uint32_t, u32, , , )

#endif
