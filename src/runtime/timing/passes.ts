import { quickselect } from 'simple-statistics';

/** One batch of inferences. */
export interface Sample {
  readonly ns: number;
  /** How often the system took the core away meanwhile. */
  readonly switches: number;
}

/**
 * Every slot timed once, one right after the other, on the same sample of the data. A round of the runner is two passes:
 * a random order of the slots and its reverse.
 */
export interface Pass {
  /** Which of the samples every slot ran on. */
  readonly sample: number;
  /** ns of a fixed loop of integer operations, which shows the clock's speed. */
  readonly alu: number;
  /** ns of a fixed walk through more memory than caches hold, which shows who else uses it. */
  readonly memory: number;
  readonly slots: readonly Sample[];
}

/** Reads a "pass" line of native/runner/runner.c. */
export function parsePass(line: string): Pass {
  const [sample, alu, memory, ...rest] = line.split(' ').slice(1).map(Number);
  const slots = Array.from({ length: rest.length / 2 }, (_, i) => ({ ns: rest[2 * i], switches: rest[2 * i + 1] }));
  return { sample, alu, memory, slots };
}

/** Quantiles of numbers in any order, between neighbours by their distance. */
export function quantilesOf(values: ArrayLike<number>, ...shares: number[]): number[] {
  const numbers = new Float64Array(values);
  return shares.map((share) => {
    const at = share * (numbers.length - 1);
    const below = Math.floor(at);
    // It only moves elements by their index, which typed arrays have, too.
    quickselect(numbers as unknown as number[], below);
    if (at === below) return numbers[below];
    let next = Number.POSITIVE_INFINITY;
    for (let i = below + 1; i < numbers.length; i++) if (numbers[i] < next) next = numbers[i];
    return numbers[below] + (at - below) * (next - numbers[below]);
  });
}

export const medianOf = (values: ArrayLike<number>): number => quantilesOf(values, 0.5)[0];
