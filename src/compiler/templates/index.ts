import type { Target } from '../targets/target.ts';
import { type DepthwiseSchedule, scheduleDepthwise } from './depthwise/schedule.ts';
import { type GemmSchedule, scheduleGemm } from './gemm/schedule.ts';
import type { DepthwiseWorkload, GemmWorkload, Workload } from './workload.ts';

export { coreOf } from '../targets/cores.ts';
export { inRowOrder, type Products, sharedCuts } from './chain_cuts.ts';
export { cutsOf, depthwiseOperands, packDepthwise } from './depthwise/pack.ts';
export { type DepthwiseKernel, type DepthwiseSchedule, dotQuads } from './depthwise/schedule.ts';
export {
  offsets,
  operandsOf,
  packGemm,
  perColumn,
  sumRanges,
} from './gemm/pack.ts';
export { countChains } from './gemm/pack_chains.ts';
export { panelStarts } from './gemm/panels.ts';
export {
  CHAINS,
  type ChainForm,
  GEMM_KERNELS,
  type GemmKernel,
  type GemmSchedule,
  gemmKernels,
  holdsTile,
  zips,
} from './gemm/schedule.ts';
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
