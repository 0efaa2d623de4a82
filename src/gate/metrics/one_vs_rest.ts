import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import { checkClasses } from './labels.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { meanOfInferences } from './outputs.ts';
import { shuffledChance } from './shuffle.ts';
import { figureOf, type Statistic } from './statistics.ts';

/** Samples times classes that resampling can take. */
const MOST_SCORES = 2e5;

/** A figure of scores, the higher the likelier the sample is positive; what is said of scores alone is done once. */
export type OfTwo = (scores: ArrayLike<number>) => (positive: ArrayLike<boolean>) => Statistic;

/**
 * The mean over classes of a figure of two kinds: each class by its own score against all the others. Classes that no sample
 * has are left out.
 * @throws InputError where the output is no list of class scores
 */
export function oneVsRest(
  { name, outputs: [port] }: MetricOptions,
  labels: Labels,
  of: OfTwo,
): Labelled<ArrayLike<number>> {
  const classes = port.shape.at(-1) ?? 1;
  if (elements(port.shape) !== classes || classes < 2)
    throw new InputError(
      `metric ${name} with average: macro needs one score a class, but output "${port.name}" is ${showShape(port.shape)}`,
    );
  checkClasses(labels, classes);
  const present = [...new Set(labels.values)].sort((a, b) => a - b);
  const samples = labels.values.length;
  if (present.length < 2) throw new InputError(`data.labels: metric ${name} needs samples of two classes at least`);
  if (samples * present.length > MOST_SCORES)
    throw new InputError(
      `metric ${name}: ${samples} samples of ${present.length} classes are too many to resample; set data.limit to ${Math.floor(MOST_SCORES / present.length)}`,
    );
  /** The figure as a function of the labels. */
  const figureOfScores = (scores: readonly ArrayLike<number>[]) => {
    const each = present.map((k) => ({ k, figure: of(Float64Array.from(scores, (all) => all[k])) }));
    return (own: ArrayLike<number>): Statistic => {
      const statistics = each.map(({ k, figure }) => figure(Array.from(own, (label) => label === k)));
      return (weights) => meanOfDefined(statistics.map((statistic) => statistic(weights)));
    };
  };
  return {
    score: ([output]) => Float64Array.from(meanOfInferences(output, classes)),
    statistic: (scores) => figureOfScores(scores)(labels.values),
    work: present.length,
    chance(scores) {
      const of = figureOfScores(scores);
      const shuffled = (order: Int32Array) => figureOf(of(order.map((i) => labels.values[i])), samples);
      return shuffledChance(figureOf(of(labels.values), samples), samples, shuffled, true, present.length);
    },
  };
}

/** In a resample, a class may have no sample. */
function meanOfDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return defined.reduce((a, b) => a + b, 0) / defined.length;
}
