import { type Launch, observe } from '../../../src/runtime/timing/launch.ts';
import type { Pass } from '../../../src/runtime/timing/passes.ts';
import { randomSource } from '../../../src/runtime/timing/random.ts';

/** Standard normal numbers by Box and Muller. */
export function normals(seed: number): () => number {
  const random = randomSource(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export interface Synthetic {
  readonly passes?: number;
  readonly samples?: number;
  /** ns of INT8, FP32, the copy, and the merge base's INT8 where there is one. */
  readonly ns?: readonly number[];
  /** Factor of a slot in a pass. */
  readonly factor?: (slot: number, pass: number) => number;
  /** Factors of the walk through memory and of the integer loop. */
  readonly memory?: (pass: number) => number;
  readonly alu?: (pass: number) => number;
  readonly switches?: (pass: number) => number;
  readonly waited?: number | null;
}

/** A launch by formulas. */
export function launchOf(what: Synthetic = {}): Launch {
  const { passes = 32, samples = 1, ns = [100, 200, 100], factor = () => 1, memory = () => 1, waited = null } = what;
  const { alu = () => 1, switches = () => 0 } = what;
  return {
    batches: ns.map(() => 10),
    waited,
    passes: Array.from({ length: passes }, (_, p): Pass => {
      const slots = ns.map((x, slot) => ({ ns: 10 * x * factor(slot, p), switches: switches(p) }));
      return { sample: Math.floor(p / 2) % samples, alu: 1000 * alu(p), memory: 5000 * memory(p), slots };
    }),
  };
}

export const observed = (what?: Synthetic) => observe(launchOf(what));
