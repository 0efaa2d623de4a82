import { errorOfTargets } from './errors.ts';
import { type MetricDefinition, meanAgainst } from './metric.ts';
import { maeOf } from './outputs.ts';

/** Mean absolute error: against labels, or of INT8 against FP32. */
export const mae: MetricDefinition = {
  kind: 'error',
  compares: 'values',
  comparesAll: true,
  labelled: (options, labels) => errorOfTargets(Math.abs, options, labels),
  against: meanAgainst(({ sums }) => maeOf(sums), 0),
};
