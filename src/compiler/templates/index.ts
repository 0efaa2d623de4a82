export { coreOf } from '../targets/cores.ts';
export { inRowOrder, type Products, sharedCuts } from './chain_cuts.ts';
export { choose, fastest } from './choose.ts';
export { cutsOf, depthwiseOperands, packDepthwise } from './depthwise/pack.ts';
export { DEPTHWISE_SPACE, type DepthwiseKernel, type DepthwiseSchedule, dotQuads } from './depthwise/schedule.ts';
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
  GEMM_SPACE,
  type GemmKernel,
  type GemmSchedule,
  gemmKernels,
  holdsTile,
  zips,
} from './gemm/schedule.ts';
export { checkRecord, recordOf, sourceOf, type TuningRecord, tunedFor } from './records.ts';
export type { BuildSettings, Chosen, ScheduleSpace, Template } from './template.ts';
export type { DepthwiseWorkload, GemmWorkload, Operands, Workload } from './workload.ts';
