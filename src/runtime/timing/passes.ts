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
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => {
    const at = share * (sorted.length - 1);
    const below = Math.floor(at);
    const next = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[next] - sorted[below]);
  });
}

export const medianOf = (values: ArrayLike<number>): number => quantilesOf(values, 0.5)[0];
