export { type Core, CPUS, type Cpu, type CpuName, type Features, isCpu, referenceCpu } from './cpus.ts';
export { type Machine, parseCpuinfo } from './machine.ts';
export { parseTarget, TARGET_HELP, targetFlags } from './parse.ts';
export type { Target } from './target.ts';
