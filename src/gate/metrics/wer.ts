import type { Labelled, MetricDefinition } from './metric.ts';
import { errorRate } from './transcripts.ts';

/** Word error rate of greedily decoded CTC outputs. */
export const wer: MetricDefinition = {
  kind: 'error-rate',
  compares: 'classes',
  labels: 'texts',
  settings: ['blank'],
  labelled: (options, labels) => errorRate(options, labels, 'words') as Labelled,
};
