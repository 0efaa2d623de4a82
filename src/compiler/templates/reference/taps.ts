/** The C of 3-D and transposed convolutions: native/kernels/conv_taps.h. */
import { type Direct, tapsOf } from '../../../model/ops/shared/direct.ts';
import { weightedForm } from '../../../model/ops/shared/weights.ts';
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, integers } from '../../emission/description.ts';
import type { ConvShape, ReferenceTapsLayer } from '../../lower/layers.ts';
import { zeroPointOf } from '../../lower/weights.ts';
import { elementName, resultDescription } from './result.ts';

/** The C of a layer. */
export function emitReferenceTaps(layer: ReferenceTapsLayer, ctx: EmitContext): Emission {
  const { data, geometry: g, operands } = layer;
  const weights = laidWeights(layer, ctx);
  const taps = tapsDescription(g, ctx);
  const window = { shape: pixel(g.channels), batch: g.batches, outs: g.outChannels, multiplier: 0 };
  const result = resultDescription(layer, window, ctx);
  const hybrid = weightedForm(data, layer.weights) === 'hybrid';
  const quantized = hybrid ? ctx.scratch(elements(data.shape) / g.batches) : 'NULL';
  const accumulators = ctx.scratch(8 * g.outChannels);
  const given = [ctx.input(operands.data), weights.pointer, quantized, accumulators, ctx.output(0)];
  return {
    includes: ['conv_taps.h'],
    body: `${result}${taps}${weights.before}conv_taps_run(&p, &d, ${given.join(', ')});\n`,
  };
}

/** The shape for the epilogue, which uses only channels and element size. */
const pixel = (channels: number): ConvShape => ({
  ...{ in_h: 1, in_w: 1, channels, out_h: 1, out_w: 1, kernel_h: 1, kernel_w: 1, stride_h: 1, stride_w: 1 },
  ...{ dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, groups: 1 },
});

/** The `conv_taps` called `d`. */
function tapsDescription({ axes }: Direct, ctx: EmitContext): string {
  const [depth, height, width] = axes;
  const [d, y, x] = axes.map((axis) => {
    const { starts, taps } = tapsOf(axis);
    // An axis without taps still needs an address.
    return { starts: ctx.constant(starts), taps: ctx.constant(taps.length > 0 ? taps : new Int32Array(2)) };
  });
  return cDescription('conv_taps', 'd', {
    ...integers({ in_d: depth.input, in_h: height.input, in_w: width.input }),
    ...integers({ out_d: depth.output, out_h: height.output, out_w: width.output }),
    ...integers({ kernel_h: height.kernel, kernel_w: width.kernel }),
    ...{ d_starts: d.starts, d_taps: d.taps, y_starts: y.starts, y_taps: y.taps, x_starts: x.starts, x_taps: x.taps },
  });
}

/** Weights [taps][channels][outs]; `before`: statements that transpose them. */
interface LaidWeights {
  readonly pointer: string;
  readonly before: string;
}

function laidWeights(layer: ReferenceTapsLayer, ctx: EmitContext): LaidWeights {
  const { weights, layout, operands } = layer;
  if (layout.from === 'constant') return { pointer: ctx.constant(layout.values), before: '' };
  const stored = ctx.input(operands.weights);
  if (layout.from === 'operand') return { pointer: stored, before: '' };
  const { blocks, inner } = layout;
  const outs = layer.geometry.outChannels;
  const float = weights.dtype === 'float32';
  const pointer = ctx.scratch(elements(weights.shape) * (float ? 4 : 2));
  const how = float ? [outs, inner] : [elementName(weights.dtype), zeroPointOf(weights), outs, inner];
  const transpose = (from: string, to: string): string =>
    `conv_taps_pack_${float ? 'float' : 'integer'}(${[from, ...how, to].join(', ')});\n`;
  if (blocks === 1) return { pointer, before: transpose(stored, pointer) };
  const type = float ? 'float' : 'int16_t';
  const loop = `for (size_t at = 0; at < ${elements(weights.shape)}; at += ${outs * inner}) `;
  return { pointer, before: loop + transpose(`${stored} + at`, `(${type} *)${pointer} + at`) };
}
