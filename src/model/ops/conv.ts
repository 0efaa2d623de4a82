import type { Activation } from '../arithmetic/activation.ts';
import { quantizeBatches } from '../arithmetic/hybrid.ts';
import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { HW, Padding, Pads } from './attrs.ts';
import { dataOf, defineOp, firstProblems, operand, parameters, rankIs } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { convolve, type Geometry } from './shared/convolve.ts';
import {
  type BiasType,
  centered,
  checkActivation,
  checkForm,
  checkWeightedQuantization,
  type Finish,
  floatFinish,
  integerFinish,
  isWide,
  weightedForm,
} from './shared/weights.ts';
import { checkWindow, type Window, windowExtents } from './shared/window.ts';

export interface Conv2dAttrs extends BiasType {
  /** What the file says, or explicit extents once a pass has folded a pad operator in. */
  readonly padding: Padding | Pads;
  readonly strides: HW;
  readonly dilation: HW;
  readonly activation: Activation;
}
export interface DepthwiseConv2dAttrs extends Conv2dAttrs {
  /** What the file says; runtimes go by the shapes, see `channelMultiplier`. */
  readonly depthMultiplier: number;
}

export interface ConvFamily {
  /** data NHWC, kernel OHWI, optional bias [O]. TFLite CONV_2D; groups where I divides C. */
  'nn.conv2d': Conv2dAttrs;
  /** data NHWC, kernel 1HWC·M, optional bias. TFLite DEPTHWISE_CONV_2D. */
  'nn.depthwise_conv2d': DepthwiseConv2dAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends ConvFamily {}
}

type ConvKind = keyof ConvFamily;

/** The window that a convolution slides: its kernel is the middle of the weights' shape. */
export const convWindow = (op: OpView<ConvKind>): Window => ({
  ...op.attrs,
  kernel: [operand(op, 1).shape[1], operand(op, 1).shape[2]],
});

/** How many output channels each input channel has. Source: Prepare (depthwise_conv.cc), which overlooks the option. */
export const channelMultiplier = (op: OpView<'nn.depthwise_conv2d'>): number =>
  operand(op, 1).shape[3] / operand(op, 0).shape[3];

function outputShape(op: OpView<ConvKind>, channels: number): number[] {
  const [h, w] = windowExtents(operand(op, 0), convWindow(op));
  return [operand(op, 0).shape[0], h.out, w.out, channels];
}

function commonChecks(op: OpView<ConvKind>, channelAxis: number, channelsAgree: () => string | false): string[] {
  const [data, kernel] = [operand(op, 0), operand(op, 1)];
  return firstProblems(
    () => [rankIs(data, 'the input', 4), rankIs(kernel, 'the kernel', 4)],
    () => [channelsAgree(), ...checkWindow(data, convWindow(op))],
    () => [...checkForm(op, kernel.shape[channelAxis]), checkActivation(op.attrs.activation)],
    () => checkWeightedQuantization(op, channelAxis),
  );
}

function geometry(op: EvalView<ConvKind>, multiplier: number | null): Geometry {
  const [data, kernel] = [operand(op, 0), operand(op, 1)];
  const [h, w] = windowExtents(data, convWindow(op));
  return {
    batches: data.shape[0],
    height: data.shape[1],
    width: data.shape[2],
    channels: data.shape[3],
    outHeight: h.out,
    outWidth: w.out,
    outChannels: op.outputs[0].shape[3],
    kernel: [kernel.shape[1], kernel.shape[2]],
    strides: op.attrs.strides,
    dilation: op.attrs.dilation,
    top: h.before,
    left: w.before,
    groups: multiplier === null ? data.shape[3] / kernel.shape[3] : data.shape[3],
    depthwise: multiplier,
  };
}

/** Whether some channel's weights have another scale than the first's. */
export const scalesDiffer = (weights: Tensor): boolean =>
  weights.quantization!.scales.some((s) => s !== weights.quantization!.scales[0]);

/**
 * Integer weights, float data. CONV_2D with one scale (or equal ones) quantizes the data symmetrically; all else is
 * asymmetric. Each batch has its own scale; DEPTHWISE_CONV_2D multiplies it with the weights' first. Source: conv.cc, depthwise_conv.cc (EvalHybrid, EvalHybridPerChannel).
 */
