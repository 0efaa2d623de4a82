import type { Port } from '../../../src/compiler/build.ts';
import type { Labels } from '../../../src/gate/metrics/metric.ts';

/** A port of real values. */
export const portOf = (shape: readonly number[]): Port => ({
  ...{ name: 'y', dtype: 'float32', shape, quantization: null },
  bytes: 4 * shape.reduce((a, b) => a * b, 1),
});

export const labelsOf = (values: readonly number[], width = 1): Labels => ({
  ...{ values: Float64Array.from(values), width },
});
