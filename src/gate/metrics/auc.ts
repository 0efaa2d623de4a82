import { aucChance } from './chance.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { type OfTwo, oneVsRest } from './one_vs_rest.ts';
import { positivesOf, rarer, scoreOf } from './scores.ts';
import { ascending, aucOf, figureOf } from './statistics.ts';

const ofRanks: OfTwo = (scores) => {
  const order = ascending(scores);
  return (positive) => aucOf(scores, positive, order);
};

/** Area under the ROC curve over samples, normal (0) against anomalous (1); by macro average, each class against the rest. */
export const auc: MetricDefinition = {
  kind: 'share',
  compares: 'values',
  takesScore: true,
  settings: ['average'],
  averages: ['binary', 'macro'],
  labelled(options, labels): Labelled {
    if (options.settings?.average === 'macro') return oneVsRest(options, labels, ofRanks) as Labelled;
    const positive = positivesOf(options, labels);
    const statistic = (scores: readonly number[]) => aucOf(scores, positive);
    const labelled: Labelled<number> = {
      score: scoreOf(options),
      statistic,
      deciding: rarer(positive),
      chance: (scores) => aucChance(figureOf(statistic(scores), scores.length), positive),
    };
    return labelled as Labelled;
  },
};
