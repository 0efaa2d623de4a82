/** Workloads of the depthwise template. */

import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { HW } from '../../../model/ops/attrs.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { TwoStep } from '../epilogue/proofs/two_step.ts';
import { keyOf, type Operands } from '../workload.ts';

/** Everything but data that determines which schedules are legal, and their cycles. */
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
  /** Float clamp, or a profile's requantization. */
  readonly epilogue: 'float' | Profile;
  /** Parts that the outer loop is split into. */
  readonly threads: number;
}

export interface DepthwiseWorkload extends DepthwiseKey {
  /** Properties of the weights; not in the key. */
  readonly weights: {
    readonly operands: Operands;
    /** Constants of two-step requantization; null: none for this target or window. */
    readonly twoStep: TwoStepBlocks | null;
  };
}

/** A channel: two-step constants; weights in the order of multiplication, clamped to int8, and the rests beyond int8. */
export interface OrderedChannel extends TwoStep {
  readonly weights: readonly number[];
  readonly rests: readonly number[];
}

export interface TwoStepBlocks {
  /** Channels by block; null: no constants. */
  readonly blocks: readonly (readonly OrderedChannel[] | null)[];
  /** Whether all blocks have them. */
  readonly complete: boolean;
}

/** The key of a workload's records. */
export function keyOfDepthwise({ weights: _, ...key }: DepthwiseWorkload): string {
  return keyOf('depthwise', { ...key });
}

/** Bytes of an element of data and of results. */
export const itemOf = ({ data }: DepthwiseKey): number => itemSize(data);
/** Output channels. */
export const outputsOf = ({ channels, multiplier }: DepthwiseKey): number => channels * multiplier;
