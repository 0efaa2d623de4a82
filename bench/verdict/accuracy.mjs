// Verdicts on a drop of top-1 accuracy, and coverage of the intervals, by the product's own bounds.
import { bootstrapOf } from '../../build/js/gate/metrics/bootstrap.js';
import { differenceBound } from '../../build/js/gate/metrics/intervals.js';
import { aucOf, meanOf } from '../../build/js/gate/metrics/statistics.js';
import { decide } from '../../build/js/gate/thresholds/decide.js';
import { sources } from './random.mjs';

/** Draws of discordant pairs: [only FP32 right, only INT8 right] of `samples`. */
function discordance(samples, fp32Only, int8Only, { uniform }) {
  let [b, c] = [0, 0];
  for (let i = 0; i < samples; i++) {
    const x = uniform();
    if (x < fp32Only) b++;
    else if (x < fp32Only + int8Only) c++;
  }
  return [b, c];
}

/** Shares of pass, fail and inconclusive, and of bounds that miss, for a true drop in points. */
export function judgeDrop({ samples, drop, discordant, confidence, limit = 1 }, trials, seed = 1) {
  const random = sources(seed);
  const known = new Map();
  const count = { pass: 0, fail: 0, inconclusive: 0, low: 0, high: 0 };
  const [b, c] = [(discordant + drop) / 2, (discordant - drop) / 2];
  for (let trial = 0; trial < trials; trial++) {
    const [firstOnly, secondOnly] = discordance(samples, b / 100, c / 100, random);
    const key = firstOnly * (samples + 1) + secondOnly;
    if (!known.has(key)) {
      const pairs = { samples, firstOnly, secondOnly };
      const bound = (side) => 100 * differenceBound(pairs, side, confidence);
      const point = (100 * (firstOnly - secondOnly)) / samples;
      const [low, high] = confidence === 'point' ? [point, point] : [bound('lower'), bound('upper')];
      known.set(key, { low, high, status: decide({ low, high }, { value: limit, sense: 'at-most' }) });
    }
    const { low, high, status } = known.get(key);
    count[status]++;
    if (low > drop) count.low++;
    if (high < drop) count.high++;
  }
  return Object.fromEntries(Object.entries(count).map(([name, n]) => [name, n / trials]));
}

/** Kinds of data whose bounds only a bootstrap gives: draws of one set, its statistic, and the true value. */
const KINDS = {
  'AUC difference': (n, { normal, uniform }) => {
    const positive = Array.from({ length: n }, () => uniform() < 0.4);
    const first = positive.map((p) => normal() + (p ? 1.5 : 0));
    const second = first.map((x) => x + 0.4 * normal());
    const [a, b] = [aucOf(first, positive), aucOf(second, positive)];
    return (weights) => a(weights) - b(weights);
  },
  'mean of log-normal errors': (n, { normal }) => meanOf(Array.from({ length: n }, () => Math.exp(normal()))),
  'mean cosine near 1': (n, { normal }) => meanOf(Array.from({ length: n }, () => 1 - 0.01 * Math.exp(1.2 * normal()))),
};

/** Φ of difference of means over its standard deviation, and means of log-normal numbers. */
const TRUTH = {
  'AUC difference': 0.855575 - 0.837619,
  'mean of log-normal errors': Math.exp(0.5),
  'mean cosine near 1': 1 - 0.01 * Math.exp(1.2 ** 2 / 2),
};

/** How often the 95 % interval holds the truth. */
export function coverResamples(samples, trials, seed = 1) {
  return Object.entries(KINDS).map(([name, draw]) => {
    const random = sources(seed);
    let hits = 0;
    for (let trial = 0; trial < trials; trial++) {
      const statistic = draw(samples, random);
      const now = bootstrapOf(statistic, samples, trial + 1);
      const holds = ([low, high]) => low <= TRUTH[name] && TRUTH[name] <= high;
      if (holds([now.bound('lower', 0.975), now.bound('upper', 0.975)])) hits++;
    }
    return { name, samples, covered: hits / trials };
  });
}
