import { labelledCounts, type Ratio, ratio } from './confusion.ts';
import type { Labelled, MetricDefinition } from './metric.ts';

const counts: Ratio = (right, answered, wanted) => ratio(2 * right, answered + wanted);

/** The harmonic mean of precision and recall: 2·TP / (2·TP + FP + FN). */
export const f1: MetricDefinition = {
  kind: 'share',
  compares: 'classes',
  takesScore: true,
  settings: ['threshold', 'average'],
  labelled: (options, labels) => labelledCounts(options, labels, counts) as Labelled,
};
