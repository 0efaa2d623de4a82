import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import { type ChanceTest, gainChance } from './chance.ts';
import type { Labelled, Labels, MetricDefinition, MetricOptions } from './metric.ts';
import { classesOf, holdsIndexes, meanOfInferences } from './outputs.ts';
import { figureOf, type Statistic } from './statistics.ts';
import { alwaysOf, type Tally, tallyOf } from './tally.ts';

/** The label of pixels that do not count, where the configuration says none: Pascal VOC, Cityscapes. */
const IGNORED = 255;
/** The least score of class 1, where there is one score a pixel. */
const THRESHOLD = 0.5;

/** What a segmentation answers: how many pixels, and the class of each. */
interface Segmentation {
  readonly pixels: number;
  /** Labels are below it; null where the output does not say. */
  readonly classes: number | null;
  answers(output: Float32Array): ArrayLike<number>;
}

/**
 * An output [1, height, width, classes] of scores, [1, height, width, 1] of one score, or [1, height, width] or [1, height, width, 1]
 * of class numbers.
 * @throws InputError where it is none of these
 */
function segmentationOf({ name, outputs: [port], settings }: MetricOptions): Segmentation {
  const { shape } = port;
  const size = elements(shape);
  const indexes = holdsIndexes(port);
  if (shape[0] !== 1 || !(shape.length === 4 || (indexes && shape.length === 3)) || (indexes && (shape[3] ?? 1) !== 1))
    throw new InputError(
      `metric ${name} needs scores [1, height, width, classes] or class numbers [1, height, width], but output "${port.name}" is ${showShape(shape)}`,
    );
  if (indexes) return { pixels: size, classes: null, answers: (output) => output };
  if (shape[3] > 1) {
    const mean = (output: Float32Array) => Float32Array.from(meanOfInferences(output, size));
    return {
      ...{ pixels: size / shape[3], classes: shape[3] },
      answers: (output) => classesOf(output.length === size ? output : mean(output), port),
    };
  }
  const least = settings?.threshold ?? THRESHOLD;
  const answers = (output: Float32Array) =>
    Uint8Array.from(meanOfInferences(output, size), (score) => (score >= least ? 1 : 0));
  return { pixels: size, classes: 2, answers };
}

/**
 * Mean over classes of pixels that are of the class and were said to be, by those that are or were said to be: counts summed over
 * images, classes that occur in neither left out. NaN where there are none.
 */
export function meanIou(tallies: readonly Tally[]): Statistic {
  const places = new Map<number, number>();
  const placeOf = (kind: number): number => {
    const place = places.get(kind) ?? places.size;
    places.set(kind, place);
    return place;
  };
  const at = tallies.map(({ classes }) => Uint32Array.from(classes, placeOf));
  return (weights) => {
    const [both, either] = [new Float64Array(places.size), new Float64Array(places.size)];
    for (let i = 0; i < tallies.length; i++) {
      if (weights[i] === 0) continue;
      const tally = tallies[i];
      for (let k = 0; k < at[i].length; k++) {
        both[at[i][k]] += weights[i] * tally.both[k];
        either[at[i][k]] += weights[i] * tally.either[k];
      }
    }
    let sum = 0;
    let present = 0;
    for (let k = 0; k < places.size; k++) {
      if (either[k] === 0) continue;
      sum += both[k] / either[k];
      present++;
    }
    return sum / present;
  };
}

/** Images that are left out one by one for the test against chance; of larger sets, as many groups of them. */
const MOST_GROUPS = 200;

/**
 * Against a model that always answers the class of the most pixels. How often it is as good, by a z test on the jackknife's
 * pseudo-values of the difference. Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, 11.
 */
function commonestChance(tallies: readonly Tally[], always: readonly Tally[]): ChanceTest {
  const [own, other] = [meanIou(tallies), meanIou(always)];
  const n = tallies.length;
  const groups = Math.min(n, MOST_GROUPS);
  const weights = new Uint8Array(n).fill(1);
  const gain = own(weights) - other(weights);
  const gains = Array.from({ length: groups }, (_, g) => {
    for (let i = g; i < n; i += groups) weights[i] = 0;
    const without = own(weights) - other(weights);
    for (let i = g; i < n; i += groups) weights[i] = 1;
    return groups * gain - (groups - 1) * without;
  });
  const p = gain <= 0 ? 1 : gainChance(gains.filter(Number.isFinite));
  return { level: figureOf(other, n), p, by: 'the commonest class' };
}

/** @throws InputError where labels have not the size of the output, or are no numbers of classes */
function checkMasks({ values, width }: Labels, { pixels, classes }: Segmentation, name: string, ignored: number): void {
  if (width !== pixels)
    throw new InputError(
      `data.labels: ${width} pixels a sample, but the output has ${pixels}; metric ${name} needs masks of the output's height and width, resized by nearest neighbour`,
    );
  let counted = false;
  for (let i = 0; i < values.length; i++) {
    const label = values[i];
    if (label === ignored) continue;
    counted = true;
    if (Number.isInteger(label) && label >= 0 && (classes === null || label < classes)) continue;
    const most = classes === null ? '' : `, but the model has ${classes} classes, 0 to ${classes - 1}`;
    throw new InputError(
      `data.labels: sample ${Math.floor(i / width)} has the label ${label} at pixel ${i % width}${most}; ${ignored} is left out: metric: { name: ${name}, ignore: … } names another number, data.label-offset shifts them`,
    );
  }
  if (!counted) throw new InputError(`data.labels: metric ${name} needs pixels that count, but all are ${ignored}`);
}

/** Mean intersection over union of a segmentation, by one confusion matrix over all images. */
export const miou: MetricDefinition = {
  kind: 'share',
  compares: 'classes',
  settings: ['ignore', 'threshold'],
  labelled(options, labels): Labelled {
    const segmentation = segmentationOf(options);
    const { pixels, answers } = segmentation;
    const ignored = options.settings?.ignore ?? IGNORED;
    checkMasks(labels, segmentation, options.name, ignored);
    const mask = (index: number) => labels.values.subarray(index * pixels, (index + 1) * pixels);
    const counts = new Map<number, number>();
    const bare = Array.from({ length: labels.values.length / pixels }, (_, i) => tallyOf(mask(i), null, ignored));
    for (const { classes, either } of bare)
      for (const [k, kind] of classes.entries()) counts.set(kind, (counts.get(kind) ?? 0) + either[k]);
    const commonest = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
    const always = bare.map((own) => alwaysOf(own, commonest));
    const labelled: Labelled<Tally> = {
      score([output], _real, index) {
        if (output.length !== pixels && segmentation.classes === null)
          throw new InputError(`metric ${options.name}: several inferences a sample; leave out data.window`);
        return tallyOf(mask(index), answers(output), ignored);
      },
      statistic: meanIou,
      work: 2 * counts.size,
      chance: (tallies) => commonestChance(tallies, always),
    };
    return labelled as Labelled;
  },
};
