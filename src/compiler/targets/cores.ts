import type { Target } from './target.ts';

/** What of a core's pipeline decides between tiles: instructions a cycle, by kind (128-bit registers). */
export interface Core {
  /** Whether an instruction waits for all before it; then nothing else issues beside a load of a vector. */
  readonly inOrder?: boolean;
  /** Instructions dispatched. */
  readonly width: number;
  readonly loads: number;
  readonly fmla: number;
  /** SMULL, SMLAL. */
  readonly smull: number;
  /** SDOT, SMMLA. */
  readonly dot: number;
}

/** Sources: Arm's software optimization guides. */
const CORES: Readonly<Record<string, Core>> = {
  'cortex-a53': { inOrder: true, width: 2, loads: 0.5, fmla: 1, smull: 1, dot: 1 },
  'cortex-a55': { inOrder: true, width: 2, loads: 0.5, fmla: 1, smull: 1, dot: 1 },
  'cortex-a72': { width: 3, loads: 1, fmla: 1, smull: 1, dot: 1 },
  'cortex-a76': { width: 4, loads: 2, fmla: 2, smull: 1, dot: 2 },
  'neoverse-n1': { width: 4, loads: 2, fmla: 2, smull: 1, dot: 2 },
  'neoverse-n2': { width: 5, loads: 3, fmla: 2, smull: 1, dot: 2 },
  'neoverse-v1': { width: 8, loads: 3, fmla: 4, smull: 2, dot: 4 },
  'neoverse-v2': { width: 8, loads: 3, fmla: 4, smull: 2, dot: 4 },
  'apple-m1': { width: 8, loads: 3, fmla: 4, smull: 4, dot: 4 },
};

/** The core a target is tuned for: its CPU, or the commonest core of its ISA level. */
export function coreOf(target: Target): Core {
  const { dotprod, i8mm } = target.features;
  const typical = i8mm ? 'neoverse-n2' : dotprod ? 'neoverse-n1' : 'cortex-a72';
  return CORES[target.cpu ?? typical] ?? CORES[typical];
}
