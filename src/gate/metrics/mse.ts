import { errorOfTargets, squared } from './errors.ts';
import { type MetricDefinition, meanAgainst } from './metric.ts';
import { mseOf } from './outputs.ts';

/** Mean squared error: against labels, or of INT8 against FP32. */
export const mse: MetricDefinition = {
  kind: 'error',
  compares: 'values',
  comparesAll: true,
  labelled: (options, labels) => errorOfTargets(squared, options, labels),
  against: meanAgainst(({ sums }) => mseOf(sums), 0),
};
