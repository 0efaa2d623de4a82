export { coreOf } from '../targets/cores.ts';
export { choose, fastest } from './choose.ts';
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
export type { GemmWorkload, Operands } from './workload.ts';
