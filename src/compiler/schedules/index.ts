import type { Target } from '../targets/target.ts';
import { type DepthwiseSchedule, scheduleDepthwise } from './depthwise.ts';
import { type GemmSchedule, scheduleGemm } from './gemm.ts';
import type { DepthwiseWorkload, GemmWorkload, Workload } from './workload.ts';

export type { DepthwiseKernel, DepthwiseSchedule } from './depthwise.ts';
export type { GemmKernel, GemmSchedule } from './gemm.ts';
export type { DepthwiseWorkload, GemmWorkload, Operands, Workload } from './workload.ts';

export type Schedule = GemmSchedule | DepthwiseSchedule;

/** The template and the values of its knobs for a workload on a target: the fixed defaults, from analytic rules. */
export function chooseSchedule(workload: GemmWorkload, target: Target): GemmSchedule;
export function chooseSchedule(workload: DepthwiseWorkload, target: Target): DepthwiseSchedule;
export function chooseSchedule(workload: Workload, target: Target): Schedule {
  return workload.op === 'nn.depthwise_conv2d' ? scheduleDepthwise(workload, target) : scheduleGemm(workload, target);
}
