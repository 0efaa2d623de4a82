import type { CpuName } from '../../compiler/targets/index.ts';

/**
 * What the model's figures were found to be worth on hardware: 56 pairs of published times of INT8 and FP32 networks on 14
 * boards, the same kernels modelled (docs/adr/0020).
 */

/**
 * e, where (modelled speedup) / (measured speedup) lay within 1 ± e. The CPUs that no board had get the others' figure.
 */
const RATIO_ERROR: Readonly<Record<CpuName, number>> = {
  'cortex-a53': 0.15,
  'cortex-a55': 0.25,
  'cortex-a72': 0.25,
  'cortex-a76': 0.25,
  'neoverse-n1': 0.25,
  'neoverse-n2': 0.25,
  'neoverse-v1': 0.25,
  'neoverse-v2': 0.25,
  'apple-m1': 0.25,
};

/** Cycles of one build: the model's figure, and the least and the most that the model can have meant. */
export interface CycleRange {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Between which bounds the speedup on hardware is to be expected: as far from the modelled one as measured speedups were,
 * in either direction, and as far as the model's own ranges reach. Pure.
 */
export function speedupInterval(int8: CycleRange, fp32: CycleRange, cpu: CpuName): [low: number, high: number] {
  const speedup = fp32.median / int8.median;
  const within = 1 - RATIO_ERROR[cpu];
  return [Math.min(speedup * within, fp32.low / int8.high), Math.max(speedup / within, fp32.high / int8.low)];
}

/**
 * What a line from memory costs, in cycles, where no board says it: 4 bytes a cycle. Boards with a Cortex-A53 need 14 to
 * 20, with a Cortex-A72 18 to 26, with a Cortex-A76 6 to 10.
 */
export const CYCLES_OF_LINE = 16;
