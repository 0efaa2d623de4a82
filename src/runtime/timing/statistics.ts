import { median, quantileSorted } from 'simple-statistics';
import { randomSource } from './random.ts';

export type Interval = readonly [low: number, high: number];

/** How much faster one build is than another. */
export interface Ratio {
  /** Median of the paired ratios; 2 means that the second of the two takes half the time of the first. */
  readonly ratio: number;
  /** Bootstrap interval of that median. */
  readonly interval: Interval;
}

export interface BootstrapOptions {
  readonly seed?: number;
  readonly resamples?: number;
  /** Share of resamples inside the interval. */
  readonly confidence?: number;
}

/**
 * The median of paired ratios and its interval. `launches` holds log ratios: one array for each launch of the process,
 * one number for each pair. Launches differ from each other (where memory lies, for one), so the bootstrap draws
 * launches first and then pairs within each; without that the interval would be too narrow.
 */
export function pairedRatio(launches: readonly (readonly number[])[], options: BootstrapOptions = {}): Ratio {
  const { seed = 1, resamples = 1000, confidence = 0.95 } = options;
  const filled = launches.filter((pairs) => pairs.length > 0);
  if (filled.length === 0) throw new RangeError('a ratio needs at least one pair');
  const random = randomSource(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  const medians = Array.from({ length: resamples }, () => {
    const sample: number[] = [];
    for (let i = 0; i < filled.length; i++) {
      const pairs = pick(filled);
      for (let k = 0; k < pairs.length; k++) sample.push(pick(pairs));
    }
    return median(sample);
  }).sort((a, b) => a - b);
  const tail = (1 - confidence) / 2;
  return {
    ratio: Math.exp(median(filled.flat())),
    interval: [Math.exp(quantileSorted(medians, tail)), Math.exp(quantileSorted(medians, 1 - tail))],
  };
}

/** One "round" line of the runner: every slot was timed twice, once in each direction. */
export interface Round {
  /** Involuntary context switches during the round. */
  readonly switches: number;
  /** Time of a fixed loop of integer operations, which shows the clock's speed. */
  readonly alu: number;
  /** For each slot the nanoseconds of its two batches. */
  readonly times: readonly (readonly [first: number, second: number])[];
}

/** Reads a "round" line of native/runner/runner.c. */
export function parseRound(line: string): Round {
  const [switches, alu, ...times] = line.split(' ').slice(1).map(Number);
  const pairs = Array.from({ length: times.length / 2 }, (_, i) => [times[2 * i], times[2 * i + 1]] as const);
  return { switches, alu, times: pairs };
}

/**
 * Leaves out rounds in which the process lost its core or the clock was slower than usual. Where that is most of them
 * the machine is like that, and all are kept.
 */
export function undisturbed(rounds: readonly Round[]): readonly Round[] {
  if (rounds.length === 0) return rounds;
  const usual = median(rounds.map((round) => round.alu));
  const quiet = rounds.filter((round) => round.switches === 0 && round.alu <= 1.1 * usual);
  return 2 * quiet.length >= rounds.length ? quiet : rounds;
}

/** Log ratios of two slots' times per inference, two for each round. */
export function logRatios(
  rounds: readonly Round[],
  slots: readonly [number, number],
  batches: readonly number[],
): number[] {
  const [a, b] = slots;
  const scale = Math.log(batches[b] / batches[a]);
  return rounds.flatMap(({ times }) => [0, 1].map((i) => Math.log(times[a][i] / times[b][i]) + scale));
}
