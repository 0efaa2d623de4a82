import { z } from 'zod';
import { coreOf } from '../../targets/cores.ts';
import type { Target } from '../../targets/target.ts';
import type { ScheduleSpace } from '../template.ts';
import type { DepthwiseWorkload } from '../workload.ts';

/** The kernels of native/kernels/depthwise.h. */
export type DepthwiseKernel = 'portable' | 'wide' | 'pairs' | 'dot' | 'f32';

/** The knobs of the depthwise template. */
export interface DepthwiseSchedule {
  readonly kernel: DepthwiseKernel;
  /** Output rows that a block of channels computes in one go, before the next block loads its weights. */
  readonly rows: number;
  /** Output pixels computed in one step along the row: neighbours share loads. Not more than there are. */
  readonly pixels: number;
  /** Each step loads the bias again: for cores that load beside their arithmetic. */
  readonly reload: boolean;
  /** `pairs`: in issue order where there are constants for it. */
  readonly chains?: boolean;
}

/** The NEON kernels are unrolled over the taps: not beyond this. */
const MAX_TAPS = 128;
/** `pairs` keeps a bit for each of at most two products of a tap in 64. */
const MAX_PAIRS_TAPS = 32;
/** Channels of one block of the NEON kernels. */
const BLOCK = { f32: 4, i8: 8 } as const;
/** Output pixels of one step, at most: more do not fit the registers, of which int16 weights take two for each of int8. */
const MAX_PIXELS = { f32: 8, pairs: 4, wide: 2 } as const;
/** The same where the weights are not held in registers. */
const MANY_TAPS_PIXELS = { pairs: 2, wide: 1 } as const;
/** Taps whose weights the registers hold: DEPTHWISE_HELD of depthwise_i8.h. */
const HELD_TAPS = 9;
/** The same for floats where loads and arithmetic run side by side, so that sharing loads gains nothing more. */
const ENOUGH_PIXELS = 4;
/** Rows of all kernels that are in use at a time, at most: DEPTHWISE_ROWS of depthwise.h. */
const MAX_ROWS = 64;
/** Output pixels after which a block of channels need not go on. */
const PIXELS_PER_BLOCK = 48;
/** The same where a block's constants take longer to load, and its pixels less to compute. */
const PIXELS_PER_CHAIN = 96;

/** Quads of pixels that `dot` reads along a row of the kernel: with stride 1, two outputs share them. */
export const dotQuads = (w: DepthwiseWorkload): number => Math.ceil((w.kernel[1] + (w.strides[1] === 1 ? 1 : 0)) / 4);

/** The step along the row that makes the fewest steps; rather none of a single pixel, which shares nothing. */
function pixelsOf(width: number, most: number): number {
  const cost = (pixels: number): number => Math.ceil(width / pixels) + (width % pixels === 1 ? 0.5 : 0);
  const steps = Array.from({ length: Math.min(most, width) }, (_, i) => i + 1);
  return steps.reduce((best, pixels) => (cost(pixels) <= cost(best) ? pixels : best));
}

/** Output rows in one go: so many that loading a block's constants does not matter beside them, shared out evenly. */
function rowsOf(w: DepthwiseWorkload, pixels = PIXELS_PER_BLOCK): number {
  const most = Math.min(w.out[0], Math.floor(MAX_ROWS / w.kernel[0]));
  const rows = Math.max(1, Math.min(most, Math.ceil(pixels / w.out[1])));
  return Math.ceil(w.out[0] / Math.ceil(w.out[0] / rows));
}

/** Whether dot products take fewer vector instructions than pairs of products, for 16 outputs each. */
function dotPays(w: DepthwiseWorkload): boolean {
  const [rows, columns] = w.kernel;
  const interleaving = 5 * w.strides[1] * Math.min(w.strides[0], rows);
  return 4 * rows * dotQuads(w) + interleaving <= 4 * rows * columns;
}

/** Whether a kernel for cores that issue in order is written for such a window. */
const suitsChains = (w: DepthwiseWorkload): boolean =>
  w.kernel[0] === 3 && w.kernel[1] === 3 && w.strides[1] <= 2 && w.dilation[1] === 1;

/**
 * The fixed default. NEON where a block of channels fits and each input channel makes one output channel: dot products
 * where the core has them and they pay, else sums of products in 16 bits, where the weights allow either.
 */
export function scheduleDepthwise(w: DepthwiseWorkload, target: Target): DepthwiseSchedule {
  const core = coreOf(target);
  const loadsBeside = core.loads >= 1;
  const schedule = (kernel: DepthwiseKernel, pixels: number): DepthwiseSchedule => {
    const portable = kernel === 'portable';
    // Pairs fill the registers without the bias.
    const reload = kernel === 'pairs' || (!portable && loadsBeside);
    const common = { kernel, rows: portable ? 1 : rowsOf(w), pixels, reload } as const;
    return core.inOrder && kernel === 'pairs' && suitsChains(w)
      ? { ...common, rows: rowsOf(w, PIXELS_PER_CHAIN), chains: true }
      : common;
  };
  const float = w.operands === 'float32';
  const block = float ? BLOCK.f32 : BLOCK.i8;
  const taps = w.kernel[0] * w.kernel[1];
  if (target.arch === 'host' || w.multiplier > 1 || w.channels < block || taps > MAX_TAPS)
    return schedule('portable', 1);
  if (float) return schedule('f32', pixelsOf(w.out[1], loadsBeside ? ENOUGH_PIXELS : MAX_PIXELS.f32));
  const twoInts = w.operands !== 'uint8-full' && w.operands !== 'int8-wide';
  const quads = w.strides[1] <= 2 && w.dilation[1] === 1;
  if (target.features.dotprod && twoInts && quads && dotPays(w)) return schedule('dot', 2);
  const kernel = twoInts && taps <= MAX_PAIRS_TAPS ? 'pairs' : 'wide';
  return schedule(kernel, pixelsOf(w.out[1], (taps > HELD_TAPS ? MANY_TAPS_PIXELS : MAX_PIXELS)[kernel]));
}

/** A space of the fixed default alone. */
export const DEPTHWISE_SPACE: ScheduleSpace<DepthwiseWorkload, DepthwiseSchedule> = {
  name: 'depthwise',
  version: 1,
  knobs: z.strictObject({
    kernel: z.enum(['portable', 'wide', 'pairs', 'dot', 'f32']),
    rows: z.int(),
    pixels: z.int(),
    reload: z.boolean(),
    chains: z.boolean().optional(),
  }),
  key: (w) => `depthwise ${JSON.stringify(w)}`,
  space: (w, target) => [scheduleDepthwise(w, target)],
  legal: (w, s, target) =>
    JSON.stringify(s) === JSON.stringify(scheduleDepthwise(w, target)) ? null : 'it is not the only one known',
  cycles: () => 0,
};
