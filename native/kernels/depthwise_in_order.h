/* depthwise_in_order.h: 3 x 3 depthwise convolution of armv8.0 for cores that issue in order.
 *
 * Tile: 8 channels of up to four output pixels, stride 1 or 2. The function comes with the model
 * (src/compiler/templates/in_order/depthwise.ts): SMULL and SMLAL to 16 bits as long as sums fit, SMLAL by each
 * channel's power of two from there to 32, SQDMULH to 16 fractional bits, ADDHN, which adds bias and zero point while
 * it narrows. The compiler has proved for each channel, over all sums that can occur, that this is TFLite's result and
 * that no step overflows. Weights int8 [block][9][8] in the order of multiplication. Data comes through general
 * registers: two columns to a vector register, hence each weight twice. Rows of the ring are read up to
 * DEPTHWISE_PIXELS * stride_w pixels beyond their ends. */
#ifndef IG_DEPTHWISE_IN_ORDER_H
#define IG_DEPTHWISE_IN_ORDER_H

#include "depthwise_i8.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* Eight weights, twice. */
IG_INLINE int8x16_t chain_weights(const int8_t *w) { return vreinterpretq_s8_s64(vld1q_dup_s64((const int64_t *)w)); }

#endif
#endif
