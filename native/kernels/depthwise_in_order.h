/* depthwise_in_order.h: 3x3 depthwise convolution for in-order cores (in_order.h). ISA: armv8.0.
 *
 * Tile: 8 channels x up to 4 output pixels; stride 1 or 2. Data: loaded through general registers, two columns to a
 * vector register; hence each weight twice. Weights: [block][9 products][8 channels] int8.
 * Accumulators: 16-bit sums s by SMULL and SMLAL as long as they fit (`cuts`); then
 *   acc = sum of s * scale                int32, by SMLAL; scale: a power of two per channel
 *   v   = SQDMULH(acc, multiplier)        16 fractional bits
 *   r   = clamp((v + offset) >> 16)       ADDHN, then SQXTN; offset holds bias and zero point
 * The code generator proves per channel, over all possible accumulators, that r is TFLite's result and that no step
 * overflows (templates/depthwise/two_step_blocks.ts). The function of a block is part of the model's C
 * (src/compiler/templates/in_order/depthwise.ts). It reads up to DEPTHWISE_PIXELS * stride_w pixels beyond a ring row.
 */
#ifndef IG_DEPTHWISE_IN_ORDER_H
#define IG_DEPTHWISE_IN_ORDER_H

#include "depthwise_i8.h"
#include "in_order.h"
#if IG_NEON && defined(IG_IN_ORDER)

/* The weights of 8 channels, in both halves. */
IG_INLINE int8x16_t io_weights_twice(const int8_t *w) {
  return vreinterpretq_s8_s64(vld1q_dup_s64((const int64_t *)w));
}

#endif
#endif
