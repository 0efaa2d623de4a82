import type { Port } from '../../compiler/build.ts';
import type { Comparison } from '../figures/accuracy.ts';
import { KINDS } from '../figures/kinds.ts';
import { countedShare, type Estimate, resampled } from './estimate.ts';
import { METRICS, type Metric, type MetricName } from './index.ts';
import type { Against, MetricDefinition } from './metric.ts';
import { finiteOrNull } from './numbers.ts';
import { holdsIndexes, type OutputPair } from './outputs.ts';
import { figureOf, type Statistic } from './statistics.ts';

/** What INT8 is compared with FP32 by, whatever the metric. */
const COMPARED = ['agreement', 'sqnr', 'cosine', 'mse', 'mae'] as const;

/** INT8 outputs beside FP32 outputs, sample by sample. */
export interface PairComparison {
  add(pair: OutputPair): void;
  /** The metric's own figure, where it is one of INT8 against FP32. */
  own(): Statistic;
  /** What the samples say of a figure's true value; null where the figure is none, or they say nothing. */
  estimate(figure: string, samples: number): Estimate | null;
  /** `comparable`: whether FP32 gave finite values for every sample. */
  finish(samples: number, comparable: boolean): Comparison;
}

export function startComparison(
  { name, definition, labelled, against }: Metric,
  outputs: readonly Port[],
): PairComparison {
  const figures = new Map<string, { readonly against: Against; readonly scores: unknown[] }>();
  const compare = (key: string, by: Against) => figures.set(key, { against: by, scores: [] });
  for (const key of COMPARED) {
    if (METRICS[key].compares === 'values' || choosesClasses(definition, outputs))
      compare(key, METRICS[key].against as Against);
  }
  if (labelled === null && !figures.has(name)) compare(name, against!);
  const statisticOf = (key: string): Statistic | null => {
    const figure = figures.get(key);
    return figure === undefined ? null : figure.against.statistic(figure.scores);
  };
  const hasValues = outputs.some((port) => !holdsIndexes(port));
  return {
    add(pair) {
      for (const { against, scores } of figures.values()) scores.push(against.score(pair));
    },
    own: () => statisticOf(name)!,
    estimate(key, samples) {
      const figure = figures.get(key);
      if (figure === undefined) return null;
      const { kind, countsSamples } = METRICS[key as MetricName] as MetricDefinition;
      // Of several rows a sample, a share of them may be equal: that is a mean, and no count.
      if (countsSamples && figure.scores.every((score) => score === 0 || score === 1))
        return countedShare(figure.scores.filter((score) => score === 1).length, samples);
      const { span: size } = KINDS[kind];
      const span = size && { size, samples };
      return resampled(figure.against.statistic(figure.scores), samples, span);
    },
    finish(samples, comparable) {
      const figure = (key: (typeof COMPARED)[number], there = true) => {
        const statistic = statisticOf(key);
        return comparable && there && statistic !== null ? figureOf(statistic, samples) : Number.NaN;
      };
      const sqnr = figure('sqnr');
      return {
        agreement: finiteOrNull(figure('agreement')),
        sqnr: finiteOrNull(figure('sqnr', hasValues)),
        noSqnr: !comparable ? 'not-finite' : !hasValues ? 'class-numbers' : infinite(sqnr),
        cosine: finiteOrNull(figure('cosine', hasValues)),
        mse: finiteOrNull(figure('mse', hasValues)),
        mae: finiteOrNull(figure('mae', hasValues)),
      };
    },
  };
}

/** Whether outputs answer by the largest of several scores; a single score chooses nothing. */
const choosesClasses = ({ compares }: MetricDefinition, [port]: readonly Port[]): boolean =>
  compares === 'classes' && (holdsIndexes(port) || (port.shape.at(-1) ?? 1) > 1);

/** What an infinite SQNR means. */
const infinite = (sqnr: number): 'equal' | 'no-signal' | null =>
  Number.isFinite(sqnr) ? null : sqnr > 0 ? 'equal' : 'no-signal';
