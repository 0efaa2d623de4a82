/** Workloads of the depthwise template. */

import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { HW } from '../../../model/ops/attrs.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { DepthwiseLayer, Weights } from '../../lower/layers.ts';

import type { BuildSettings } from '../template.ts';
import { keyOf, type Operands, operandsOf } from '../workload.ts';
import { foldedBias } from './pack.ts';
import { suitsIssueOrder, type TwoStepBlocks, twoStepBlocks } from './two_step_blocks.ts';

/** What decides which schedules are legal and how fast they are, without data. */
export interface DepthwiseKey {
  readonly op: 'nn.depthwise_conv2d';
  readonly data: 'float32' | 'int8' | 'uint8';
  readonly images: number;
  readonly input: HW;
  readonly channels: number;
  /** Output channels of each input channel. */
  readonly multiplier: number;
  readonly output: HW;
  readonly kernel: HW;
  readonly strides: HW;
  readonly dilation: HW;
  /** Above and to the left. */
  readonly padding: HW;
  /** What becomes of accumulators: a clamp, or a profile's fixed point. */
  readonly epilogue: 'float' | Profile;
  /** Parts that steps of the outer loop are shared out to. */
  readonly threads: number;
}

export interface DepthwiseWorkload extends DepthwiseKey {
  /** What the weights themselves say: no part of the key. */
  readonly weights: {
    readonly operands: Operands;
    /** The constants of issue order; null where the target or the window has none. */
    readonly twoStep: TwoStepBlocks | null;
  };
}

/** The key of a workload's records. */
export function keyOfDepthwise({ weights: _, ...key }: DepthwiseWorkload): string {
  return keyOf('depthwise', { ...key });
}

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

/** As `operandsOf`, for kernels that take a weight beyond int8 as the sum of two: where that will not do, `uint8-full`. */
export function depthwiseOperands({ data, zeroPoint }: Weights): Operands {
  const operands = operandsOf(data, zeroPoint);
  return operands === 'uint8-offset' && data.some((w) => w - zeroPoint > 2 * 127) ? 'uint8-full' : operands;
}

/** Bytes of an element of data and of results. */
export const itemOf = ({ data }: DepthwiseKey): number => itemSize(data);
/** Output channels. */
export const outputsOf = ({ channels, multiplier }: DepthwiseKey): number => channels * multiplier;
