import type { Kind } from './instruction.ts';

/** Vector registers. */
export const REGISTERS = 32;

/** Execution units. */
export type Unit = 'vector' | 'memory';

/** Timing of a kind of instruction. */
export interface Timing {
  /** null: no unit, any number per cycle. */
  readonly unit: Unit | null;
  /** Cycles for which the unit is occupied. */
  readonly occupancy: number;
  /** Cycles until another instruction can read the result. */
  readonly latency: number;
  /** The same to the accumulator of an instruction of the same kind; undefined: no forwarding. */
  readonly forwarded?: number;
}

/** The rules by which a core issues instructions in order. */
export interface InOrderCore {
  /** Instructions per cycle. */
  readonly width: number;
  readonly timing: Readonly<Record<Kind, Timing>>;
}

const vector = (occupancy: number, latency: number, forwarded?: number): Timing => ({
  ...{ unit: 'vector', occupancy, latency, forwarded },
});
const memory = (occupancy: number, latency: number): Timing => ({ unit: 'memory', occupancy, latency });

/**
 * Cortex-A53. Sources: Arm's Cortex-A55 Software Optimization Guide v3. The A53 has no public guide; where it differs (FMLA, SADALP,
 * dual issue): measurements by authors of NEON kernels. No rule of the A55 is stricter.
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
    // The upper half of a register is written without waiting for the lower half.
    move: vector(0.25, 3, 1),
    integer: { unit: null, occupancy: 0, latency: 1 },
    load: memory(1, 3),
    loadPair: memory(2, 4),
    store: memory(1, 0),
  },
};
