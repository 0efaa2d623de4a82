import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { elements, showShape } from '../../model/tensor/shape.ts';
import type { Labels } from '../data/label_table.ts';
import type { Accuracy } from '../verdict/report.ts';
import { aucChance, type Chance, errorChance, topNChance } from './chance.ts';
import { argmax, holdsIndexes, inTopK, tiesInTopK } from './outputs.ts';
import { aucOf, meanOf, type Statistic } from './statistics.ts';

/** What a model's accuracy is measured by. */
export interface Metric {
  readonly name: string;
  readonly kind: Accuracy['kind'];
  /** How one sample is scored on its own, against its label; null where INT8 is compared with FP32 instead. */
  readonly labelled: Labelled | null;
}

/** A figure that each model earns on its own. */
export interface Labelled {
  /**
   * What one sample contributes.
   *
   * @param output real values of the first output, the inferences one after another
   * @param real the real values that were fed to the first input, likewise
   * @param index of the sample
   */
  score(output: Float32Array, real: Float32Array, index: number): number;
  /** The figure, from the scores of all samples. */
  statistic(scores: Float64Array): Statistic;
  /** Whether the order of equally high scores decided on a sample; top-N only. */
  tied?(output: Float32Array, index: number): boolean;
  /** What a model reaches on these labels that never looks at the data, and whether these scores are better. */
  chance(scores: Float64Array): Chance;
}

export interface MetricOptions {
  /** As in the configuration: top1, top5, auc, agreement, mse, mae, cosine, sqnr. */
  readonly name: string;
  /** For auc. */
  readonly score?: 'reconstruction' | number;
  readonly labels: Labels | null;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * The metric of a configuration for a model with these ports and labels.
 * @throws InputError where labels are missing, or do not fit the model's output
 */
export function makeMetric(options: MetricOptions): Metric {
  const { name, labels } = options;
  const k = /^top(\d+)$/.exec(name)?.[1];
  if (k !== undefined) return { name, kind: 'share', labelled: topK(Number(k), options) };
  if (name === 'auc') return { name, kind: 'share', labelled: auc(options) };
  if (labels === null && name !== 'agreement' && options.outputs.every(holdsIndexes)) {
    throw new InputError(
      `metric ${name} compares values, but the model's outputs are ${options.outputs[0].dtype} class numbers; use agreement`,
    );
  }
  if (name === 'mse' || name === 'mae') {
    return { name, kind: 'error', labelled: labels === null ? null : error(name, labels, options) };
  }
  if (labels !== null)
    throw new InputError(
      `metric ${name} compares INT8 with FP32 and uses no labels; leave out data.labels, or choose top1`,
    );
  return { name, kind: name === 'agreement' ? 'share' : (name as 'cosine' | 'sqnr'), labelled: null };
}

function needLabels({ name, labels }: MetricOptions): Labels {
  if (labels === null)
    throw new InputError(`metric ${name} needs data.labels; without labels, use agreement, cosine or sqnr`);
  return labels;
}

function topK(k: number, options: MetricOptions): Labelled {
  const labels = needLabels(options);
  const [port] = options.outputs;
  const classes = port.shape.at(-1) ?? 1;
  if (elements(port.shape) !== classes || classes < 2) {
    throw new InputError(
      `metric ${options.name} needs one score a class, but output "${port.name}" is ${showShape(port.shape)}`,
    );
  }
  if (k >= classes) {
    throw new InputError(
      `metric ${options.name} cannot miss: the model distinguishes ${classes} classes, and the ${k} best of them are always right; use top${classes > 5 ? 5 : 1}`,
    );
  }
  checkClasses(labels, classes);
  return {
    score(output, _real, index) {
      const scores = meanOfInferences(output, classes);
      const label = labels.values[index];
      return (k === 1 ? argmax(scores) === label : inTopK(scores, label, k)) ? 1 : 0;
    },
    tied: (output, index) => tiesInTopK(meanOfInferences(output, classes), labels.values[index], k),
    statistic: meanOf,
    chance: (scores) =>
      topNChance(
        scores.reduce((a, b) => a + b, 0),
        labels.values,
        k,
        classes,
      ),
  };
}

function checkClasses({ values, width }: Labels, classes: number): void {
  if (width !== 1) throw new InputError(`data.labels: ${width} values a sample, but a class label is one number`);
  for (const [i, label] of values.entries()) {
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    const hint = label === classes || label === -1 ? '; see data.label-offset' : '';
    throw new InputError(
      `data.labels: sample ${i} has the label ${label}, but the model has ${classes} classes, 0 to ${classes - 1}${hint}`,
    );
  }
}

function auc(options: MetricOptions): Labelled {
  const labels = needLabels(options);
  checkClasses(labels, 2);
  const positive = Array.from(labels.values, (label) => label === 1);
  if (!positive.includes(true) || !positive.includes(false)) {
    throw new InputError('data.labels: metric auc needs samples of both kinds, 0 (normal) and 1 (anomalous)');
  }
  const size = elements(options.outputs[0].shape);
  const how =
    options.score ?? (size === elements(options.inputs[0].shape) ? 'reconstruction' : size <= 2 ? size - 1 : null);
  if (how === null)
    throw new InputError(`metric auc: the model has ${size} outputs; say with "score: N" which one is the score`);
  const statistic = (scores: Float64Array) => aucOf(scores, positive);
  const chance = (scores: Float64Array) =>
    aucChance(statistic(scores)(new Uint8Array(scores.length).fill(1)), positive);
  if (how === 'reconstruction') {
    if (size !== elements(options.inputs[0].shape)) {
      throw new InputError(
        'score: reconstruction needs an output of the size of the input; use "score: N" for the N-th output element',
      );
    }
    return { score: (output, real) => meanError(output, real, (d) => d * d), statistic, chance };
  }
  if (how >= size) throw new InputError(`score: ${how}, but the model has ${size} outputs, 0 to ${size - 1}`);
  return { score: (output) => meanOfInferences(output, size)[how], statistic, chance };
}

/** mse and mae against labels that are the values to be predicted. */
function error(name: 'mse' | 'mae', labels: Labels, { outputs: [port] }: MetricOptions): Labelled {
  const size = elements(port.shape);
  if (labels.width !== size) {
    throw new InputError(
      `data.labels: ${labels.width} values a sample, but output "${port.name}" ${showShape(port.shape)} has ${size}`,
    );
  }
  const norm = name === 'mse' ? (d: number) => d * d : Math.abs;
  return {
    score(output, _real, index) {
      const wanted = labels.values.subarray(index * size, (index + 1) * size);
      return meanError(meanOfInferences(output, size), wanted, norm);
    },
    statistic: meanOf,
    chance: (scores) => errorChance(scores, labels.values, size, norm),
  };
}

/** Mean over the inferences of a sample, element by element. */
function meanOfInferences(output: Float32Array, size: number): ArrayLike<number> {
  if (output.length === size) return output;
  const mean = new Float64Array(size);
  for (let i = 0; i < output.length; i++) mean[i % size] += output[i];
  return mean.map((sum) => (sum * size) / output.length);
}

function meanError(a: ArrayLike<number>, b: ArrayLike<number>, norm: (difference: number) => number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += norm(a[i] - b[i]);
  return sum / a.length;
}
