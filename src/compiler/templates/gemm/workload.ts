/** Workloads of the matrix multiplication template: C[m][n] = A[m][k] · W[k][n], `groups` times. */

import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import type { HW } from '../../../model/ops/attrs.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { keyOf, type Operands } from '../workload.ts';

/** What decides which schedules are legal and how fast they are, without data. */
export interface GemmKey {
  readonly op: 'nn.conv2d' | 'nn.dense' | 'nn.batch_matmul';
  readonly data: 'float32' | 'int8' | 'uint8';
  /** Constants are packed when compiling; of other right matrices it may be known that none reaches -128. */
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
  /** Whether the rows of A come padded to what the kernel loads. */
  readonly paddedRows: boolean;
  /** What becomes of accumulators: a clamp, int32 sums, `round(acc · factor)` in double, or a profile's fixed point. */
  readonly epilogue: 'float' | 'sums' | 'double' | Profile;
  /** Parts that steps of the outer loop are shared out to. */
  readonly threads: number;
}

export interface GemmWorkload extends GemmKey {
  /** What the weights themselves say: no part of the key. */
  readonly weights: {
    readonly operands: Operands;
    /** Where a kernel with `sums16` may take them. */
    readonly kSums?: KSumCounts;
  };
}

/** Sums of K-blocks in 16 bits that a panel of eight columns takes on average. */
export interface KSumCounts {
  /** By the number of blocks that a sum may have. */
  readonly 1: number;
  readonly 2: number;
  readonly 4: number;
  /** Of two blocks where two fit together, and of one. */
  readonly mixed: { readonly pairs: number; readonly singles: number };
}

/** The key of a workload's records. */
export function keyOfGemm({ weights: _, ...key }: GemmWorkload): string {
  return keyOf('gemm', { ...key });
}

/** k: elements of a row of A. */
export const depthOf = ({ kernel, channels, groups }: GemmKey): number => kernel[0] * kernel[1] * (channels / groups);
/** k as a kernel packs it. */
export const packedDepth = (w: GemmKey, unit: number): number => Math.ceil(depthOf(w) / unit) * unit;
/** Rows of A of an image. */
export const pixelsOf = ({ output }: GemmKey): number => output[0] * output[1];
/** m: rows of A. */
export const rowsOf = (w: GemmKey): number => w.images * pixelsOf(w);
/** Bytes of an element of A. */
export const itemOf = ({ data }: GemmKey): number => itemSize(data);

/** Whether each row of A is a pixel of the input as it lies there. */
export const isPointwise = ({ input, output, kernel, strides, padding, groups }: GemmKey): boolean =>
  groups === 1 &&
  [...kernel, ...strides].every((extent) => extent === 1) &&
  [...padding].every((extent) => extent === 0) &&
  input.every((extent, i) => extent === output[i]);
