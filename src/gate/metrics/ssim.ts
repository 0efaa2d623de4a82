import { InputError } from '../../errors.ts';
import { type ImageShape, imageShape, labelledImages, rangeOf } from './images.ts';
import type { Against, Labelled, MetricDefinition, MetricOptions } from './metric.ts';
import { meanOf } from './statistics.ts';

/** Taps of the window at either side of its middle, and its standard deviation in pixels. */
const REACH = 5;
const DEVIATION = 1.5;
const TAPS = 2 * REACH + 1;
const K1 = 0.01;
const K2 = 0.03;

const WINDOW = (() => {
  const taps = Float64Array.from({ length: TAPS }, (_, i) => Math.exp(-((i - REACH) ** 2) / (2 * DEVIATION ** 2)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
})();

/**
 * Structural similarity, the mean over the places where the window lies within the image, and over channels: a Gaussian window of
 * 11 × 11 with a deviation of 1.5 pixels, K1 = 0.01, K2 = 0.03. Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality
 * assessment", IEEE Trans. Image Processing 13, 2004.
 *
 * @param range largest less least value that a pixel can have
 */
export function ssimOf(
  image: ArrayLike<number>,
  target: ArrayLike<number>,
  { height, width, channels }: ImageShape,
  range: number,
): number {
  const [c1, c2] = [(K1 * range) ** 2, (K2 * range) ** 2];
  let sum = 0;
  for (let channel = 0; channel < channels; channel++) {
    const smooth = (pixel: (at: number) => number) => smoothed((i) => pixel(i * channels + channel), height, width);
    const x = smooth((i) => image[i]);
    const y = smooth((i) => target[i]);
    const xx = smooth((i) => image[i] * image[i]);
    const yy = smooth((i) => target[i] * target[i]);
    const xy = smooth((i) => image[i] * target[i]);
    let ofChannel = 0;
    for (let i = 0; i < x.length; i++) {
      const means = x[i] * y[i];
      const squares = x[i] * x[i] + y[i] * y[i];
      const luminance = (2 * means + c1) / (squares + c1);
      ofChannel += (luminance * (2 * (xy[i] - means) + c2)) / (xx[i] + yy[i] - squares + c2);
    }
    sum += ofChannel / x.length;
  }
  return sum / channels;
}

/** Weighted by the window, where it lies within the image: along rows, then along columns. */
function smoothed(pixel: (at: number) => number, height: number, width: number): Float64Array {
  const [rows, columns] = [height - TAPS + 1, width - TAPS + 1];
  const along = new Float64Array(height * columns);
  const line = new Float64Array(width);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) line[j] = pixel(i * width + j);
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let t = 0; t < TAPS; t++) sum += WINDOW[t] * line[j + t];
      along[i * columns + j] = sum;
    }
  }
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < TAPS; t++) {
      const from = (i + t) * columns;
      for (let j = 0; j < columns; j++) out[i * columns + j] += WINDOW[t] * along[from + j];
    }
  }
  return out;
}

/** @throws InputError where the window does not fit into the image */
function shapeOf(options: MetricOptions): ImageShape {
  const shape = imageShape(options);
  if (shape.height < TAPS || shape.width < TAPS)
    throw new InputError(
      `metric ssim: its window has ${TAPS} × ${TAPS} pixels, the output ${shape.height} × ${shape.width}; use psnr`,
    );
  return shape;
}

/** Mean structural similarity: to target images, or of INT8 to FP32. */
export const ssim: MetricDefinition = {
  kind: 'ssim',
  compares: 'values',
  settings: ['range'],
  labelled(options, labels): Labelled {
    const [shape, range] = [shapeOf(options), rangeOf(options)];
    return labelledImages(options, labels, (image, target) => ssimOf(image, target, shape, range)) as Labelled;
  },
  against(options): Against {
    const [shape, range] = [shapeOf(options), rangeOf(options)];
    const against: Against<number> = {
      score: ({ first }) => ssimOf(first.int8, first.fp32, shape, range),
      statistic: meanOf,
      perfect: 1,
    };
    return against as Against;
  },
};
