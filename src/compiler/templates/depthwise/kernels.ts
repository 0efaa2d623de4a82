/** Records of the kernels of native/kernels/depthwise*.h, by name. */
import type { Target } from '../../targets/target.ts';
import type { Operands } from '../workload.ts';
import type { DepthwiseWorkload } from './workload.ts';

/** The record of a kernel: all its facts except the code. */
export interface DepthwiseKernel {
  /** File of native/kernels. */
  readonly header: string;
  readonly needs: { readonly arch?: Target['arch']; readonly dotprod?: boolean };
  readonly exactFor: readonly Operands[];
  /** Channels per block; a layer has at least as many. null: any number, and any depth multiplier. */
  readonly block: number | null;
  /** Largest number of taps: loops over taps are unrolled. */
  readonly mostTaps: number;
  /** Why it cannot compute a window, as a clause; null if it can. */
  readonly window?: (w: DepthwiseWorkload) => string | null;
  /** Pixels per step: at least `least`; at most `held` or `loaded`, with the weights held in registers or loaded at each use. */
  readonly pixels: { readonly least: number; readonly held: number; readonly loaded: number };
  /** Largest number of taps whose weights are held in registers. */
  readonly heldTaps: number;
  /** Whether each step loads the bias again. */
  readonly reload: 'always' | 'never' | 'either';
  /** Whether it multiplies int8 by int8: uint8 data as x - 128, weights beyond int8 split into two. */
  readonly signed: boolean;
  /** Entries of a ring row: a pixel, or four adjacent pixels. */
  readonly ring: 'pixels' | 'quads';
  /** Vector instructions per 16 outputs, without requantization. */
  readonly instructions: (w: DepthwiseWorkload) => number;
}

const EIGHT_BITS: readonly Operands[] = ['int8', 'int8-full', 'uint8-offset', 'uint8-full', 'int8-wide'];
/** Operands whose weights are int8 or a sum of two int8. */
const INT8_SUMS: readonly Operands[] = ['int8', 'int8-full', 'uint8-offset'];

/** Of kernels with as many instructions, the one that takes fewer registers: `dot`, then `pairs`, then `wide`. */
const MORE_REGISTERS = 0.25;

export const tapsOf = ({ kernel }: Pick<DepthwiseWorkload, 'kernel'>): number => kernel[0] * kernel[1];

/** Quads per kernel row that `dot` reads; with stride 1, two outputs share them. */
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

/** SMLAL on 16-bit operands: weights use twice the registers of int8, and data is widened. */
const wide: DepthwiseKernel = {
  ...{ header: 'depthwise_wide.h', needs: { arch: 'aarch64' }, exactFor: EIGHT_BITS },
  ...{ block: 8, mostTaps: 128, pixels: { least: 1, held: 2, loaded: 1 }, heldTaps: 9 },
  ...{ reload: 'either', signed: false, ring: 'pixels' },
  instructions: (w) => 4 * tapsOf(w) + 2 * MORE_REGISTERS,
};

/** SMULL and SMLAL to 16 bits, then SADDW; `cuts` has 64 bits, for at most two products per tap. */
const pairs: DepthwiseKernel = {
  ...{ header: 'depthwise_pairs.h', needs: { arch: 'aarch64' }, exactFor: INT8_SUMS },
  ...{ block: 8, mostTaps: 32, pixels: { least: 1, held: 4, loaded: 2 }, heldTaps: 9 },
  // There are no registers left for the bias.
  ...{ reload: 'always', signed: true, ring: 'pixels' },
  instructions: (w) => 4 * tapsOf(w) + MORE_REGISTERS,
};

/** SDOT, four taps per instruction. */
const dot: DepthwiseKernel = {
  ...{ header: 'depthwise_dot.h', needs: { arch: 'aarch64', dotprod: true } },
  ...{ exactFor: INT8_SUMS, block: 8, mostTaps: 128, pixels: { least: 2, held: 2, loaded: 2 }, heldTaps: 16 },
  ...{ reload: 'always', signed: true, ring: 'quads' },
  window: ({ strides, dilation }) =>
    strides[1] <= 2 && dilation[1] === 1 ? null : 'quads of pixels need a stride of 1 or 2, undilated',
  // SDOT; ZIP1 and ZIP2 for rows written to the ring.
  instructions: (w) => 4 * w.kernel[0] * dotQuads(w) + 5 * w.strides[1] * Math.min(w.strides[0], w.kernel[0]),
};

export const DEPTHWISE_KERNELS = { portable, f32, wide, pairs, dot } as const;

export type DepthwiseKernelName = keyof typeof DEPTHWISE_KERNELS;
export const DEPTHWISE_KERNEL_NAMES = Object.keys(DEPTHWISE_KERNELS) as [DepthwiseKernelName, ...DepthwiseKernelName[]];

/** The record of a kernel. */
export const kernelOf = (name: DepthwiseKernelName): DepthwiseKernel => DEPTHWISE_KERNELS[name];
