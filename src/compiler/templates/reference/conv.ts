/** The C of reference convolutions: native/kernels/conv_reference.h. */
import { weightedForm } from '../../../model/ops/shared/weights.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { leadOfImages } from '../../emission/lead.ts';
import type { ReferenceConvLayer } from '../../lower/layers.ts';
import { resultDescription } from './result.ts';

/** The C of a layer. */
export function emitReferenceConv(layer: ReferenceConvLayer, ctx: EmitContext): Emission {
  const { operands, batch, outs } = layer;
  const { in_h, in_w, channels, out_h, out_w } = layer.shape;
  const hybrid = weightedForm(layer.data, layer.weights) === 'hybrid';
  const quantized = hybrid ? ctx.scratch(in_h * in_w * channels) : 'NULL';
  const description = resultDescription(layer, layer, ctx);
  const given = [ctx.input(operands.data), ctx.input(operands.weights), quantized, ctx.output(0)];
  return {
    includes: ['conv_reference.h'],
    body: `${description}conv_reference_run(&p, ${given.join(', ')});\n`,
    // The quantized bytes of an image overwrite its floats; all of it is read before its first result.
    ...(hybrid && {
      scratchInPlace: [{ operand: operands.data, lead: 0 }],
      inPlace: [
        { operand: operands.data, lead: leadOfImages(batch, 4 * in_h * in_w * channels, 4 * out_h * out_w * outs) },
      ],
    }),
  };
}
