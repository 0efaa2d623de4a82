import type { Bounds } from '../figures/accuracy.ts';
import { bootstrapOf } from './bootstrap.ts';
import {
  deviationOfDifference,
  deviationOfShare,
  differenceBound,
  type Paired,
  type Side,
  shareBound,
} from './intervals.ts';
import type { Statistic } from './statistics.ts';

/** What samples say of a figure's true value. All pure. */
export interface Estimate {
  /** The true figure lies beyond it with a probability of at most about 1 − confidence. */
  bound(side: Side, confidence: number): number;
  /** √samples times the figure's standard error: what a single sample contributes, in the figure's unit. */
  readonly deviation: number;
}

/** A share of samples that were counted. */
export const countedShare = (successes: number, samples: number): Estimate => ({
  bound: (side, confidence) => shareBound(successes, samples, side, confidence),
  deviation: deviationOfShare(successes / samples, samples),
});

/** The difference of two shares of the same samples, from −1 to 1. */
export const pairedDifference = (pairs: Paired): Estimate => ({
  bound: (side, confidence) => differenceBound(pairs, side, confidence),
  deviation: deviationOfDifference(pairs),
});

/** What a figure can be moved by a share of the samples, where it is bounded. */
export interface Span {
  /** How far the figure moves at most if all samples change. */
  readonly size: number;
  /** Of the samples, those that its error depends on: the rarer kind of an AUC. */
  readonly samples: number;
}

/**
 * Of the samples that a figure's error depends on. With 10 positives among 500, upper bounds of a difference of AUCs miss 27 %
 * where 20 % are stated, with 20 of 120 at most 22 %.
 */
export const LEAST_DECIDING = 20;
/** Standard deviation of resamples, relative to the figure, below which only rounding parts them. */
const SAME = 1e-12;

/**
 * Any figure, by resampling. Where every resample gives the same figure (both AUCs are 1), resampling says nothing of
 * samples that were not drawn: with confidence c they are a share of at most 1 − (1 − c)^(1/n) of all, and move a bounded
 * figure by that share of its span.
 *
 * @param span null for a figure without bounds
 * @param work what a sample costs in an evaluation, in additions
 * @returns null for fewer than 30 samples, or 20 of the kind that decides, and where resamples say nothing
 */
export function resampled(statistic: Statistic, samples: number, span: Span | null, work = 1): Estimate | null {
  if (span !== null && span.samples < LEAST_DECIDING) return null;
  const resamples = bootstrapOf(statistic, samples, 1, work);
  if (resamples === null) return null;
  const { estimate, deviation } = resamples;
  if (deviation > SAME * Math.max(1, Math.abs(estimate))) {
    return { bound: resamples.bound, deviation: deviation * Math.sqrt(samples) };
  }
  if (span === null) return null;
  const { size, samples: n } = span;
  return {
    bound(side, confidence) {
      const unseen = size * (1 - (1 - confidence) ** (1 / n));
      return side === 'upper' ? estimate + unseen : estimate - unseen;
    },
    deviation: size * deviationOfShare(1, n) * Math.sqrt(samples / n),
  };
}

/** The estimate of a·figure + b. */
export const linear = ({ bound, deviation }: Estimate, a: number, b = 0): Estimate => ({
  bound: (side, confidence) => a * bound(a >= 0 ? side : OTHER[side], confidence) + b,
  deviation: Math.abs(a) * deviation,
});

const OTHER = { lower: 'upper', upper: 'lower' } as const;

/** Both bounds at a confidence, within what the figure can be. */
export function boundsOf(
  { bound, deviation }: Estimate,
  confidence: number,
  [least, most]: readonly [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
): Bounds {
  const within = (x: number) => Math.max(least, Math.min(most, x));
  return { low: within(bound('lower', confidence)), high: within(bound('upper', confidence)), deviation };
}
