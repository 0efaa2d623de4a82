/** Instances of the depthwise templates (native/kernels/depthwise.h). */
import type { Tensor } from '../../../model/ir/graph.ts';
import type { Activation } from '../../../model/ops/attrs.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { type DepthwiseWorkload, operandsOf, packDepthwise, type Weights } from '../../schedules/index.ts';
import { type Emission, type EmitContext, scheduleFor } from '../emitter.ts';
import {
  cDescription,
  epilogueFields,
  type Fields,
  floatClamp,
  integers,
  type Layout,
  type Requantization,
} from './epilogue.ts';
import type { ConvShape } from './gemm.ts';

/** A depthwise convolution, 8 bits or float, with constant weights. */
export interface DepthwiseLayer {
  readonly data: Tensor;
  readonly output: Tensor;
  /** [taps][output channels] row-major. */
  readonly weights: Weights;
  readonly shape: ConvShape;
  readonly batch: number;
  readonly multiplier: number;
  readonly activation: Activation;
  readonly requantization: Requantization | null;
}

/** Rows of a kernel that the template takes: DEPTHWISE_ROWS of depthwise.h. */
export const MAX_KERNEL_ROWS = 64;

/**
 * Whether each row of the result ends before the rows of the data begin that are not in the ring yet: the result may lie
 * over the data then. Output row y is written when rows below y * stride + seen - pad_top are in the ring.
 */
const staysBehind = (s: ConvShape, multiplier: number): boolean =>
  multiplier === 1 && s.out_w <= s.in_w && s.out_h <= s.in_h && s.pad_top <= (s.kernel_h - 1) * s.dilation_h;

/** The C of a layer. */
export function emitDepthwise(layer: DepthwiseLayer, ctx: EmitContext): Emission {
  const { shape: s, data, output, multiplier, activation, requantization } = layer;
  const workload: DepthwiseWorkload = {
    op: 'nn.depthwise_conv2d',
    operands: operandsOf(layer.weights.data, layer.weights.zeroPoint),
    unsigned: data.dtype === 'uint8',
    channels: s.channels,
    multiplier,
    out: [s.out_h, s.out_w],
    kernel: [s.kernel_h, s.kernel_w],
    strides: [s.stride_h, s.stride_w],
    dilation: [s.dilation_h, s.dilation_w],
  };
  const schedule = scheduleFor(workload, ctx);
  const float = requantization === null;
  const zeroPoint = float ? 0 : parameters(data).zeroPoint;
  const outs = s.channels * multiplier;
  const packed = packDepthwise(layer.weights, schedule.kernel, outs, zeroPoint);
  const bias = ctx.constant(packed.bias);
  const layout: Layout = (valueAt) => Array.from({ length: outs }, (_, c) => valueAt(c));
  const seenWidth = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  const seenHeight = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  const padded = s.pad_top > 0 || s.pad_left > 0 || seenWidth > s.in_w || seenHeight > s.in_h;
  const ringRows = (s.kernel_h - 1) * s.dilation_h + 1;
  const { groups: _, ...window } = s;
  const fields: Fields = {
    kernel: `DEPTHWISE_${schedule.kernel.toUpperCase()}`,
    ...integers({
      ...{ ...window, batch: layer.batch, multiplier, padded, ring_w: seenWidth, pixels: schedule.pixels },
      ...{ is_float: float, fill: zeroPoint & 255 },
    }),
    weights: ctx.constant(packed.weights),
    ...(requantization === null
      ? { bias, ...floatClamp(activation) }
      : epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout }, ctx)),
  };
  const ring = padded ? ctx.scratch(ringRows * seenWidth * s.channels * itemSize(data.dtype)) : 'NULL';
  return {
    includes: ['depthwise.h'],
    body: `${cDescription('depthwise', 'd', fields)}depthwise_run(&d, ${ctx.input(0)}, ${ring}, ${ctx.output(0)});\n`,
    inPlace: padded && staysBehind(s, multiplier) ? [0] : [],
  };
}
