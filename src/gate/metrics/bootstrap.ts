import { quantileSorted, standardDeviation } from 'simple-statistics';
import { normalCdf, normalQuantile } from '../../runtime/timing/distributions.ts';
import { randomSource } from '../../runtime/timing/random.ts';
import type { Side } from './intervals.ts';
import type { Statistic } from './statistics.ts';

/** What resamples say of a statistic's distribution. */
export interface Bootstrap {
  /** The statistic of the samples as they are. */
  readonly estimate: number;
  /** Standard deviation of the resamples: the estimate's standard error. */
  readonly deviation: number;
  /** One-sided bound: BCa, or the percentile where acceleration or bias cannot be computed. */
  bound(side: Side, confidence: number): number;
}

/** Below this, resamples of the samples there are say too little of those that might have been. */
export const LEAST_TO_RESAMPLE = 30;
const RESAMPLES = 2000;
/** Work that a bootstrap may take, in weights drawn; very large sets get fewer resamples. */
const MOST_DRAWS = 5e7;
/** Leave-one-out values that the acceleration is taken from; of larger sets, so many groups are left out in turn. */
const MOST_JACKKNIFE = 500;

/**
 * Draws samples with replacement, seeded: the same every time. Samples are paired by nature: a statistic that is a
 * difference of two models sees the same resample for both. Bounds are bias-corrected and accelerated.
 * Source: Efron, "Better bootstrap confidence intervals", J. Am. Stat. Assoc. 82, 1987.
 *
 * @param work what a sample costs in an evaluation, in additions
 * @returns null for fewer than 30 samples, and where the statistic is defined for hardly any resample
 */
export function bootstrapOf(statistic: Statistic, samples: number, seed = 1, work = 1): Bootstrap | null {
  if (samples < LEAST_TO_RESAMPLE) return null;
  const next = randomSource(seed);
  const weights = new Uint32Array(samples);
  const rounds = Math.max(200, Math.min(RESAMPLES, Math.floor(MOST_DRAWS / (samples * work))));
  const values: number[] = [];
  for (let r = 0; r < rounds; r++) {
    weights.fill(0);
    for (let i = 0; i < samples; i++) weights[Math.floor(next() * samples)]++;
    const value = statistic(weights);
    if (Number.isFinite(value)) values.push(value);
  }
  if (2 * values.length < rounds) return null;
  values.sort((a, b) => a - b);
  const estimate = statistic(weights.fill(1));
  const bias = biasOf(values, estimate);
  const acceleration = accelerationOf(statistic, Math.min(samples, MOST_JACKKNIFE, rounds), samples);
  const usable = Number.isFinite(bias) && Number.isFinite(acceleration);
  return {
    ...{ estimate, deviation: standardDeviation(values) },
    bound(side, confidence) {
      const z = normalQuantile(side === 'upper' ? confidence : 1 - confidence);
      const shifted = bias + z;
      const share = usable ? normalCdf(bias + shifted / (1 - acceleration * shifted)) : normalCdf(z);
      return quantileSorted(values, Math.min(1, Math.max(0, share)));
    },
  };
}

/** z₀: by how much the resamples' median is off the estimate, ties counting half. */
function biasOf(values: readonly number[], estimate: number): number {
  const below = values.filter((value) => value < estimate).length;
  const equal = values.filter((value) => value === estimate).length;
  const share = (below + equal / 2) / values.length;
  return share > 0 && share < 1 ? normalQuantile(share) : Number.NaN;
}

/** a: a sixth of the skewness of what each sample, or group of samples, contributes. */
function accelerationOf(statistic: Statistic, groups: number, samples: number): number {
  const weights = new Uint32Array(samples).fill(1);
  const without = Array.from({ length: groups }, (_, g) => {
    for (let i = g; i < samples; i += groups) weights[i] = 0;
    const value = statistic(weights);
    for (let i = g; i < samples; i += groups) weights[i] = 1;
    return value;
  });
  const middle = without.reduce((sum, x) => sum + x, 0) / groups;
  const moment = (power: number) => without.reduce((sum, x) => sum + (middle - x) ** power, 0);
  const spread = moment(2);
  return spread > 0 ? moment(3) / (6 * spread ** 1.5) : 0;
}
