import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import { checkClasses } from './labels.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { argmax, meanOfInferences } from './outputs.ts';
import { positivesOf, rarer, scoreOf } from './scores.ts';
import type { Average } from './settings.ts';
import { shuffledChance } from './shuffle.ts';
import { figureOf, type Statistic } from './statistics.ts';

/** Samples of a class that were answered rightly, all that were given it as an answer, and all that are of it. */
export type Ratio = (right: number, answered: number, wanted: number) => number;

/** 0 where nothing was counted, as scikit-learn has it. */
export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/**
 * A ratio of counts, averaged over classes as scikit-learn does: over those that occur among labels or answers.
 *
 * @param classes labels and answers are 0 to `classes` − 1
 */
export function averaged(
  labels: ArrayLike<number>,
  answers: ArrayLike<number>,
  classes: number,
  of: Ratio,
  average: Average,
): Statistic {
  return (weights) => {
    const right = new Float64Array(classes);
    const answered = new Float64Array(classes);
    const wanted = new Float64Array(classes);
    let total = 0;
    for (let i = 0; i < labels.length; i++) {
      const weight = weights[i];
      total += weight;
      wanted[labels[i]] += weight;
      answered[answers[i]] += weight;
      if (labels[i] === answers[i]) right[labels[i]] += weight;
    }
    if (average === 'binary') return of(right[1], answered[1], wanted[1]);
    if (average === 'micro')
      return of(
        right.reduce((a, b) => a + b, 0),
        total,
        total,
      );
    let sum = 0;
    let present = 0;
    for (let k = 0; k < classes; k++) {
      if (answered[k] + wanted[k] === 0) continue;
      present++;
      sum += of(right[k], answered[k], wanted[k]) * (average === 'weighted' ? wanted[k] : 1);
    }
    return sum / (average === 'weighted' ? total : present);
  };
}

/**
 * A figure of answers against class labels: of class 1 by a threshold, or averaged over classes.
 * @throws InputError where the outputs are no scores of classes, or settings contradict them
 */
export function labelledCounts(options: MetricOptions, labels: Labels, of: Ratio): Labelled<number> {
  const { average, threshold } = options.settings ?? {};
  const size = elements(options.outputs[0].shape);
  const two = options.score !== undefined || threshold !== undefined || average === 'binary' || size <= 2;
  const { classes, answer } = two ? binary(options) : several(options);
  const positive = two ? positivesOf(options, labels) : null;
  checkClasses(labels, classes);
  const { values } = labels;
  const by = average ?? (two ? 'binary' : 'macro');
  const figure = (own: ArrayLike<number>, answers: ArrayLike<number>) => averaged(own, answers, classes, of, by);
  return {
    score: answer,
    answer: (given) => given,
    statistic: (answers) => figure(values, answers),
    ...(positive !== null && { deciding: rarer(positive) }),
    classes: { of: (index) => values[index], right: (given, index) => given === values[index], names: labels.names },
    chance(answers) {
      const n = answers.length;
      const shuffled = (order: Int32Array) =>
        figureOf(
          figure(
            order.map((i) => values[i]),
            answers,
          ),
          n,
        );
      return shuffledChance(figureOf(figure(values, answers), n), n, shuffled, true);
    },
  };
}

interface Answers {
  readonly classes: number;
  readonly answer: Labelled<number>['score'];
}

const THRESHOLD = 0.5;

function binary(options: MetricOptions): Answers {
  const { name, score, inputs, outputs } = options;
  const threshold = options.settings?.threshold;
  const size = elements(outputs[0].shape);
  if (size === 2 && threshold === undefined && score === undefined)
    return { classes: 2, answer: ([output]) => argmax(meanOfInferences(output, 2)) };
  const scored = scoreOf(options);
  const reconstructs = score === 'reconstruction' || (score === undefined && size === elements(inputs[0].shape));
  if (reconstructs && threshold === undefined)
    throw new InputError(
      `metric ${name}: which reconstruction error is anomalous? Say so with metric: { name: ${name}, threshold: … }`,
    );
  const least = threshold ?? THRESHOLD;
  return { classes: 2, answer: (out, real, index) => (scored(out, real, index) >= least ? 1 : 0) };
}

function several({ name, outputs: [port] }: MetricOptions): Answers {
  const classes = port.shape.at(-1) ?? 1;
  if (elements(port.shape) !== classes)
    throw new InputError(
      `metric ${name} needs one score a class, but output "${port.name}" is ${showShape(port.shape)}`,
    );
  return { classes, answer: ([output]) => argmax(meanOfInferences(output, classes)) };
}
