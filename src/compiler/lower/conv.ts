/** CONV_2D and DEPTHWISE_CONV_2D. */
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import { operand } from '../../model/ops/checks.ts';
import { type ConvFamily, channelMultiplier, convWindow, scalesDiffer } from '../../model/ops/conv.ts';
import type { OpView } from '../../model/ops/definition.ts';
import { convFactors, weightedForm } from '../../model/ops/shared/weights.ts';
import { windowExtents } from '../../model/ops/shared/window.ts';
import { elements } from '../../model/tensor/shape.ts';
import { type ConvShape, type Layer, MAX_KERNEL_ROWS, type Requantization } from './layers.ts';
import type { LoweringTable } from './lowering.ts';
import { constantWeights, isConstant, isInt8Constant, transposeHwo } from './weights.ts';

type ConvOp = OpView<keyof ConvFamily>;

function shapeOf(op: ConvOp): ConvShape {
  const [, in_h, in_w, channels] = operand(op, 0).shape;
  const { kernel, strides, dilation } = convWindow(op);
  const [h, w] = windowExtents(operand(op, 0), convWindow(op));
  return {
    ...{ in_h, in_w, channels, out_h: h.out, out_w: w.out, kernel_h: kernel[0], kernel_w: kernel[1] },
    ...{ stride_h: strides[0], stride_w: strides[1], dilation_h: dilation[0], dilation_w: dilation[1] },
    ...{ pad_top: h.before, pad_left: w.before },
    groups: op.kind === 'nn.conv2d' ? channels / operand(op, 1).shape[3] : 1,
  };
}

/** Constant weights, float or 8 bits, use GEMM or depthwise templates. multiplier: depth multiplier; 0: CONV_2D. */
function lowerConv(op: ConvOp, multiplier: number, profile: Profile): Layer | null {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  if (elements(output.shape) === 0) return null;
  const form = weightedForm(data, weights)!;
  if (form === 'hybrid') return lowerHybrid(op, multiplier, profile);
  const shape = shapeOf(op);
  const tooHigh = multiplier > 0 && shape.kernel_h > MAX_KERNEL_ROWS;
  if (!isConstant(weights, bias) || data.dtype === 'int16' || tooHigh) return lowerReference(op, multiplier, profile);
  const { activation } = op.attrs;
  const batch = data.shape[0];
  const requantization = requantizationOf(op, profile);
  const values = constantWeights(weights, bias);
  // A depthwise convolution of one input channel is a CONV_2D.
  if (multiplier > 0 && shape.channels > 1)
    return {
      kind: 'depthwise',
      ...{ data, output, weights: values, shape: asRow(shape), batch, multiplier, activation, requantization },
    };
  const columns = output.shape[3];
  return {
    ...{ kind: 'gemm', op: 'nn.conv2d', data, output, shape, m: batch * shape.out_h * shape.out_w, columns },
    weights: multiplier > 0 ? { ...values, data: transposeHwo(values.data, columns) } : values,
    ...{ activation, requantization },
  };
}

/** A shape of width 1 as a row: the memory layout is the same, and depthwise kernels run along rows. */
function asRow(s: ConvShape): ConvShape {
  if (s.in_w !== 1 || s.out_w !== 1 || s.kernel_w !== 1 || s.pad_left !== 0) return s;
  return {
    ...{ in_h: 1, in_w: s.in_h, channels: s.channels, out_h: 1, out_w: s.out_h, kernel_h: 1, kernel_w: s.kernel_h },
    ...{ stride_h: 1, stride_w: s.stride_h, dilation_h: 1, dilation_w: s.dilation_h, pad_top: 0, pad_left: s.pad_top },
    groups: s.groups,
  };
}

function requantizationOf(op: ConvOp, profile: Profile): Requantization | null {
  const [data, weights, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  return weightedForm(data, weights) === 'integer'
    ? { factors: convFactors(data, weights, output, profile), inDouble: false }
    : null;
}

/** As `evaluateHybrid` of model/ops/conv.ts. */
function hybridScaling(op: ConvOp, multiplier: number, groups: number) {
  const perChannel = multiplier > 0 || groups > 1 || scalesDiffer(operand(op, 1));
  return { asymmetric: perChannel, weightsThenData: perChannel && multiplier === 0 };
}

function lowerHybrid(op: ConvOp, multiplier: number, profile: Profile): Layer {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  if (multiplier > 1 || !isInt8Constant(weights)) return lowerReference(op, multiplier, profile);
  const shape = shapeOf(op);
  const layer = {
    ...{ data, weights, bias, output, shape, batch: data.shape[0], outs: output.shape[3] },
    ...{ activation: op.attrs.activation, hybrid: hybridScaling(op, multiplier, shape.groups) },
  };
  return multiplier === 0 ? { kind: 'hybrid_gemm', op: 'nn.conv2d', ...layer } : { kind: 'hybrid_depthwise', ...layer };
}

function lowerReference(op: ConvOp, multiplier: number, profile: Profile): Layer {
  const [data, weights, output, bias] = [operand(op, 0), operand(op, 1), op.outputs[0], op.inputs[2] ?? null];
  const hybrid = weightedForm(data, weights) === 'hybrid';
  const shape = shapeOf(op);
  return {
    ...{ kind: 'reference_conv', data, weights, bias, output, operands: { data: 0, weights: 1, bias: 2 } },
    ...{ shape, batch: data.shape[0], outs: output.shape[3], multiplier },
    ...{ activation: op.attrs.activation, requantization: requantizationOf(op, profile), biasType: op.attrs.biasType },
    hybrid: hybrid ? hybridScaling(op, multiplier, shape.groups) : { asymmetric: false, weightsThenData: false },
  };
}

export const convLowerings: LoweringTable<ConvFamily> = {
  'nn.conv2d': (op, profile) => lowerConv(op, 0, profile),
  'nn.depthwise_conv2d': (op, profile) => lowerConv(op, channelMultiplier(op), profile),
};
