// Verdicts on a drop of top-1 accuracy, and coverage of the intervals, by the product's own bounds.
import { bootstrapOf } from '../../build/js/gate/metrics/bootstrap.js';
import { boundsOf, linear, pairedDifference } from '../../build/js/gate/metrics/estimate.js';
import { CONTINUITY, deviationOfDifference, samplesToDecide } from '../../build/js/gate/metrics/intervals.js';
import { aucOf, meanOf } from '../../build/js/gate/metrics/statistics.js';
import { judge } from '../../build/js/gate/verdict/judge.js';
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

/**
 * What the gate says of a drop of top-1 accuracy: its own bounds, threshold and decision.
 *
 * @param confidence of the configuration: a number, or `point`
 */
function verdictOn(pairs, limit, confidence) {
  const { samples, firstOnly, secondOnly } = pairs;
  const oneSided = confidence === 'point' ? 0.975 : confidence;
  const drop = (100 * (firstOnly - secondOnly)) / samples;
  const bounds = boundsOf(linear(pairedDifference(pairs), 100), oneSided);
  const accuracy = {
    ...{ metric: 'top1', samples, int8: 0.9, fp32: 0.9, drop, twin: false },
    discordant: { fp32Only: firstOnly, int8Only: secondOnly },
    bounds: { confidence: confidence === 'point' ? null : confidence, drop: bounds },
  };
  const [check] = judge({ 'max-accuracy-drop': limit }, {}, { accuracy, latency: null, doubt: null });
  return { status: check.status, ...bounds };
}

/** Shares of pass, fail and inconclusive, and of bounds that miss, for a true drop in points. */
export function judgeDrop({ samples, drop, discordant, confidence, limit = 1 }, trials, seed = 1) {
  const random = sources(seed);
  const known = new Map();
  const count = { pass: 0, fail: 0, inconclusive: 0, low: 0, high: 0 };
  // A drop without a discordant pair for it: only FP32 is right on so many.
  const [b, c] = [(Math.max(discordant, drop) + drop) / 2, (Math.max(discordant, drop) - drop) / 2];
  for (let trial = 0; trial < trials; trial++) {
    const [firstOnly, secondOnly] = discordance(samples, b / 100, c / 100, random);
    const key = firstOnly * (samples + 1) + secondOnly;
    if (!known.has(key)) known.set(key, verdictOn({ samples, firstOnly, secondOnly }, limit, confidence));
    const { low, high, status } = known.get(key);
    count[status]++;
    if (low > drop) count.low++;
    if (high < drop) count.high++;
  }
  return Object.fromEntries(Object.entries(count).map(([name, n]) => [name, n / trials]));
}

/** How often as many samples as the gate asks for decide, where the truth is what it had observed. */
export function planFor({ drop, discordant, confidence, limit = 1 }, trials, seed = 1) {
  // Enough pairs that none is lost to rounding.
  const pairs = { samples: 1e6, firstOnly: 5e3 * (discordant + drop), secondOnly: 5e3 * (discordant - drop) };
  const [deviation, atLimit] = [undefined, limit / 100].map((at) => 100 * deviationOfDifference(pairs, at));
  const samples = samplesToDecide({ estimate: drop, deviation, atLimit, step: 100 * CONTINUITY }, limit, confidence);
  const { inconclusive } = judgeDrop({ samples, drop, discordant, confidence, limit }, trials, seed);
  return { samples, decided: 1 - inconclusive };
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
