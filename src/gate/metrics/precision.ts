import { labelledCounts, type Ratio, ratio } from './confusion.ts';
import type { Labelled, MetricDefinition } from './metric.ts';

const counts: Ratio = (right, answered) => ratio(right, answered);

/** Of what was answered, the share that is right: TP / (TP + FP). */
export const precision: MetricDefinition = {
  kind: 'share',
  compares: 'classes',
  takesScore: true,
  settings: ['threshold', 'average'],
  labelled: (options, labels) => labelledCounts(options, labels, counts) as Labelled,
};
