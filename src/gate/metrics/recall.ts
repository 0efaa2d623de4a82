import { labelledCounts, type Ratio, ratio } from './confusion.ts';
import type { Labelled, MetricDefinition } from './metric.ts';

const counts: Ratio = (right, _, wanted) => ratio(right, wanted);

/** Of what there was to find, the share that was found: TP / (TP + FN). */
export const recall: MetricDefinition = {
  kind: 'share',
  compares: 'classes',
  takesScore: true,
  settings: ['threshold', 'average'],
  labelled: (options, labels) => labelledCounts(options, labels, counts) as Labelled,
};
