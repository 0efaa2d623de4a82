/* in_order.h: single instructions for cores that issue in order (docs/adr/0006).
 *
 * Such a core waits for each result of the last few cycles, and issues nothing beside a vector load. Compilers model
 * neither well enough. Volatile statements keep their order; registers are the compiler's; operands come through
 * general registers, whose loads issue beside arithmetic. Inner loops are scheduled by src/compiler/templates/in_order
 * and come with the model. The compiler does not see what is loaded here: IO_BARRIER before and behind. */
#ifndef IG_IN_ORDER_H
#define IG_IN_ORDER_H

#include "arith.h"
#if IG_NEON && defined(IG_IN_ORDER)

#define IO_ASM __asm__ volatile
#define IO_BARRIER() IO_ASM("" :: : "memory")

/* Parts of a loop that comes with the model: the operands of the first round; a round that begins accumulators; another
 * one. */
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
/* Minus one where x is negative. */
IG_INLINE void io_add_sign(int32x4_t *x) { IO_ASM("ssra %0.4s, %0.4s, #31" : "+w"(*x)); }
IO_BINARY(io_uzp1, int16x8_t, int32x4_t, int32x4_t, "uzp1 %0.8h, %1.8h, %2.8h")
IO_UNARY(io_sqxtn, int16x8_t, int32x4_t, "sqxtn %0.4h, %1.4s")
IG_INLINE void io_sqxtn2(int16x8_t *r, int32x4_t x) { IO_ASM("sqxtn2 %0.8h, %1.4s" : "+w"(*r) : "w"(x)); }
IO_BINARY(io_sqadd, int16x8_t, int16x8_t, int16x8_t, "sqadd %0.8h, %1.8h, %2.8h")
IO_UNARY(io_narrow_s8, uint8x8_t, int16x8_t, "sqxtn %0.8b, %1.8h")
IO_UNARY(io_narrow_u8, uint8x8_t, int16x8_t, "sqxtun %0.8b, %1.8h")
/* The same after a shift to the right. */
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
/* A constant made where it is needed: in a register across an inner loop it would be one too many. */
IG_INLINE uint8x8_t io_bytes(int value) {
  uint8x8_t r = vdup_n_u8((uint8_t)value);
  IO_ASM("" : "+w"(r));
  return r;
}

/* Sixteen bytes on their way into a vector register: the lower half first, it clears the upper. */
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
