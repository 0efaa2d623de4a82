/* depthwise_in_order.h: 3 x 3 depthwise convolution of armv8.0 for cores that issue in order: its single instructions.
 *
 * Tile: 8 channels of up to four output pixels, stride 1 or 2. The compiler writes out a step in issue order
 * (templates/in_order/depthwise_steps.ts): SMULL and SMLAL to 16 bits as long as sums fit, SMLAL by each channel's power of two from
 * there to 32, so that SQDMULH leaves 16 fractional bits and ADDHN adds bias and zero point while it narrows. It has proved
 * for each channel, over all sums that can occur, that this is TFLite's result and that no step overflows.
 * Weights int8 [block][9][8] in the order of multiplication. Data comes by way of general registers, whose loads pair with
 * arithmetic: two columns to a register, and so each weight twice.
 * Rows of the ring are read up to DEPTHWISE_PIXELS * stride_w pixels beyond their ends. */
#ifndef IG_DEPTHWISE_IN_ORDER_H
#define IG_DEPTHWISE_IN_ORDER_H

#include "depthwise_i8.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* Products of the lower and of the upper halves; the first of a sum, and further ones. */
#define CHAIN_MULTIPLY(name, sum_type, sum_lanes, of_type, of_low, of_high)                                      \
  IG_INLINE sum_type chain_##name(of_type x, of_type w) {                                                              \
    sum_type sum;                                                                                                      \
    IO_ASM("smull %0." sum_lanes ", %1." of_low ", %2." of_low : "=w"(sum) : "w"(x), "w"(w));                          \
    return sum;                                                                                                        \
  }                                                                                                                    \
  IG_INLINE sum_type chain_##name##2(of_type x, of_type w) {                                                           \
    sum_type sum;                                                                                                      \
    IO_ASM("smull2 %0." sum_lanes ", %1." of_high ", %2." of_high : "=w"(sum) : "w"(x), "w"(w));                       \
    return sum;                                                                                                        \
  }                                                                                                                    \
  IG_INLINE void chain_add_##name(sum_type *sum, of_type x, of_type w) {                                               \
    IO_ASM("smlal %0." sum_lanes ", %1." of_low ", %2." of_low : "+w"(*sum) : "w"(x), "w"(w));                         \
  }                                                                                                                    \
  IG_INLINE void chain_add_##name##2(sum_type *sum, of_type x, of_type w) {                                            \
    IO_ASM("smlal2 %0." sum_lanes ", %1." of_high ", %2." of_high : "+w"(*sum) : "w"(x), "w"(w));                      \
  }
CHAIN_MULTIPLY(product, int16x8_t, "8h", int8x16_t, "8b", "16b")
CHAIN_MULTIPLY(scaled, int32x4_t, "4s", int16x8_t, "4h", "8h")

IG_INLINE uint8x8_t chain_clamp(int is_unsigned, int low, int high, int16x8_t half) {
  return io_clamp(is_unsigned, low, high, is_unsigned ? io_narrow_u8(half) : io_narrow_s8(half));
}
IG_INLINE void chain_store(uint8_t *to, size_t at, uint8x8_t r) {
  IO_ASM("str %d0, [%1, %2]" : : "w"(r), "r"(to), "r"(at));
}
IG_INLINE void chain_load(uint64_t *to, const int8_t *row, size_t at) {
  IO_ASM("ldr %0, [%1, %2]" : "=r"(*to) : "r"(row), "r"(at));
}
/* Unsigned bytes less 128. */
IG_INLINE void chain_flip(uint64_t *x) { IO_ASM("eor %0, %0, #0x8080808080808080" : "+r"(*x)); }
/* Eight weights, twice. */
IG_INLINE int8x16_t chain_weights(const int8_t *w) { return vreinterpretq_s8_s64(vld1q_dup_s64((const int64_t *)w)); }

#endif
#endif
