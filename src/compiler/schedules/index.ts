import type { Target } from '../targets/target.ts';
import { type DepthwiseSchedule, scheduleDepthwise } from './depthwise.ts';
import { type GemmSchedule, scheduleGemm } from './gemm.ts';
import type { DepthwiseWorkload, GemmWorkload, Workload } from './workload.ts';

export { inRowOrder, type Products, sharedCuts } from './chain_cuts.ts';
export { coreOf } from './cores.ts';
export { type DepthwiseKernel, type DepthwiseSchedule, dotQuads } from './depthwise.ts';
export {
  CHAINS,
  type ChainForm,
  GEMM_KERNELS,
  type GemmKernel,
  type GemmSchedule,
  gemmKernels,
  holdsTile,
  zips,
} from './gemm.ts';
export {
  offsets,
  operandsOf,
  packGemm,
  perColumn,
  sumRanges,
  transposeHwo,
  type Weights,
  zeroPointOf,
} from './pack.ts';
export { countChains } from './pack_chains.ts';
export { cutsOf, depthwiseOperands, packDepthwise } from './pack_depthwise.ts';
export { panelStarts } from './panels.ts';
export type { DepthwiseWorkload, GemmWorkload, Operands, Workload } from './workload.ts';

export type Schedule = GemmSchedule | DepthwiseSchedule;
/** The kind of schedule that a kind of workload takes. */
export type ScheduleOf<W extends Workload> = W extends GemmWorkload ? GemmSchedule : DepthwiseSchedule;
/** Knows schedules for some workloads: what tuning recorded. */
export type ScheduleSource = <W extends Workload>(workload: W) => ScheduleOf<W> | null;

/** The template and the values of its knobs for a workload on a target: the fixed defaults, from analytic rules. */
export function chooseSchedule<W extends Workload>(workload: W, target: Target): ScheduleOf<W>;
export function chooseSchedule(workload: GemmWorkload | DepthwiseWorkload, target: Target): Schedule {
  return workload.op === 'nn.depthwise_conv2d' ? scheduleDepthwise(workload, target) : scheduleGemm(workload, target);
}
