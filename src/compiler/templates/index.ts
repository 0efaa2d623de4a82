/** Templates: how layers become C, and with which schedules. */
export { choose, fastest } from './choose.ts';
export { DEPTHWISE } from './depthwise/index.ts';
export { GEMM } from './gemm/index.ts';
export { oneLayer } from './one_layer.ts';
export { checkRecord, recordOf, sourceOf, type TuningRecord, tunedFor } from './records.ts';
export { type Task, tasksOf, tasksOfGraph } from './tasks.ts';
export type { BuildSettings, Chosen, ScheduleSpace, Template } from './template.ts';
