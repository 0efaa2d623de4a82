/** The kernels of native/kernels/depthwise.h by the names that schedules give them. */
import type { Target } from '../../targets/target.ts';
import type { Operands } from '../workload.ts';
import type { DepthwiseWorkload } from './workload.ts';

/** What the template needs to know of a kernel. */
export interface DepthwiseKernel {
  /** File of native/kernels. */
  readonly header: string;
  readonly needs: { readonly arch?: Target['arch']; readonly dotprod?: boolean };
  readonly exactFor: readonly Operands[];
  /** Channels of a block: a layer has no fewer. null: any, and any depth multiplier. */
  readonly block: number | null;
  /** Taps of a kernel: loops are unrolled over them. */
  readonly mostTaps: number;
  /** Why it cannot slide a window, as a clause. */
  readonly window?: (w: DepthwiseWorkload) => string | null;
  /** Pixels of a step: as many as `least`, and no more than the registers hold, whether they hold the taps' weights or not. */
  readonly pixels: { readonly least: number; readonly held: number; readonly loaded: number };
  /** Taps whose weights the registers hold. */
  readonly heldTaps: number;
  /** Whether each step loads the bias again. */
  readonly reload: 'always' | 'never' | 'either';
  /** Whether it multiplies int8 by int8: unsigned data less 128, weights beyond int8 as sums of two. */
  readonly signed: boolean;
  /** What a ring's row holds of each channel: a pixel, or four neighbours. */
  readonly ring: 'pixels' | 'quads';
  /** Vector instructions for 16 outputs, without requantization. */
  readonly instructions: (w: DepthwiseWorkload) => number;
}

const EIGHT_BITS: readonly Operands[] = ['int8', 'int8-full', 'uint8-offset', 'uint8-full', 'int8-wide'];
/** Operands whose weights are int8 or the sum of two. */
const INT8_SUMS: readonly Operands[] = ['int8', 'int8-full', 'uint8-offset'];

/** Of kernels with as many instructions, the one that takes fewer registers: `dot`, then `pairs`, then `wide`. */
const MORE_REGISTERS = 0.25;

export const tapsOf = ({ kernel }: Pick<DepthwiseWorkload, 'kernel'>): number => kernel[0] * kernel[1];

/** Quads of pixels that `dot` reads along a row of the kernel: with stride 1, two outputs share them. */
export const dotQuads = ({ kernel, strides }: Pick<DepthwiseWorkload, 'kernel' | 'strides'>): number =>
  Math.ceil((kernel[1] + (strides[1] === 1 ? 1 : 0)) / 4);

const portable: DepthwiseKernel = {
  ...{ header: 'depthwise_portable.h', needs: {}, exactFor: ['float32', ...EIGHT_BITS] },
  ...{ block: null, mostTaps: Number.POSITIVE_INFINITY, pixels: { least: 1, held: 1, loaded: 1 }, heldTaps: 0 },
  ...{ reload: 'never', signed: false, ring: 'pixels' },
  instructions: (w) => 16 * 3 * tapsOf(w),
};

/** FMLA. */
const f32: DepthwiseKernel = {
  ...{ header: 'depthwise_f32.h', needs: { arch: 'aarch64' }, exactFor: ['float32'] },
  ...{ block: 4, mostTaps: 128, pixels: { least: 1, held: 8, loaded: 8 }, heldTaps: 12 },
  ...{ reload: 'either', signed: false, ring: 'pixels' },
  instructions: (w) => 4 * tapsOf(w),
};

/** SMLAL on 16 bits: weights take two registers for each of int8, data is widened beside. */
const wide: DepthwiseKernel = {
  ...{ header: 'depthwise_wide.h', needs: { arch: 'aarch64' }, exactFor: EIGHT_BITS },
  ...{ block: 8, mostTaps: 128, pixels: { least: 1, held: 2, loaded: 1 }, heldTaps: 9 },
  ...{ reload: 'either', signed: false, ring: 'pixels' },
  instructions: (w) => 4 * tapsOf(w) + 2 * MORE_REGISTERS,
};

/** SMULL and SMLAL to 16 bits, widened; a bit in 64 for each of at most two products of a tap. */
const pairs: DepthwiseKernel = {
  ...{ header: 'depthwise_pairs.h', needs: { arch: 'aarch64' }, exactFor: INT8_SUMS },
  ...{ block: 8, mostTaps: 32, pixels: { least: 1, held: 4, loaded: 2 }, heldTaps: 9 },
  // The registers are full without the bias.
  ...{ reload: 'always', signed: true, ring: 'pixels' },
  instructions: (w) => 4 * tapsOf(w) + MORE_REGISTERS,
};

/** SDOT. */
const dot: DepthwiseKernel = {
  ...{ header: 'depthwise_dot.h', needs: { arch: 'aarch64', dotprod: true } },
  ...{ exactFor: INT8_SUMS, block: 8, mostTaps: 128, pixels: { least: 2, held: 2, loaded: 2 }, heldTaps: 16 },
  ...{ reload: 'always', signed: true, ring: 'quads' },
  window: ({ strides, dilation }) =>
    strides[1] <= 2 && dilation[1] === 1 ? null : 'quads of pixels need a stride of 1 or 2, undilated',
  // SDOT, and ZIP1 and ZIP2 of the rows that come into the ring.
  instructions: (w) => 4 * w.kernel[0] * dotQuads(w) + 5 * w.strides[1] * Math.min(w.strides[0], w.kernel[0]),
};

export const DEPTHWISE_KERNELS = { portable, f32, wide, pairs, dot } as const;

export type DepthwiseKernelName = keyof typeof DEPTHWISE_KERNELS;
export const DEPTHWISE_KERNEL_NAMES = Object.keys(DEPTHWISE_KERNELS) as [DepthwiseKernelName, ...DepthwiseKernelName[]];

/** The record of a kernel. */
export const kernelOf = (name: DepthwiseKernelName): DepthwiseKernel => DEPTHWISE_KERNELS[name];
