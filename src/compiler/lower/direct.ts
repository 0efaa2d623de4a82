/** Instances of native/kernels/direct.h: convolutions in three dimensions and transposed ones. */
import { operand } from '../../model/ops/checks.ts';
import {
  asWeighted,
  type ConvTransposeFamily,
  transposeGeometry,
  WEIGHTED_ORDER,
} from '../../model/ops/conv_transpose.ts';
import { type Conv3dFamily, conv3dGeometry, conv3dTransposeGeometry } from '../../model/ops/conv3d.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { type Direct, swapChannels, tapsFirst, tapsOf } from '../../model/ops/shared/direct.ts';
import { centered, convFactors, weightedForm } from '../../model/ops/shared/weights.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emission/context.ts';
import { cDescription, integers } from '../emission/description.ts';
import { zeroPointOf } from '../templates/index.ts';
import { type PlainLayer, plainDescription, plainElement } from '../templates/reference/plain.ts';

/** `before`: statements that lay the weights out. */
interface LaidWeights {
  readonly pointer: string;
  readonly before: string;
}

/** What becomes of the sums does not depend on the window; only the channels and the element's size of it count. */
const shapeOf = (channels: number): PlainLayer['shape'] => ({
  ...{ in_h: 1, in_w: 1, channels, out_h: 1, out_w: 1, kernel_h: 1, kernel_w: 1, stride_h: 1, stride_w: 1 },
  ...{ dilation_h: 1, dilation_w: 1, pad_top: 0, pad_left: 0, groups: 1 },
});

function emitDirect(
  layer: Omit<PlainLayer, 'shape' | 'batch' | 'outs' | 'multiplier'>,
  g: Direct,
  weights: LaidWeights,
  ctx: EmitContext,
): Emission {
  if (elements(layer.output.shape) === 0) return { includes: [], body: '' };
  const [depth, height, width] = g.axes;
  const [d, y, x] = g.axes.map((axis) => {
    const { starts, taps } = tapsOf(axis);
    // An axis without any tap still needs an address.
    return { starts: ctx.constant(starts), taps: ctx.constant(taps.length > 0 ? taps : new Int32Array(2)) };
  });
  const fields = {
    ...integers({ in_d: depth.input, in_h: height.input, in_w: width.input }),
    ...integers({ out_d: depth.output, out_h: height.output, out_w: width.output }),
    ...integers({ kernel_h: height.kernel, kernel_w: width.kernel }),
    ...{ d_starts: d.starts, d_taps: d.taps, y_starts: y.starts, y_taps: y.taps, x_starts: x.starts, x_taps: x.taps },
  };
  const plain = plainDescription(
    { ...layer, shape: shapeOf(g.channels), batch: g.batches, outs: g.outChannels, multiplier: 0 },
    ctx,
  );
  const hybrid = weightedForm(layer.data, layer.weights) === 'hybrid';
  const quantized = hybrid ? ctx.scratch(elements(layer.data.shape) / g.batches) : 'NULL';
  const operands = [ctx.input(0), weights.pointer, quantized, ctx.scratch(8 * g.outChannels), ctx.output(0)];
  return {
    includes: ['direct.h'],
    body: `${plain}${cDescription('direct', 'd', fields)}${weights.before}direct_run(&p, &d, ${operands.join(', ')});\n`,
  };
}

function layWeights(op: OpView<'nn.conv2d_transpose'>, ctx: EmitContext): LaidWeights {
  const weights = operand(op, 1);
  const outs = weights.shape[0];
  const float = weights.dtype === 'float32';
  const zero = float ? 0 : zeroPointOf(weights);
  if (weights.data !== null) {
    const values = float ? (weights.data as Float32Array) : centered(weights.data, [zero]);
    return { pointer: ctx.constant(tapsFirst(values, outs)), before: '' };
  }
  const n = elements(weights.shape);
  const pointer = ctx.scratch(n * (float ? 4 : 2));
  const how = float ? '' : `${plainElement(weights.dtype)}, ${zero}, `;
  const pack = `direct_pack_${float ? 'float' : 'integer'}(${ctx.input(1)}, ${how}${outs}, ${n / outs}, ${pointer});\n`;
  return { pointer, before: pack };
}

function emitTransposed(given: OpView<'nn.conv2d_transpose'>, outer: EmitContext): Emission {
  const op = asWeighted(given);
  const ctx: EmitContext = { ...outer, input: (i) => outer.input(WEIGHTED_ORDER[i]) };
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const integer = weightedForm(data, weights) === 'integer';
  const requantization = integer ? { factors: convFactors(data, weights, output), inDouble: false } : null;
  const { activation, biasType } = op.attrs;
  return emitDirect(
    {
      ...{ data, weights, bias, output, activation, requantization, biasType },
      hybrid: { asymmetric: true, weightsThenData: true },
    },
    transposeGeometry(op),
    layWeights(op, ctx),
    ctx,
  );
}

function emitConv3d(op: OpView<'nn.conv3d'>, ctx: EmitContext): Emission {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const layer = { data, weights, bias, output, activation: op.attrs.activation, requantization: null };
  const hybrid = { asymmetric: false, weightsThenData: false };
  return emitDirect({ ...layer, hybrid }, conv3dGeometry(op), { pointer: ctx.input(1), before: '' }, ctx);
}

/** Weights of constant data in the order of CONV_3D's; others are packed tap by tap. */
function swapWeights(op: OpView<'nn.conv3d_transpose'>, g: Direct, ctx: EmitContext): LaidWeights {
  const weights = operand(op, 1);
  const [outs, ins] = [g.outChannels, g.channels];
  if (weights.data !== null)
    return { pointer: ctx.constant(swapChannels(weights.data as Float32Array, outs, ins)), before: '' };
  const n = elements(weights.shape);
  const pointer = ctx.scratch(4 * n);
  const args = [`${ctx.input(1)} + at`, outs, ins, `(float *)${pointer} + at`];
  const before = `for (size_t at = 0; at < ${n}; at += ${outs * ins}) direct_pack_float(${args.join(', ')});\n`;
  return { pointer, before };
}

function emitConv3dTransposed(op: OpView<'nn.conv3d_transpose'>, outer: EmitContext): Emission {
  const ctx: EmitContext = { ...outer, input: (i) => outer.input(WEIGHTED_ORDER[i]) };
  const [data, weights, output, bias] = [operand(op, 2), operand(op, 1), op.outputs[0], op.inputs[3] ?? null];
  const layer = { data, weights, bias, output, activation: op.attrs.activation, requantization: null };
  const hybrid = { asymmetric: false, weightsThenData: false };
  const g = conv3dTransposeGeometry(op);
  return emitDirect({ ...layer, hybrid }, g, swapWeights(op, g, ctx), ctx);
}

export const directEmitters: EmitterTable<Conv3dFamily & ConvTransposeFamily> = {
  'nn.conv3d': emitConv3d,
  'nn.conv3d_transpose': emitConv3dTransposed,
  'nn.conv2d_transpose': emitTransposed,
};
