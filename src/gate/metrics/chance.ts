import { errorFunction, gammaln } from 'simple-statistics';
import type { Chance } from '../figures/accuracy.ts';

/** What a model reaches that never looks at the data, and how often it is at least as good as one that was scored. */
export type ChanceTest = Omit<Chance, 'pInt8'>;

/**
 * Whether a model's score on labelled data could come from a model that never looked at them. All pure.
 *
 * p is one-sided: how often such a model gets at least as good.
 */

/**
 * Top-N against guessing N classes, or always answering the N commonest ones, whichever is right more often.
 *
 * @param correct right answers of `labels.length` samples
 * @param n classes that an answer names
 * @param classes that the model tells apart
 */
export function topNChance(correct: number, labels: ArrayLike<number>, n: number, classes: number): ChanceTest {
  const counts = new Map<number, number>();
  for (let i = 0; i < labels.length; i++) counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1);
  const commonest = [...counts.values()].sort((a, b) => b - a).slice(0, n);
  const always = commonest.reduce((a, b) => a + b, 0) / labels.length;
  const guessing = n / classes;
  const level = Math.max(always, guessing);
  const by = guessing >= always ? 'guessing' : 'the commonest class';
  return { level, p: binomialTail(correct, labels.length, level), by };
}

/** P(X ≥ k) of a binomial distribution, exact. */
export function binomialTail(k: number, n: number, p: number): number {
  if (k <= 0 || p >= 1) return 1;
  if (p <= 0) return 0;
  let tail = 0;
  for (let i = n; i >= k; i--) {
    tail += Math.exp(gammaln(n + 1) - gammaln(i + 1) - gammaln(n - i + 1) + i * Math.log(p) + (n - i) * Math.log1p(-p));
  }
  return Math.min(1, tail);
}

/**
 * An area under the ROC curve against 0.5, by the normal approximation of the Mann–Whitney statistic: without a
 * difference its variance is (a + b + 1) / (12·a·b) for a and b samples of the two kinds.
 */
export function aucChance(auc: number, positive: readonly boolean[]): ChanceTest {
  const a = positive.filter(Boolean).length;
  const b = positive.length - a;
  return { level: 0.5, p: normalTail((auc - 0.5) / Math.sqrt((a + b + 1) / (12 * a * b))), by: 'guessing' };
}

/**
 * An error against that of always predicting the targets' mean: a z test on the paired differences.
 *
 * @param errors of the model, sample by sample
 * @param targets `width` values a sample
 * @param norm the error of one value, as the metric has it
 */
export function errorChance(
  errors: ArrayLike<number>,
  targets: Float64Array,
  width: number,
  norm: (difference: number) => number,
): ChanceTest {
  const n = errors.length;
  const mean = new Float64Array(width);
  for (let i = 0; i < targets.length; i++) mean[i % width] += targets[i] / n;
  const constant = new Float64Array(n);
  for (let i = 0; i < targets.length; i++)
    constant[Math.floor(i / width)] += norm(targets[i] - mean[i % width]) / width;
  const level = constant.reduce((a, b) => a + b, 0) / n;
  const gains = constant.map((error, i) => error - errors[i]);
  return { level, p: gainChance(gains), by: 'the mean of the labels' };
}

/** How often gains of such a mean are drawn where there is nothing to gain: a z test, one-sided. */
export function gainChance(gains: ArrayLike<number> & Iterable<number>): number {
  const n = gains.length;
  const all = Float64Array.from(gains);
  const gain = all.reduce((a, b) => a + b, 0) / n;
  const variance = all.reduce((a, b) => a + (b - gain) ** 2, 0) / Math.max(1, n - 1);
  return gain <= 0 ? 1 : variance === 0 ? 0 : normalTail(gain / Math.sqrt(variance / n));
}

/** P(Z > z) of the standard normal distribution. */
const normalTail = (z: number): number => (1 - errorFunction(z / Math.SQRT2)) / 2;
