export { BOARDS, type Board, type BoardName, isBoard } from './boards.ts';
export {
  type CacheLevel,
  type Caches,
  type Core,
  CPUS,
  type Cpu,
  type CpuName,
  FEATURE_NAMES,
  type Features,
  isCpu,
  NO_FEATURES,
  referenceCpu,
} from './cpus.ts';
export { type Machine, parseCpuinfo } from './machine.ts';
export { LEVEL_HELP, parseTarget, TARGET_HELP, targetFlags } from './parse.ts';
export type { Target } from './target.ts';
