/** Workloads of the matrix multiplication template: C[m][n] = A[m][k] · W[k][n], `groups` times. */

import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { HW } from '../../../model/ops/attrs.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { keyOf, type Operands } from '../workload.ts';

/** Everything but data that determines which schedules are legal, and their cycles. */
export interface GemmKey {
  readonly op: 'nn.conv2d' | 'nn.dense' | 'nn.batch_matmul';
  readonly data: 'float32' | 'int8' | 'uint8';
  /** constant: packed when compiling; narrow: never -128. */
  readonly right: 'constant' | 'any' | 'narrow';
  readonly images: number;
  readonly input: HW;
  /** Channels of all groups. */
  readonly channels: number;
  readonly output: HW;
  readonly kernel: HW;
  readonly strides: HW;
  readonly dilation: HW;
  /** Above and to the left. */
  readonly padding: HW;
  readonly groups: number;
  /** Columns of a group. */
  readonly n: number;
  /** Whether rows of A are readable up to packed_k. */
  readonly paddedRows: boolean;
  /** Float clamp; int32 accumulators; `round(acc · factor)` in double; or a profile's requantization. */
  readonly epilogue: 'float' | 'sums' | 'double' | Profile;
  /** Parts that the outer loop is split into. */
  readonly threads: number;
}

export interface GemmWorkload extends GemmKey {
  /** Properties of the weights; not in the key. */
  readonly weights: {
    readonly operands: Operands;
    /** If a kernel with `sums16` may be used. */
    readonly kSums?: KSumCounts;
  };
}

/** K-sums per panel of eight columns, mean over the panels. */
export interface KSumCounts {
  /** By the largest number of K-blocks of a K-sum. */
  readonly 1: number;
  readonly 2: number;
  readonly 4: number;
  /** K-sums of two K-blocks, and of unmatched ones. */
  readonly mixed: { readonly pairs: number; readonly singles: number };
}

/** The key of a workload's records. */
export function keyOfGemm({ weights: _, ...key }: GemmWorkload): string {
  return keyOf('gemm', { ...key });
}

/** k. */
export const depthOf = ({ kernel, channels, groups }: GemmKey): number => kernel[0] * kernel[1] * (channels / groups);
/** packed_k: k rounded up to the kernel's `unit`. */
export const packedDepth = (w: GemmKey, unit: number): number => Math.ceil(depthOf(w) / unit) * unit;
/** Rows of A of an image. */
export const pixelsOf = ({ output }: GemmKey): number => output[0] * output[1];
/** m: rows of A. */
export const rowsOf = (w: GemmKey): number => w.images * pixelsOf(w);
/** Bytes of an element of A. */
export const itemOf = ({ data }: GemmKey): number => itemSize(data);

/** Whether A is the input itself: each row a pixel. */
export const isPointwise = ({ input, output, kernel, strides, padding, groups }: GemmKey): boolean =>
  groups === 1 &&
  [...kernel, ...strides].every((extent) => extent === 1) &&
  [...padding].every((extent) => extent === 0) &&
  input.every((extent, i) => extent === output[i]);
