import type { Labelled, MetricDefinition } from './metric.ts';
import { errorRate } from './transcripts.ts';

/** Character error rate of greedily decoded CTC outputs. */
export const cer: MetricDefinition = {
  kind: 'error-rate',
  compares: 'classes',
  labels: 'texts',
  settings: ['blank'],
  labelled: (options, labels) => errorRate(options, labels, 'characters') as Labelled,
};
