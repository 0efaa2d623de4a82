import type { Statistic } from './statistics.ts';

/** Figures of ROC and precision-recall curves. Each sorts once, and then every evaluation is linear. All pure. */

/** Indexes of the samples, the highest score first. */
export function descending(scores: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
}

/**
 * Average precision, the area under the precision-recall curve: Σ (R_k − R_(k−1)) · P_k over the distinct scores, the
 * highest first. Nothing is interpolated. NaN without a positive.
 *
 * @param order as `descending` gives it
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  order: Int32Array,
  positive: ArrayLike<boolean>,
): Statistic {
  return (weights) => {
    let area = 0;
    let found = 0;
    let seen = 0;
    for (let i = 0; i < order.length; ) {
      const score = scores[order[i]];
      const before = found;
      for (; i < order.length && scores[order[i]] === score; i++) {
        const weight = weights[order[i]];
        seen += weight;
        if (positive[order[i]]) found += weight;
      }
      if (found > before) area += ((found - before) * found) / seen;
    }
    return area / found;
  };
}

/**
 * Equal error rate: where the ROC curve, straight between distinct scores, has as many false alarms as misses. NaN without
 * samples of both kinds.
 *
 * @param order as `descending` gives it
 */
export function equalErrorRate(scores: ArrayLike<number>, order: Int32Array, positive: ArrayLike<boolean>): Statistic {
  return (weights) => {
    let positives = 0;
    let negatives = 0;
    for (let i = 0; i < order.length; i++) {
      if (positive[i]) positives += weights[i];
      else negatives += weights[i];
    }
    if (positives === 0 || negatives === 0) return Number.NaN;
    let [hits, alarms] = [0, 0];
    for (let i = 0; i < order.length; ) {
      const score = scores[order[i]];
      const [hitsBefore, alarmsBefore] = [hits, alarms];
      for (; i < order.length && scores[order[i]] === score; i++) {
        if (positive[order[i]]) hits += weights[order[i]];
        else alarms += weights[order[i]];
      }
      // Above 0 once there are more false alarms than misses.
      const balance = alarms / negatives + hits / positives - 1;
      if (balance < 0) continue;
      const before = alarmsBefore / negatives + hitsBefore / positives - 1;
      const share = before / (before - balance);
      return (alarmsBefore + share * (alarms - alarmsBefore)) / negatives;
    }
    return 1;
  };
}
