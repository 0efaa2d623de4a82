import { quantileSorted } from 'simple-statistics';

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

/** Memory that takes this many times as long as when it is quiet is somebody else's, too. */
export const DISTURBED = 1.1;
/** Fewer passes than this are no launch. */
const LEAST_LEFT = 8;
/** Most noise, as a share, that a loop is forgiven. */
const MOST_NOISE = 0.1;

/** Quantiles of numbers in any order. */
export function quantilesOf(values: ArrayLike<number>, ...shares: number[]): number[] {
  const sorted = Float64Array.from(values).sort() as unknown as number[];
  return shares.map((share) => quantileSorted(sorted, share));
}

export const medianOf = (values: ArrayLike<number>): number => quantilesOf(values, 0.5)[0];

/**
 * Where a loop's times stop being its own noise: 10 % above the lower quartile, or 3.2 times the standard deviation that
 * the distance of the lower quartile from the 5 % quantile amounts to (0.97 of it, in a normal distribution).
 */
function bound(times: readonly number[]): number {
  const [low, quartile] = quantilesOf(times, 0.05, 0.25);
  const noise = Math.min(MOST_NOISE, (quartile / low - 1) / 0.97);
  return quartile * Math.max(DISTURBED, 1 + 3.2 * noise);
}

/** What a launch's passes say of the machine, and those that count. */
export interface Quiet {
  readonly passes: readonly Pass[];
  /** Lower quartiles of the memory loop's time, and of its ratio to the integer loop's. */
  readonly memory: number;
  readonly memoryToAlu: number;
  /** Share of passes beside a disturbed memory loop. */
  readonly disturbed: number;
  /** Share of passes during which the core was taken away. */
  readonly interrupted: number;
}

/**
 * Leaves out passes beside a disturbed memory loop, and those in which the core was taken away. Where hardly anything else
 * is left (long inferences on a busy machine), all are kept: the shares tell. A slower clock slows both loops and both
 * builds, and disturbs no ratio.
 */
export function quiet(all: readonly Pass[]): Quiet {
  const memory = all.map((pass) => pass.memory);
  const relative = all.map((pass) => pass.memory / pass.alu);
  const [most, mostRelative] = [bound(memory), bound(relative)];
  const calm = all.filter((_, i) => memory[i] <= most || relative[i] <= mostRelative);
  const whole = ({ slots }: Pass) => slots.every(({ switches }) => switches === 0);
  const enough = (passes: readonly Pass[]) => passes.length >= Math.min(LEAST_LEFT, all.length / 2);
  const share = (left: readonly Pass[]) => (all.length - left.length) / all.length;
  return {
    passes: [calm.filter(whole), calm].find(enough) ?? all,
    memory: quantilesOf(memory, 0.25)[0],
    memoryToAlu: quantilesOf(relative, 0.25)[0],
    disturbed: share(calm),
    interrupted: share(all.filter(whole)),
  };
}
