import { InputError } from '../../errors.ts';
import { elements } from '../../model/tensor/shape.ts';
import { aucChance } from './chance.ts';
import { meanError, squared } from './errors.ts';
import { checkClasses } from './labels.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { meanOfInferences } from './outputs.ts';
import { aucOf, figureOf } from './statistics.ts';

/** Area under the ROC curve over samples, normal (0) against anomalous (1). */
export const auc: MetricDefinition = {
  kind: 'share',
  compares: 'values',
  takesScore: true,
  labelled({ score, inputs, outputs }, labels): Labelled<number> {
    checkClasses(labels, 2);
    const positive = Array.from(labels.values, (label) => label === 1);
    if (!positive.includes(true) || !positive.includes(false)) {
      throw new InputError('data.labels: metric auc needs samples of both kinds, 0 (normal) and 1 (anomalous)');
    }
    const size = elements(outputs[0].shape);
    const reconstructs = size === elements(inputs[0].shape);
    const how = score ?? (reconstructs ? 'reconstruction' : size <= 2 ? size - 1 : null);
    if (how === null)
      throw new InputError(`metric auc: the model has ${size} outputs; say with "score: N" which one is the score`);
    if (how === 'reconstruction' && !reconstructs) {
      throw new InputError(
        'score: reconstruction needs an output of the size of the input; use "score: N" for the N-th output element',
      );
    }
    if (how !== 'reconstruction' && how >= size)
      throw new InputError(`score: ${how}, but the model has ${size} outputs, 0 to ${size - 1}`);
    const statistic = (scores: readonly number[]) => aucOf(scores, positive);
    return {
      score: ([output], real) =>
        how === 'reconstruction' ? meanError(output, real, squared) : meanOfInferences(output, size)[how],
      statistic,
      deciding: Math.min(...[true, false].map((kind) => positive.filter((p) => p === kind).length)),
      chance: (scores) => aucChance(figureOf(statistic(scores), scores.length), positive),
    };
  },
};
