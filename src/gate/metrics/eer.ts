import { aucChance } from './chance.ts';
import { descending, equalErrorRate } from './curves.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { positivesOf, rarer, scoreOf } from './scores.ts';
import { aucOf, figureOf } from './statistics.ts';

/** Equal error rate: false alarms and misses at the threshold where both are equally frequent. */
export const eer: MetricDefinition = {
  kind: 'rate',
  compares: 'values',
  takesScore: true,
  labelled(options, labels): Labelled {
    const positive = positivesOf(options, labels);
    const labelled: Labelled<number> = {
      score: scoreOf(options),
      statistic: (scores) => equalErrorRate(scores, descending(scores), positive),
      deciding: rarer(positive),
      // Scores that tell nothing have a rate of ½; whether they do is what the ranks of both kinds say.
      chance: (scores) => aucChance(figureOf(aucOf(scores, positive), scores.length), positive),
    };
    return labelled as Labelled;
  },
};
