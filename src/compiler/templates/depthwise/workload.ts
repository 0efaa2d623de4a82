/** Workloads of the depthwise template. */

import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { HW } from '../../../model/ops/attrs.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { TwoStep } from '../epilogue/proofs/two_step.ts';
import { keyOf, type Operands } from '../workload.ts';

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

/** One channel: its two-step scaling, its weights in the order of multiplication, and what they lack beyond int8. */
export interface OrderedChannel extends TwoStep {
  readonly weights: readonly number[];
  readonly rests: readonly number[];
}

export interface TwoStepBlocks {
  /** Channels by block; null for a block that has no such constants. */
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
