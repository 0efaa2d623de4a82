import { mean } from 'simple-statistics';
import type { Observed } from './launch.ts';
import { medianOf, quantilesOf } from './passes.ts';

/** Logarithms of a launch, one a pass. */
type Values = (launch: Observed) => Float64Array;

/** What one quantity comes to. */
export interface Centre {
  /** For each sample of the data, the median over all launches. */
  readonly ofSamples: readonly number[];
  /** One number a launch: its median, as if every sample had been timed equally often. */
  readonly ofLaunches: readonly number[];
}

/** Each launch's values less the median of their sample over all launches, and those medians. */
export interface Residuals {
  readonly rest: readonly Float64Array[];
  readonly ofSamples: readonly number[];
}

/** Splits a quantity into what samples of the data and what passes make of it. Pure. */
export function residuals(launches: readonly Observed[], of: Values): Residuals {
  const values = launches.map(of);
  const counts: number[] = [];
  for (const { samples } of launches)
    for (let i = 0; i < samples.length; i++) counts[samples[i]] = (counts[samples[i]] ?? 0) + 1;
  const bySample = counts.map((count) => new Float64Array(count));
  const filled = counts.map(() => 0);
  for (const [l, { samples }] of launches.entries())
    for (let i = 0; i < samples.length; i++) bySample[samples[i]][filled[samples[i]]++] = values[l][i];
  const medians = bySample.map(medianOf);
  const rest = launches.map(({ samples }, l) => {
    const less = new Float64Array(samples.length);
    for (let i = 0; i < less.length; i++) less[i] = values[l][i] - medians[samples[i]];
    return less;
  });
  // Samples that no launch has timed leave holes.
  return { rest, ofSamples: medians.filter(() => true) };
}

/**
 * The medians of a quantity by sample and by launch. Samples of the data differ (in ReLU's zeros, for one), and a median
 * over a mixture would jump from one sample's values to another's: so a launch's median is that of its distances from the
 * samples' own medians, to which their mean is added. What those medians err by cancels. Pure.
 */
export function centre({ rest, ofSamples }: Residuals): Centre {
  const level = mean(ofSamples);
  return { ofSamples, ofLaunches: rest.map((values) => level + medianOf(values)) };
}

/** Quantile of a build's times that stands for the machine left alone. */
const UNDISTURBED = 0.15;

/**
 * How far the log ratio of two slots moves, launch by launch, when each is taken by its undisturbed times instead of by
 * all. About 0 for noise that hits both alike; a neighbour that comes and goes and slows one build more moves it. Pure.
 */
export function shift(a: Residuals, b: Residuals): number[] {
  const depth = ({ rest }: Residuals) =>
    rest.map((values) => {
      const [low, middle] = quantilesOf(values, UNDISTURBED, 0.5);
      return low - middle;
    });
  const other = depth(b);
  return depth(a).map((x, l) => x - other[l]);
}