function evaluateHybrid(op: EvalView<ConvKind>, g: Geometry, out: Float32Array): void {
  const weights = operand(op, 1);
  const perChannel = g.depthwise !== null || g.groups > 1 || scalesDiffer(weights);
  const q = quantizeBatches(dataOf<Float32Array>(op, 0), g.batches, perChannel);
  const scales = weights.quantization!.scales;
  const finish = floatFinish(op.data[2], op.attrs.activation);
  const perBatch = q.scales.map((scale): Finish => {
    const whole = Math.fround(scale * scales[0]);
    if (!perChannel) return (acc, c) => finish(Math.fround(Math.fround(acc) * whole), c);
    const of = (c: number) => scales[scales.length === 1 ? 0 : c];
    if (g.depthwise !== null) return (acc, c) => finish(Math.fround(Math.fround(acc) * Math.fround(of(c) * scale)), c);
    return (acc, c) => finish(Math.fround(Math.fround(Math.fround(acc) * of(c)) * scale), c);
  });
  convolve(g, centered(q.values, q.offsets), centered(op.data[1]!, [0]), false, (b) => perBatch[b], out);
}

function evaluate(op: EvalView<ConvKind>, multiplier: number | null): TensorData[] {
  const [data, weights, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const out = allocate(output.dtype, elements(output.shape));
  const g = geometry(op, multiplier);
  if (out.length === 0) return [out];
  switch (weightedForm(data, weights)!) {
    case 'float': {
      const finish = floatFinish(op.data[2], op.attrs.activation);
      convolve(g, dataOf<Float32Array>(op, 0), dataOf<Float32Array>(op, 1), false, () => finish, out as Float32Array);
      break;
    }
    case 'hybrid':
      evaluateHybrid(op, g, out as Float32Array);
      break;
    case 'integer': {
      const finish = integerFinish(op, op.attrs.activation, g.outChannels);
      const x = centered(op.data[0]!, [parameters(data).zeroPoint]);
      const w = centered(op.data[1]!, [parameters(weights).zeroPoint]);
      convolve(g, x, w, isWide(data, op.inputs[2], op.attrs), () => finish, out as Int8Array);
    }
  }
  return [out];
}

export const convOps: OpTable<ConvFamily> = {
  'nn.conv2d': defineOp({
    arity: { inputs: [2, 3], outputs: [1, 1] },
    operandNames: ['input', 'kernel'],
    macs: (op) => elements(op.outputs[0].shape) * elements(operand(op, 1).shape.slice(1)),
    check: (op) =>
      commonChecks(op, 0, () => {
        const [channels, per, out] = [operand(op, 0).shape[3], operand(op, 1).shape[3], operand(op, 1).shape[0]];
        if (out < 1) return 'the kernel has no output channels';
        if (per < 1 || channels < 1 || channels % per !== 0) {
          return `the kernel's ${per} input channels do not divide the input's ${channels}`;
        }
        const groups = channels / per;
        return out % groups !== 0 && `${out} output channels do not divide into ${groups} groups`;
      }),
    shapes: (op) => [outputShape(op, operand(op, 1).shape[0])],
    evaluate: (op) => evaluate(op, null),
  }),
  'nn.depthwise_conv2d': defineOp({
    arity: { inputs: [2, 3], outputs: [1, 1] },
    operandNames: ['input', 'kernel'],
    macs: (op) => elements(op.outputs[0].shape) * elements(operand(op, 1).shape.slice(1, 3)),
    check: (op) =>
      commonChecks(op, 3, () => {
        const [channels, one, out] = [operand(op, 0).shape[3], operand(op, 1).shape[0], operand(op, 1).shape[3]];
        if (one !== 1) return `the kernel's first dimension is ${one}, must be 1`;
        if (channels < 1 || out % channels !== 0)
          return `the kernel's ${out} channels are no multiple of the input's ${channels}`;
        return out < 1 && 'the kernel has no output channels';
      }),
    shapes: (op) => [outputShape(op, operand(op, 1).shape[3])],
    evaluate: (op) => evaluate(op, channelMultiplier(op)),
  }),
};
