import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import { topNChance } from './chance.ts';
import { checkClasses } from './labels.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { argmax, inTopK, meanOfInferences, tiesInTopK } from './outputs.ts';
import { meanOf } from './statistics.ts';

/** Share of samples whose class is among the N highest scores. */
export const topN: MetricDefinition = {
  kind: 'share',
  names: { pattern: 'top[1-9]\\d{0,3}', examples: 'top1, top5 (any topN)' },
  compares: 'classes',
  countsSamples: true,
  labelled({ name, outputs: [port] }, labels): Labelled<number> {
    const n = Number(name.slice('top'.length));
    const classes = port.shape.at(-1) ?? 1;
    if (elements(port.shape) !== classes || classes < 2) {
      throw new InputError(
        `metric ${name} needs one score a class, but output "${port.name}" is ${showShape(port.shape)}`,
      );
    }
    if (n >= classes) {
      throw new InputError(
        `metric ${name} cannot miss: the model distinguishes ${classes} classes, and the ${n} best of them are always right; use top${classes > 5 ? 5 : 1}`,
      );
    }
    checkClasses(labels, classes);
    return {
      score([output], _real, index) {
        const scores = meanOfInferences(output, classes);
        const label = labels.values[index];
        return (n === 1 ? argmax(scores) === label : inTopK(scores, label, n)) ? 1 : 0;
      },
      statistic: meanOf,
      right: (score) => score === 1,
      classes: { of: (index) => labels.values[index], right: (score) => score === 1, names: labels.names },
      tied: ([output], index) => tiesInTopK(meanOfInferences(output, classes), labels.values[index], n),
      chance: (scores) =>
        topNChance(
          scores.reduce((a, b) => a + b, 0),
          labels.values,
          n,
          classes,
        ),
    };
  },
};
