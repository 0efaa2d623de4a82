import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import { errorChance } from './chance.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { meanOfInferences } from './outputs.ts';
import { meanOf } from './statistics.ts';

/** The error of one value. */
export type Norm = (difference: number) => number;

export const squared: Norm = (d) => d * d;

export function meanError(a: ArrayLike<number>, b: ArrayLike<number>, norm: Norm): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += norm(a[i] - b[i]);
  return sum / a.length;
}

/**
 * How many values a sample's label has: as many as the output.
 * @throws InputError where it has not
 */
export function checkTargets({ outputs: [port] }: MetricOptions, labels: Labels): number {
  const size = elements(port.shape);
  if (labels.width !== size) {
    throw new InputError(
      `data.labels: ${labels.width} values a sample, but output "${port.name}" ${showShape(port.shape)} has ${size}`,
    );
  }
  return size;
}

/**
 * The mean error against labels that are the values to be predicted.
 * @throws InputError where a label has not as many values as the output
 */
export function errorOfTargets(norm: Norm, options: MetricOptions, labels: Labels): Labelled<number> {
  const size = checkTargets(options, labels);
  return {
    score([output], _real, index) {
      const wanted = labels.values.subarray(index * size, (index + 1) * size);
      return meanError(meanOfInferences(output, size), wanted, norm);
    },
    statistic: meanOf,
    chance: (scores) => errorChance(scores, labels.values, size, norm),
  };
}
