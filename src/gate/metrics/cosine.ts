import { type MetricDefinition, meanAgainst } from './metric.ts';
import { cosineOf } from './outputs.ts';

/** Mean over samples of the cosine between INT8 and FP32 outputs. */
export const cosine: MetricDefinition = {
  kind: 'cosine',
  compares: 'values',
  comparesAll: true,
  against: meanAgainst(({ sums }) => cosineOf(sums), 1),
};
