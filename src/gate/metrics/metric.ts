import type { Port } from '../../compiler/build.ts';
import type { Kind } from '../figures/kinds.ts';
import type { ChanceTest } from './chance.ts';
import type { OutputPair } from './outputs.ts';
import type { Average, MetricSettings, SettingName } from './settings.ts';
import { meanOf, type Statistic } from './statistics.ts';

/** What is known about the samples: a class (width 1) or a target of `width` values each. */
export interface Labels {
  readonly values: Float64Array;
  readonly width: number;
  /** Names of the classes in the order of their numbers, where labels or configuration have names. */
  readonly names?: readonly string[];
  /** What is to be recognized in each sample, for metrics on texts; `values` are then empty. */
  readonly texts?: readonly string[];
}

/** What a metric with labels sees of the windows of a record: all of them, of which it takes the mean, the last, or the largest of each output element. */
export const WINDOWS = ['mean', 'last', 'max'] as const;
export type Windows = (typeof WINDOWS)[number];

/** The models and data that a metric is to score. */
export interface MetricOptions {
  /** As the configuration writes it: top5. */
  readonly name: string;
  /** For metrics with `takesScore`. */
  readonly score?: 'reconstruction' | number;
  /** What the configuration says about the metric beside its name. */
  readonly settings?: MetricSettings;
  readonly labels: Labels | null;
  readonly inputs: readonly Port[];
  /** What a metric gets has the output that it is on first. */
  readonly outputs: readonly Port[];
  /** `mean` when absent. */
  readonly windows?: Windows;
}

/** A figure that each model earns on its own, against labels. `S` is what one sample contributes. */
export interface Labelled<S = unknown> {
  /**
   * @param outputs real values of each output, in the order of `MetricOptions.outputs`, the inferences one after another
   * @param real the real values that were fed to the first input, likewise
   * @param index of the sample
   */
  score(outputs: readonly Float32Array[], real: Float32Array, index: number): S;
  /** The figure, from the scores of all samples. */
  statistic(scores: readonly S[]): Statistic;
  /** Whether a sample was answered rightly, for metrics that count right answers. */
  right?(score: S): boolean;
  /** What a model said of a sample, a class or a text, where outputs alone do not tell it: for lists of samples. */
  answer?(score: S): number | string;
  /** Of metrics on classes: which one a sample is of, and whether it was found. */
  readonly classes?: {
    of(index: number): number;
    right(score: S, index: number): boolean;
    /** In the order of their numbers. */
    readonly names?: readonly string[];
  };
  /** Samples that the figure's error depends on, where they are not all: the rarer kind of two. */
  readonly deciding?: number;
  /** What a sample costs in an evaluation of the statistic, in additions; absent: a few. Costly ones get fewer resamples. */
  readonly work?: number;
  /** Whether the order of equally high scores decided on a sample. */
  tied?(outputs: readonly Float32Array[], index: number): boolean;
  /** What a model reaches on these labels that never looks at the data, and whether these scores are better. */
  chance(scores: readonly S[]): ChanceTest;
}

/** A figure of INT8 outputs beside FP32 outputs, without labels. */
export interface Against<S = unknown> {
  score(pair: OutputPair): S;
  statistic(scores: readonly S[]): Statistic;
  /** The figure of equal outputs. */
  readonly perfect: number;
}

/** The mean over samples of a figure that each sample has on its own. */
export const meanAgainst = (score: Against<number>['score'], perfect: number): Against<number> => ({
  score,
  statistic: meanOf,
  perfect,
});

/**
 * A metric: one file here, and one row of METRICS. With `labelled` alone it needs labels, with `against` alone it takes
 * none, with both it compares INT8 with FP32 where there are no labels.
 */
export interface MetricDefinition {
  readonly kind: Kind;
  /** Where a configuration writes more than the key of the row: a regular expression, and examples for people. */
  readonly names?: { readonly pattern: string; readonly examples: string };
  /** Whether outputs answer by the class they choose, or by their values. */
  readonly compares: 'classes' | 'values';
  /** Whether every sample is worth 1/n of the figure, so that this is the finest difference it can show. */
  readonly countsSamples?: true;
  /** Whether the configuration may say which output is the score. */
  readonly takesScore?: true;
  /** What the configuration may say about it beside its name. */
  readonly settings?: readonly SettingName[];
  /** Of the values of `average`, those that it knows; absent: all. */
  readonly averages?: readonly Average[];
  /** Whether without labels it is on the values of all outputs, not of one. */
  readonly comparesAll?: true;
  /** What labels are, where they are no numbers. */
  readonly labels?: 'texts';
  /** @throws InputError where labels or ports do not fit */
  labelled?(options: MetricOptions, labels: Labels): Labelled;
  /** With options, where the figure depends on ports or settings. */
  readonly against?: Against | ((options: MetricOptions) => Against);
}
