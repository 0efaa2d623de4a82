/* in_order.h: single instructions as inline assembly, for in-order cores (docs/adr/0006). Prefix io: in order.
 *
 * An in-order core stalls on a result that is not ready, and a Cortex-A53 issues nothing beside a vector load. C
 * compilers schedule for neither well enough. Volatile statements keep the order of instructions; the compiler
 * allocates registers. Operands are loaded through general registers, whose loads issue beside vector arithmetic. Inner
 * loops are scheduled by src/compiler/templates/in_order and are part of the model's C. The compiler does not see these
 * loads: IO_BARRIER stands before and behind them. */
#ifndef IG_IN_ORDER_H
#define IG_IN_ORDER_H

#include "arith.h"
#if IG_NEON && defined(IG_IN_ORDER)

#define IO_ASM __asm__ volatile
#define IO_BARRIER() IO_ASM("" :: : "memory")

/* Parts of a generated loop: load the first operands; first iteration, which sets the accumulators; later iterations.
 */
enum { IO_START, IO_FIRST, IO_NEXT };

#define IO_UNARY(NAME, R, X, TEXT)   \
  IG_INLINE R NAME(X x) {            \
    R r;                             \
    IO_ASM(TEXT : "=w"(r) : "w"(x)); \
    return r;                        \
  }
#define IO_BINARY(NAME, R, X, Y, TEXT)       \
  IG_INLINE R NAME(X x, Y y) {               \
    R r;                                     \
    IO_ASM(TEXT : "=w"(r) : "w"(x), "w"(y)); \
    return r;                                \
  }
#define IO_INTO(NAME, R, X, Y, TEXT) \
  IG_INLINE void NAME(R *r, X x, Y y) { IO_ASM(TEXT : "+w"(*r) : "w"(x), "w"(y)); }

IO_BINARY(io_addp, int32x4_t, int32x4_t, int32x4_t, "addp %0.4s, %1.4s, %2.4s")
IO_BINARY(io_sshl, int32x4_t, int32x4_t, int32x4_t, "sshl %0.4s, %1.4s, %2.4s")
IO_BINARY(io_sqdmulh, int32x4_t, int32x4_t, int32x4_t, "sqdmulh %0.4s, %1.4s, %2.4s")
IO_BINARY(io_addhn, int16x8_t, int32x4_t, int32x4_t, "addhn %0.4h, %1.4s, %2.4s")
IO_INTO(io_addhn2, int16x8_t, int32x4_t, int32x4_t, "addhn2 %0.8h, %1.4s, %2.4s")
IO_BINARY(io_add, int32x4_t, int32x4_t, int32x4_t, "add %0.4s, %1.4s, %2.4s")
IO_BINARY(io_sqrdmulh, int32x4_t, int32x4_t, int32x4_t, "sqrdmulh %0.4s, %1.4s, %2.4s")
IO_BINARY(io_srshl, int32x4_t, int32x4_t, int32x4_t, "srshl %0.4s, %1.4s, %2.4s")
/* x -= 1 if x < 0. */
IG_INLINE void io_add_sign(int32x4_t *x) { IO_ASM("ssra %0.4s, %0.4s, #31" : "+w"(*x)); }
IO_BINARY(io_uzp1, int16x8_t, int32x4_t, int32x4_t, "uzp1 %0.8h, %1.8h, %2.8h")
IO_UNARY(io_sqxtn, int16x8_t, int32x4_t, "sqxtn %0.4h, %1.4s")
IG_INLINE void io_sqxtn2(int16x8_t *r, int32x4_t x) { IO_ASM("sqxtn2 %0.8h, %1.4s" : "+w"(*r) : "w"(x)); }
IO_BINARY(io_sqadd, int16x8_t, int16x8_t, int16x8_t, "sqadd %0.8h, %1.8h, %2.8h")
IO_UNARY(io_narrow_s8, uint8x8_t, int16x8_t, "sqxtn %0.8b, %1.8h")
IO_UNARY(io_narrow_u8, uint8x8_t, int16x8_t, "sqxtun %0.8b, %1.8h")
/* The same, shifted right by BITS first. */
#define IO_SHIFTED(BITS)                                                              \
  IO_UNARY(io_narrow_s8_##BITS, uint8x8_t, int16x8_t, "sqshrn %0.8b, %1.8h, #" #BITS) \
  IO_UNARY(io_narrow_u8_##BITS, uint8x8_t, int16x8_t, "sqshrun %0.8b, %1.8h, #" #BITS)
IO_SHIFTED(1)
IO_SHIFTED(3)
IO_SHIFTED(5)
IO_BINARY(io_eor, uint8x8_t, uint8x8_t, uint8x8_t, "eor %0.8b, %1.8b, %2.8b")
IO_BINARY(io_smax, uint8x8_t, uint8x8_t, uint8x8_t, "smax %0.8b, %1.8b, %2.8b")
IO_BINARY(io_smin, uint8x8_t, uint8x8_t, uint8x8_t, "smin %0.8b, %1.8b, %2.8b")
IO_BINARY(io_umax, uint8x8_t, uint8x8_t, uint8x8_t, "umax %0.8b, %1.8b, %2.8b")
IO_BINARY(io_umin, uint8x8_t, uint8x8_t, uint8x8_t, "umin %0.8b, %1.8b, %2.8b")
/* A constant, made where it is used: kept in a register across the inner loop, it would cause a spill. */
IG_INLINE uint8x8_t io_bytes(int value) {
  uint8x8_t r = vdup_n_u8((uint8_t)value);
  IO_ASM("" : "+w"(r));
  return r;
}

/* Sixteen bytes in two general registers. io_lower writes the lower half of a vector register and clears the upper one,
 * so it comes before io_upper. */
typedef struct {
  uint64_t lo, hi;
} io_pair;
#define io_lower(V, LO) IO_ASM("fmov %d0, %1" : "=w"(*(V)) : "r"(LO))
#define io_upper(V, HI) IO_ASM("ins %0.d[1], %1" : "+w"(*(V)) : "r"(HI))
IG_INLINE void io_load_pair(io_pair *to, const int8_t **w) {
  IO_ASM("ldp %0, %1, [%2], #16" : "=r"(to->lo), "=r"(to->hi), "+r"(*w));
}

#endif
#endif
