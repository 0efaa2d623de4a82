/** Layers → workloads. */
import { parameters } from '../../../model/ops/checks.ts';
import type { DepthwiseLayer, Weights } from '../../lower/layers.ts';
import type { BuildSettings } from '../template.ts';
import { type Operands, operandsOf } from '../workload.ts';
import { foldedBias } from './pack.ts';
import { suitsIssueOrder, twoStepBlocks } from './two_step_blocks.ts';
import type { DepthwiseKey, DepthwiseWorkload } from './workload.ts';

/** The workload of a layer. */
export function depthwiseWorkload(
  layer: DepthwiseLayer,
  { target, profile, threads }: BuildSettings,
): DepthwiseWorkload {
  const { shape: s, data, requantization } = layer;
  const operands = depthwiseOperands(layer.weights);
  const key: DepthwiseKey = {
    ...{ op: 'nn.depthwise_conv2d', data: data.dtype as DepthwiseKey['data'], images: layer.batch },
    ...{ input: [s.in_h, s.in_w], channels: s.channels, multiplier: layer.multiplier, output: [s.out_h, s.out_w] },
    ...{ kernel: [s.kernel_h, s.kernel_w], strides: [s.stride_h, s.stride_w], dilation: [s.dilation_h, s.dilation_w] },
    ...{ padding: [s.pad_top, s.pad_left], epilogue: requantization === null ? 'float' : profile, threads },
  };
  const ordered = target.arch === 'aarch64' && target.core.inOrder && suitsIssueOrder(key, operands);
  const twoStep = ordered
    ? twoStepBlocks(layer, foldedBias(layer.weights, key, 'pairs', parameters(data).zeroPoint), profile)
    : null;
  return { ...key, weights: { operands, twoStep } };
}

/** As `operandsOf`, for kernels that split a weight beyond int8 into two; `uint8-full` if two do not suffice. */
export function depthwiseOperands({ data, zeroPoint }: Weights): Operands {
  const operands = operandsOf(data, zeroPoint);
  return operands === 'uint8-offset' && data.some((w) => w - zeroPoint > 2 * 127) ? 'uint8-full' : operands;
}
