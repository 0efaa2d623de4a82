import type { Kind } from './instruction.ts';

/** Vector registers. */
export const REGISTERS = 32;

/** What executes instructions. */
export type Unit = 'vector' | 'memory';

/** What one kind of instruction costs on a core. */
export interface Timing {
  /** What executes it; null: any number in a cycle. */
  readonly unit: Unit | null;
  /** Cycles for which the unit is taken. */
  readonly occupancy: number;
  /** Cycles until another instruction can read the result. */
  readonly latency: number;
  /** The same for an instruction of the same kind that adds to it; undefined where there is no shorter way. */
  readonly forwarded?: number;
}

/** The rules by which a core issues instructions in order. */
export interface InOrderCore {
  /** Instructions a cycle. */
  readonly width: number;
  readonly timing: Readonly<Record<Kind, Timing>>;
}

const vector = (occupancy: number, latency: number, forwarded?: number): Timing => ({
  ...{ unit: 'vector', occupancy, latency, forwarded },
});
const memory = (occupancy: number, latency: number): Timing => ({ unit: 'memory', occupancy, latency });

/**
 * Cortex-A53. Sources: Arm's Cortex-A55 Software Optimization Guide v3, and for what differs on the A53, which has no public
 * guide (FMLA, SADALP, dual issue), what authors of NEON kernels measured. No rule of the A55 is stricter.
 */
export const CORTEX_A53: InOrderCore = {
  width: 2,
  timing: {
    multiply: vector(1, 4),
    multiplyAdd: vector(1, 4, 1),
    fusedMultiplyAdd: vector(1, 8, 4),
    multiplyHigh: vector(1, 4),
    pairwiseAdd: vector(2, 4),
    narrow: vector(0.5, 3),
    narrowUpper: vector(1, 3),
    permute: vector(1, 3),
    extremum: vector(0.5, 3),
    // The upper half of a register need not wait for the lower one.
    move: vector(0.25, 3, 1),
    integer: { unit: null, occupancy: 0, latency: 1 },
    load: memory(1, 3),
    loadPair: memory(2, 4),
    store: memory(1, 0),
  },
};
