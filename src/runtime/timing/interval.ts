import { mean, sampleStandardDeviation } from 'simple-statistics';
import { studentQuantile } from './distributions.ts';

export type Interval = readonly [low: number, high: number];

/** How much faster one build is than another, or how long it takes. */
export interface Estimate {
  readonly value: number;
  readonly interval: Interval;
}

/** Numbers of launches after which a measurement may end. */
export const LOOKS: readonly number[] = [5, 8, 12];

/**
 * Error of the interval at each look, two-sided, with which the intervals of all looks together hold the true value in
 * 95 % of measurements, however one chooses the look at which to stop (Pocock, Biometrika 64, 1977, for t). By simulation
 * of 2,000,000 sequences of 12 normal numbers: the 5 % quantile of the least two-sided p over the looks.
 */
export const ERROR_AT_LOOK = 0.0213;

/**
 * The exponential of the mean of the launches' logarithms, and Student's t interval of it. The launch is the unit: what
 * lies where in memory moves all batches of a launch alike, so that batches tell nothing of how launches differ.
 *
 * @param logs one number a launch
 * @param error two-sided
 * @throws RangeError for fewer than two launches
 */
export function launchEstimate(logs: readonly number[], error: number = ERROR_AT_LOOK): Estimate {
  if (logs.length < 2) throw new RangeError('an interval over launches needs at least two');
  const middle = mean([...logs]);
  const reach = reachOf(logs, error);
  return { value: Math.exp(middle), interval: [Math.exp(middle - reach), Math.exp(middle + reach)] };
}

/** Half of the width of Student's interval of a mean. */
export const reachOf = (values: readonly number[], error: number): number =>
  (studentQuantile(1 - error / 2, values.length - 1) * sampleStandardDeviation([...values])) / Math.sqrt(values.length);

/** Half of the interval's width, relative to the value. */
export const halfWidth = ({ value, interval: [low, high] }: Estimate): number => (high - low) / 2 / value;

/** The interval, wider by a factor either way. */
export const widen = ([low, high]: Interval, factor: number): Interval => [low / factor, high * factor];
