import { InputError } from '../../errors.ts';
import { elements } from '../../model/tensor/shape.ts';
import { meanError, squared } from './errors.ts';
import { checkClasses } from './labels.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { meanOfInferences } from './outputs.ts';

/** One number a sample, the higher the likelier it is of class 1. */

/**
 * The score of metrics on two classes: `score` of the configuration, else how badly an autoencoder reconstructs its input, else the
 * last of one or two output elements.
 * @throws InputError where the outputs leave it open, or have no such element
 */
export function scoreOf({ name, score, inputs, outputs, windows }: MetricOptions): Labelled<number>['score'] {
  const size = elements(outputs[0].shape);
  const reconstructs = size === elements(inputs[0].shape);
  const how = score ?? (reconstructs ? 'reconstruction' : size <= 2 ? size - 1 : null);
  if (how === null)
    throw new InputError(
      `metric ${name}: the model has ${size} outputs; say with "score: N" which one is the score, or "metric: { name: ${name}, average: macro }" for each class against the rest`,
    );
  if (how === 'reconstruction' && !reconstructs) {
    throw new InputError(
      'score: reconstruction needs an output of the size of the input; use "score: N" for the N-th output element',
    );
  }
  if (how === 'reconstruction' && windows === 'max')
    throw new InputError(
      `data.windows: max takes the largest outputs of a record's windows, which says nothing of how metric ${name} finds its input in them; use mean or last`,
    );
  if (how !== 'reconstruction' && how >= size)
    throw new InputError(`score: ${how}, but the model has ${size} outputs, 0 to ${size - 1}`);
  return ([output], real) =>
    how === 'reconstruction' ? meanError(output, real, squared) : meanOfInferences(output, size)[how];
}

/**
 * Which samples are of class 1.
 * @throws InputError where labels are not 0 and 1, or one of the two is missing
 */
export function positivesOf({ name }: MetricOptions, labels: Labels): boolean[] {
  checkClasses(labels, 2);
  const positive = Array.from(labels.values, (label) => label === 1);
  if (!positive.includes(true) || !positive.includes(false)) {
    throw new InputError(
      `data.labels: metric ${name} needs samples of both kinds, 0 (normal) and 1 (${name === 'auc' ? 'anomalous' : 'positive'})`,
    );
  }
  return positive;
}

/** Samples of the rarer kind. */
export const rarer = (positive: readonly boolean[]): number => {
  const count = positive.filter(Boolean).length;
  return Math.min(count, positive.length - count);
};
