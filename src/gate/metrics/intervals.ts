import { normalQuantile } from '../../runtime/timing/distributions.ts';

/**
 * Confidence bounds of shares and of differences between paired shares, by inverting score tests. All pure.
 *
 * A bound is one-sided: with confidence c the true value lies beyond it with a probability of at most about 1 − c. The
 * lower and the upper bound at c together are a two-sided interval at 2·c − 1.
 */

export type Side = 'lower' | 'upper';

/** How sure a verdict has to be: that of each one-sided bound, or `point` where the figure itself decides. */
export type Confidence = number | 'point';

/** docs/adr/0018 has what else was tried. */
export const DEFAULT_CONFIDENCE = 0.8;

/** Answers of two models to the same samples. */
export interface Paired {
  readonly samples: number;
  /** Samples that only the first model gets right. */
  readonly firstOnly: number;
  /** Samples that only the second model gets right. */
  readonly secondOnly: number;
}

/**
 * What is taken off the counts' distance from what a test expects. Without it, one-sided score bounds of few discordant
 * pairs miss up to 7.5 % where 5 % are stated, and up to 36 % where 20 % are; with it, 5.4 % and 19.4 % at most
 * (docs/adr/0018). 0 gives the bounds as they stand in the literature.
 */
export const CONTINUITY = 0.5;

/**
 * Bound of a share of `successes` in `samples`: Wilson's, from 0 to 1. Source: Wilson, J. Am. Stat. Assoc. 22, 1927; with
 * the continuity correction, method 4 of Newcombe, Statistics in Medicine 17, 1998, pp. 857–872.
 *
 * @throws RangeError without a sample
 */
export function shareBound(
  successes: number,
  samples: number,
  side: Side,
  confidence: number,
  continuity = CONTINUITY,
): number {
  if (samples < 1) throw new RangeError('a share needs at least one sample');
  if (side === 'lower') return 1 - shareBound(samples - successes, samples, 'upper', confidence, continuity);
  if (successes >= samples) return 1;
  const z = normalQuantile(confidence);
  const count = successes + continuity;
  const root = Math.sqrt(z * z + 4 * count * (1 - count / samples));
  return Math.max(0, Math.min(1, (2 * count + z * z + z * root) / (2 * (samples + z * z))));
}

/**
 * Bound of the first model's share of right answers minus the second's, from −1 to 1: Tango's score bound. Without a
 * discordant pair it is that of a share of 0, never 0 itself.
 * Source: Tango, Statistics in Medicine 17, 1998, pp. 891–908.
 *
 * @throws RangeError without a sample
 */
export function differenceBound(pairs: Paired, side: Side, confidence: number, continuity = CONTINUITY): number {
  const { samples, firstOnly, secondOnly } = pairs;
  if (samples < 1) throw new RangeError('a difference of shares needs at least one sample');
  if (side === 'lower')
    return -differenceBound({ samples, firstOnly: secondOnly, secondOnly: firstOnly }, 'upper', confidence, continuity);
  const z = normalQuantile(confidence);
  // The score falls as the difference grows: the bound is where it crosses −z.
  let low = (firstOnly - secondOnly) / samples;
  let high = 1;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (score(pairs, middle, continuity) > -z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Tango's statistic for a true difference δ that is at least the observed one. */
function score({ samples: n, firstOnly: b, secondOnly: c }: Paired, delta: number, continuity: number): number {
  const distance = Math.min(0, b - c - n * delta + continuity);
  return distance === 0 ? 0 : distance / Math.sqrt(n * varianceAt({ samples: n, firstOnly: b, secondOnly: c }, delta));
}

/** Variance of what one pair contributes, given that the true difference is δ. */
function varianceAt({ samples: n, firstOnly: b, secondOnly: c }: Paired, delta: number): number {
  // Maximum-likelihood estimate, given δ, of the probability that only the second is right: A·q² + B·q + C = 0.
  const half = ((2 * n - b + c) * delta - b - c) / 2;
  const q = (Math.sqrt(half * half + 2 * n * c * delta * (1 - delta)) - half) / (2 * n);
  return 2 * q + delta * (1 - delta);
}

/**
 * What one sample contributes to a difference: √(d − δ²), d the share of discordant pairs. d is taken to be at least 3 / n,
 * which is what no discordant pair in n samples leaves possible.
 *
 * @param limit what it would contribute if this were the true difference, by Tango's variance; absent: as observed
 */
export function deviationOfDifference({ samples, firstOnly, secondOnly }: Paired, limit?: number): number {
  const delta = (firstOnly - secondOnly) / samples;
  const discordant = Math.min(1, Math.max(firstOnly + secondOnly, 3) / samples);
  if (limit === undefined) return Math.sqrt(Math.max(0, discordant - delta * delta));
  const expected = { samples: 1, firstOnly: (discordant + delta) / 2, secondOnly: (discordant - delta) / 2 };
  return Math.sqrt(varianceAt(expected, limit));
}

/** What one sample contributes to a share p: √(p·(1 − p)), p at least 3 / n away from 0 and 1. */
export function deviationOfShare(share: number, samples: number): number {
  const rarer = Math.min(0.5, Math.max(Math.min(share, 1 - share), 3 / samples));
  return Math.sqrt(rarer * (1 - rarer));
}

/** A figure that a number of samples is planned for. */
export interface Observed {
  readonly estimate: number;
  /** What one sample contributes. */
  readonly deviation: number;
  /** The same if the limit were the truth; `deviation` when absent. */
  readonly atLimit?: number;
  /** What the correction for continuity takes off a sum over samples; 0 when absent. */
  readonly step?: number;
}

/**
 * Samples n with which a true figure equal to the estimate would be told from the limit four times out of five:
 * n·|limit − estimate| − step = √n · (z_c · s_limit + z_0.8 · s), s what one sample contributes. null where the estimate is
 * the limit: no number decides.
 * Source: Connor, Biometrics 43, 1987, pp. 207–211; the step: Fleiss, Tytun and Ury, Biometrics 36, 1980, pp. 343–346.
 *
 * @param confidence of the bound that decides
 */
export function samplesToDecide(
  { estimate, deviation, atLimit = deviation, step = 0 }: Observed,
  limit: number,
  confidence: number,
): number | null {
  const z = normalQuantile(confidence) * atLimit + normalQuantile(POWER) * deviation;
  const distance = Math.abs(limit - estimate);
  const root = (z + Math.sqrt(z * z + 4 * distance * step)) / (2 * distance);
  const wanted = Math.ceil(root * root);
  return Number.isFinite(wanted) ? wanted : null;
}

/** How often planned samples shall decide. */
const POWER = 0.8;
