import { meanError, squared } from './errors.ts';
import { labelledImages, rangeOf } from './images.ts';
import type { Against, Labelled, MetricDefinition } from './metric.ts';
import { meanOf } from './statistics.ts';

/** An image without error counts as one with an error of 1e-10 of the range, squared: else one of them makes a mean infinite. */
const BEST = 100;

/**
 * Peak signal to noise ratio in dB: 10·log10(range² / mean squared error), at most 100.
 *
 * @param range largest less least value that a pixel can have
 */
export function psnrOf(image: ArrayLike<number>, target: ArrayLike<number>, range: number): number {
  const error = meanError(image, target, squared);
  return error === 0 ? BEST : Math.min(BEST, 10 * Math.log10((range * range) / error));
}

/** Mean over images of the peak signal to noise ratio: against target images, or of INT8 against FP32. */
export const psnr: MetricDefinition = {
  kind: 'psnr',
  compares: 'values',
  settings: ['range'],
  labelled(options, labels): Labelled {
    const range = rangeOf(options);
    return labelledImages(options, labels, (image, target) => psnrOf(image, target, range)) as Labelled;
  },
  against(options): Against {
    const range = rangeOf(options);
    const against: Against<number> = {
      score: ({ first }) => psnrOf(first.int8, first.fp32, range),
      statistic: meanOf,
      perfect: Number.POSITIVE_INFINITY,
    };
    return against as Against;
  },
};
