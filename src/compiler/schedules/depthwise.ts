import type { Target } from '../targets/target.ts';
import type { DepthwiseWorkload } from './workload.ts';

/** The kernels of native/kernels/depthwise.h. */
export type DepthwiseKernel = 'portable' | 'wide' | 'pairs' | 'f32';

/** The knobs of the depthwise template. */
export interface DepthwiseSchedule {
  readonly template: 'depthwise';
  readonly kernel: DepthwiseKernel;
  /** Output pixels computed in one step along the row: neighbours share loads. */
  readonly pixels: number;
}

/** The NEON kernels are unrolled over the taps: not beyond this. */
const MAX_TAPS = 128;
/** Channels of one block of the NEON kernels. */
const BLOCK = { f32: 4, i8: 8 } as const;

/**
 * The fixed default. NEON where a block of channels fits and each input channel makes one output channel; pairs of
 * products in 16 bits where the weights allow it.
 */
export function scheduleDepthwise(w: DepthwiseWorkload, target: Target): DepthwiseSchedule {
  const float = w.operands === 'float32';
  const block = float ? BLOCK.f32 : BLOCK.i8;
  if (target.arch === 'host' || w.multiplier > 1 || w.channels < block || w.kernel[0] * w.kernel[1] > MAX_TAPS)
    return { template: 'depthwise', kernel: 'portable', pixels: 1 };
  if (float) return { template: 'depthwise', kernel: 'f32', pixels: w.strides[1] === 1 && w.out[1] >= 2 ? 2 : 1 };
  return { template: 'depthwise', kernel: w.operands === 'int8' && !w.unsigned ? 'pairs' : 'wide', pixels: 1 };
}
