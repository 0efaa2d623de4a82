import { gammaln } from 'simple-statistics';

/** How often each sample counts: 1 each for the point estimate, the multiplicities of a bootstrap resample otherwise. */
export type Weights = ArrayLike<number>;

/** A figure of a set of samples, as a function of how often each counts. NaN where it is not defined. */
export type Statistic = (weights: Weights) => number;

/** The weighted mean. */
export const meanOf =
  (values: ArrayLike<number>): Statistic =>
  (weights) => {
    let sum = 0;
    let total = 0;
    for (let i = 0; i < values.length; i++) {
      sum += weights[i] * values[i];
      total += weights[i];
    }
    return sum / total;
  };

/** Indexes of the samples, the lowest score first. */
export const ascending = (scores: ArrayLike<number>): Int32Array =>
  Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a] - scores[b]);

/**
 * Area under the ROC curve: the share of (positive, negative) pairs in which the positive has the higher score, ties
 * counting half. Sorts once; every evaluation is linear.
 *
 * @param order indexes of the samples, the lowest score first
 */
export function aucOf(
  scores: ArrayLike<number>,
  positive: ArrayLike<boolean>,
  order: ArrayLike<number> = ascending(scores),
): Statistic {
  return (weights) => {
    let pairs = 0;
    let negatives = 0;
    let positives = 0;
    for (let i = 0; i < order.length; ) {
      let tiedNegatives = 0;
      let tiedPositives = 0;
      const score = scores[order[i]];
      for (; i < order.length && scores[order[i]] === score; i++) {
        if (positive[order[i]]) tiedPositives += weights[order[i]];
        else tiedNegatives += weights[order[i]];
      }
      pairs += tiedPositives * (negatives + tiedNegatives / 2);
      negatives += tiedNegatives;
      positives += tiedPositives;
    }
    return pairs / (positives * negatives);
  };
}

/** The figure of a set of samples as it is. */
export const figureOf = (statistic: Statistic, samples: number): number => statistic(new Uint8Array(samples).fill(1));

/**
 * McNemar's exact test on paired right and wrong answers: the two-sided probability of so uneven a split of the
 * discordant pairs when both models are equally good.
 *
 * @param b pairs that only the first gets right
 * @param c pairs that only the second gets right
 */
export function mcnemar(b: number, c: number): number {
  const n = b + c;
  let tail = 0;
  for (let k = 0; k <= Math.min(b, c); k++) {
    tail += Math.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) - n * Math.LN2);
  }
  return Math.min(1, 2 * tail);
}
