import { normalQuantile } from '../../runtime/timing/distributions.ts';
import type { Estimate } from './estimate.ts';
import { CONTINUITY, type Side } from './intervals.ts';

/**
 * The ratio of two shares of right answers to the same samples, and its bounds, by inverting a score test. A ratio is bounded
 * by itself: bounds of the two shares, or of their difference, leave out that the share below the line is an estimate, too.
 * All pure.
 */

/** Answers of two models to the same samples. */
export interface Shares {
  readonly samples: number;
  /** Samples that both models get right. */
  readonly both: number;
  readonly firstOnly: number;
  readonly secondOnly: number;
}

/** The first model's share of right answers over the second's; null where the second gets nothing right. */
export function ratioOfShares(shares: Shares): Estimate | null {
  if (shares.both + shares.secondOnly === 0) return null;
  return { bound: (side, confidence) => ratioBound(shares, side, confidence), deviation: deviationOfRatio(shares) };
}

const STEPS = 80;

/**
 * Bound of the ratio. Where the second model gets everything right, or both get the same samples right, it is Wilson's bound of
 * a share; never 1 itself without a discordant pair.
 * Source: Tang, Tang and Chan, Statistics in Medicine 22, 2003, pp. 1217–1233; with the continuity correction of the other bounds.
 *
 * @throws RangeError where the second model gets nothing right
 */
export function ratioBound(shares: Shares, side: Side, confidence: number, continuity = CONTINUITY): number {
  const { both, firstOnly, secondOnly } = shares;
  if (both + secondOnly < 1) throw new RangeError('a ratio needs a sample that the second model gets right');
  const z = normalQuantile(confidence);
  const estimate = (both + firstOnly) / (both + secondOnly);
  const beyond = (ratio: number) => score(shares, ratio, continuity) > z;
  // The score grows with the distance from the estimate: the bound is where it crosses z.
  let near = estimate;
  let far = 0;
  if (side === 'upper') {
    far = 2 * Math.max(1, estimate);
    for (let i = 0; i < STEPS && !beyond(far); i++) far *= 2;
  }
  for (let i = 0; i < STEPS; i++) {
    const middle = (near + far) / 2;
    if (beyond(middle)) far = middle;
    else near = middle;
  }
  return (near + far) / 2;
}

/** How far the counts are from what a true ratio makes expected, in standard errors. */
function score(shares: Shares, ratio: number, continuity: number): number {
  const { samples: n, both, firstOnly, secondOnly } = shares;
  const distance = Math.abs(both + firstOnly - ratio * (both + secondOnly)) - continuity;
  return distance <= 0 ? 0 : distance / Math.sqrt(n * Math.max(0, varianceAt(shares, ratio)));
}

/** Variance of what one sample adds to first − ratio · second, given that this is the true ratio. */
function varianceAt({ samples: n, both, firstOnly, secondOnly }: Shares, ratio: number): number {
  const seen = (both + firstOnly + secondOnly) / n;
  // Maximum-likelihood estimate of the probability that only the second is right, given the ratio: A·q² + B·q + C = 0.
  const a = n * (1 + ratio);
  const b = (both + secondOnly) * ratio * ratio - (both + firstOnly + 2 * secondOnly);
  const c = secondOnly * (1 - ratio) * seen;
  const q = (Math.sqrt(Math.max(0, b * b - 4 * a * c)) - b) / (2 * a);
  return (1 + ratio) * q + (ratio - 1) * seen;
}

/** √samples times the standard error, by the delta method. Discordant samples are taken to be at least 3, as for differences. */
function deviationOfRatio({ samples: n, both, firstOnly, secondOnly }: Shares): number {
  const ratio = (both + firstOnly) / (both + secondOnly);
  const missing = Math.max(0, 3 - firstOnly - secondOnly) / 2;
  const squares = (1 - ratio) ** 2 * both + (firstOnly + missing) + ratio * ratio * (secondOnly + missing);
  return Math.sqrt(squares / n) / ((both + secondOnly) / n);
}
