/** Hybrid depthwise layers, depth multiplier 1: native/kernels/hybrid_depthwise.h. */
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, integers } from '../../emission/description.ts';
import type { HybridDepthwiseLayer } from '../../lower/layers.ts';
import { hybridDescription, leadOfQuantized } from '../epilogue/hybrid.ts';
import { onePoint, windowMembers } from '../reference/one_point.ts';

export const HYBRID_DEPTHWISE = onePoint<HybridDepthwiseLayer>(
  'hybrid_depthwise',
  ({ shape: s, batch, outs }) => ({
    members: { images: batch, ...windowMembers(s) },
    macs: batch * s.out_h * s.out_w * outs * s.kernel_h * s.kernel_w,
  }),
  emitHybridDepthwise,
);

/** The C of a layer. */
function emitHybridDepthwise(layer: HybridDepthwiseLayer, ctx: EmitContext): Emission {
  const { shape, batch, outs, bias } = layer;
  const q = ctx.scratch(elements(layer.data.shape) / batch);
  const window = cDescription('conv_shape', 's', integers({ ...shape, item: 1 }));
  const operands = [ctx.input(0), ctx.input(1), bias === null ? 'NULL' : ctx.input(2), q, ctx.output(0)];
  const result = hybridDescription(layer, new Int32Array(outs), ctx);
  return {
    includes: ['hybrid_depthwise.h'],
    body: `${result}${window}hybrid_depthwise(&h, &s, ${batch}, ${operands.join(', ')});\n`,
    // The quantized bytes of an image overwrite its floats.
    inPlace: [{ operand: 0, lead: leadOfQuantized(layer) }],
    scratchInPlace: [{ operand: 0, lead: 0 }],
  };
}
