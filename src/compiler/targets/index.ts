export { CPUS, type Cpu } from './cpus.ts';
export { type Machine, thisMachine } from './machine.ts';
export { parseTarget, TARGET_HELP, targetFlags } from './parse.ts';
export type { Features, Target } from './target.ts';
