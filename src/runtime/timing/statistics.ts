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

/** One batch of inferences. */
export interface Sample {
  readonly ns: number;
  /** How often the system took the core away meanwhile. */
  readonly switches: number;
}

/** One "round" line of the runner: every slot was timed twice, once in each direction. */
export interface Round {
  /** Time of a fixed loop of integer operations, which shows the clock's speed. */
  readonly alu: number;
  readonly slots: readonly (readonly [first: Sample, second: Sample])[];
}

/** Reads a "round" line of native/runner/runner.c. */
export function parseRound(line: string): Round {
  const [alu, ...rest] = line.split(' ').slice(1).map(Number);
  const sample = (i: number): Sample => ({ ns: rest[2 * i], switches: rest[2 * i + 1] });
  return { alu, slots: Array.from({ length: rest.length / 4 }, (_, i) => [sample(2 * i), sample(2 * i + 1)]) };
}

/** The rounds in which the clock was not slower than usual. */
export function unthrottled(rounds: readonly Round[]): readonly Round[] {
  if (rounds.length === 0) return rounds;
  const usual = median(rounds.map((round) => round.alu));
  return rounds.filter((round) => round.alu <= 1.1 * usual);
}

/** Two builds' batches that were timed close to each other. */
export type Pair = readonly [a: Sample, b: Sample];

/** The pairs of two slots, two for each round. */
export const pairsOf = (rounds: readonly Round[], a: number, b: number): Pair[] =>
  rounds.flatMap(({ slots }) => [0, 1].map((i): Pair => [slots[a][i], slots[b][i]]));

const isQuiet = (samples: readonly Sample[]) => samples.every(({ switches }) => switches === 0);

/**
 * Leaves out what was interrupted: samples or pairs of them. Where hardly anything else is left (long inferences on a busy
 * machine), all is kept.
 */
export function uninterrupted<T extends Sample | Pair>(all: readonly T[]): readonly T[] {
  const quiet = all.filter((entry) => isQuiet('ns' in entry ? [entry] : entry));
  return quiet.length >= Math.min(10, all.length / 2) ? quiet : all;
}
