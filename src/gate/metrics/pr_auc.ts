import { averagePrecision, descending } from './curves.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { type OfTwo, oneVsRest } from './one_vs_rest.ts';
import { positivesOf, rarer, scoreOf } from './scores.ts';
import { shuffledChance } from './shuffle.ts';
import { figureOf } from './statistics.ts';

const precision: OfTwo = (scores) => {
  const order = descending(scores);
  return (positive) => averagePrecision(scores, order, positive);
};

/** Area under the precision-recall curve (average precision) of class 1; by macro average, each class against the rest. */
export const prAuc: MetricDefinition = {
  kind: 'share',
  compares: 'values',
  takesScore: true,
  settings: ['average'],
  averages: ['binary', 'macro'],
  labelled(options, labels): Labelled {
    if (options.settings?.average === 'macro') return oneVsRest(options, labels, precision) as Labelled;
    const positive = positivesOf(options, labels);
    const labelled: Labelled<number> = {
      score: scoreOf(options),
      statistic: (scores) => precision(scores)(positive),
      deciding: rarer(positive),
      chance(scores) {
        const given = precision(scores);
        const of = (kinds: readonly boolean[]) => figureOf(given(kinds), scores.length);
        const shuffled = (by: Int32Array) => of(Array.from(by, (i) => positive[i]));
        return shuffledChance(of(positive), scores.length, shuffled, true);
      },
    };
    return labelled as Labelled;
  },
};
