import { InputError } from '../../errors.ts';
import { type Shape, showShape } from '../../model/tensor/shape.ts';
import { gainChance } from './chance.ts';
import { checkTargets } from './errors.ts';
import type { Labelled, Labels, MetricOptions } from './metric.ts';
import { meanOfInferences } from './outputs.ts';
import { figureOf, meanOf } from './statistics.ts';

/** Height, width and channels of an output that is an image. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** An output [1, height, width, channels], [height, width, channels], [1, height, width] or [height, width]. */
export function imageShape({ name, outputs: [port] }: MetricOptions): ImageShape {
  const [height, width, channels = 1, ...rest] = withoutBatch(port.shape);
  if (width === undefined || rest.length > 0)
    throw new InputError(
      `metric ${name} needs an image [1, height, width, channels], but output "${port.name}" is ${showShape(port.shape)}`,
    );
  return { height, width, channels };
}

const withoutBatch = (shape: Shape): Shape => (shape.length > 2 && shape[0] === 1 ? shape.slice(1) : shape);

/**
 * The range of pixel values, which files of models do not say.
 * @throws InputError where the configuration does not say it either
 */
export function rangeOf({ name, settings }: MetricOptions): number {
  if (settings?.range !== undefined) return settings.range;
  throw new InputError(
    `metric ${name} needs the range of pixel values: metric: { name: ${name}, range: 255 } for 0 to 255, 1 for 0 to 1, 2 for −1 to 1`,
  );
}

/** A likeness of two images, the larger the more alike. */
export type Likeness = (image: ArrayLike<number>, target: ArrayLike<number>) => number;

/**
 * The mean likeness to target images.
 * @throws InputError where targets have not the size of the output
 */
export function labelledImages(options: MetricOptions, labels: Labels, likeness: Likeness): Labelled<number> {
  const size = checkTargets(options, labels);
  const samples = labels.values.length / size;
  const target = (index: number) => labels.values.subarray(index * size, (index + 1) * size);
  /** What the mean of all targets is worth, image by image; computed when asked for. */
  let ofMean: Float64Array | null = null;
  const worth = () => {
    const mean = new Float64Array(size);
    labels.values.forEach((x, i) => {
      mean[i % size] += x / samples;
    });
    return Float64Array.from({ length: samples }, (_, i) => likeness(mean, target(i)));
  };
  return {
    score: ([output], _real, index) => likeness(meanOfInferences(output, size), target(index)),
    statistic: meanOf,
    chance(scores) {
      ofMean ??= worth();
      const gains = ofMean.map((mean, i) => scores[i] - mean);
      return { level: figureOf(meanOf(ofMean), samples), p: gainChance(gains), by: 'the mean of the labels' };
    },
  };
}
