import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import { isFloat } from '../../model/tensor/dtype.ts';
import type { Accuracy, Comparison } from '../verdict/report.ts';
import type { Metric } from './metric.ts';
import { argmax, cosineOf, maeOf, mseOf, pairSums, sqnrOf } from './outputs.ts';
import { bootstrap, mcnemar, meanOf, type Statistic } from './statistics.ts';

/** Takes the outputs of both models sample by sample, keeps a few numbers of each, and gives the figures in the end. */
export interface Evaluation {
  /**
   * @param index of the sample
   * @param real the real values fed to the first input
   * @param int8 for each output, the real values of the sample's inferences one after another
   * @param fp32 the same of the FP32 model
   */
  add(index: number, real: Float32Array, int8: readonly Float32Array[], fp32: readonly Float32Array[]): void;
  finish(): Omit<Accuracy, 'fp32Target'>;
}

/**
 * @param outputs output ports of the INT8 model; the FP32 model's have the same shapes
 * @param samples how many will be added
 */
export function startEvaluation(metric: Metric, outputs: readonly Port[], samples: number): Evaluation {
  const column = () => new Float64Array(samples);
  const score = { int8: column(), fp32: column() };
  const pair = { signal: column(), noise: column(), mse: column(), mae: column(), cosine: column(), agree: column() };
  const comparesClasses = metric.name.startsWith('top') || metric.name === 'agreement';
  let inferences = 0;

  return {
    add(index, real, int8, fp32) {
      checkNumbers(int8, 'INT8', index);
      checkNumbers(fp32, 'FP32', index);
      if (metric.labelled !== null) {
        score.int8[index] = metric.labelled.score(int8[0], real, index);
        score.fp32[index] = metric.labelled.score(fp32[0], real, index);
      }
      const sums = pairSums(join(int8), join(fp32));
      pair.signal[index] = sums.signal;
      pair.noise[index] = sums.squared;
      pair.mse[index] = mseOf(sums);
      pair.mae[index] = maeOf(sums);
      pair.cosine[index] = cosineOf(sums);
      if (comparesClasses) pair.agree[index] = agreement(int8[0], fp32[0], outputs[0]);
      const size = outputs[0].shape.reduce((a, b) => a * b, 1);
      inferences += int8[0].length / size;
    },
    finish() {
      const sqnr: Statistic = (weights) => sqnrOf(dot(weights, pair.signal), dot(weights, pair.noise));
      const ones = new Float64Array(samples).fill(1);
      const comparison: Comparison = {
        agreement: comparesClasses ? meanOf(pair.agree)(ones) : null,
        sqnr: finite(sqnr(ones)),
        cosine: finite(meanOf(pair.cosine)(ones)),
        mse: finite(meanOf(pair.mse)(ones)),
        mae: finite(meanOf(pair.mae)(ones)),
      };
      const against: Record<string, [Statistic, number]> = {
        agreement: [meanOf(pair.agree), 1],
        cosine: [meanOf(pair.cosine), 1],
        sqnr: [sqnr, Number.POSITIVE_INFINITY],
        mse: [meanOf(pair.mse), 0],
        mae: [meanOf(pair.mae), 0],
      };
      const { labelled, kind, name } = metric;
      const int8 = labelled === null ? against[name][0] : labelled.statistic(score.int8);
      const fp32 = labelled === null ? () => against[name][1] : labelled.statistic(score.fp32);
      const drop: Statistic = (weights) => {
        const [q, f] = [int8(weights), fp32(weights)];
        return kind === 'share' ? 100 * (f - q) : kind === 'error' ? q - f : f - q;
      };
      const rightOrWrong = labelled !== null && name.startsWith('top');
      return {
        ...{ metric: name, kind, samples, inferences },
        ...{ int8: finite(int8(ones)), fp32: finite(fp32(ones)), drop: finite(drop(ones)) },
        interval: kind === 'sqnr' ? null : bootstrap(drop, samples),
        resolution: rightOrWrong || name === 'agreement' ? 100 / samples : null,
        discordant: rightOrWrong ? discordance(score.int8, score.fp32) : null,
        comparison,
      };
    },
  };
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

function dot(weights: ArrayLike<number>, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights[i] * values[i];
  return sum;
}

/** All outputs as one list of values. */
function join(outputs: readonly Float32Array[]): Float32Array {
  if (outputs.length === 1) return outputs[0];
  const all = new Float32Array(outputs.reduce((n, output) => n + output.length, 0));
  let at = 0;
  for (const output of outputs) {
    all.set(output, at);
    at += output.length;
  }
  return all;
}

/** Share of positions at which both choose the same class: argmax along the last dimension, or class numbers as such. */
function agreement(int8: Float32Array, fp32: Float32Array, port: Port): number {
  const isIndex = !isFloat(port.dtype) && port.quantization === null;
  const classes = isIndex ? 1 : (port.shape.at(-1) ?? 1);
  const rows = int8.length / classes;
  let same = 0;
  for (let r = 0; r < rows; r++) {
    const [a, b] = [int8, fp32].map((output) => output.subarray(r * classes, (r + 1) * classes));
    if (isIndex ? a[0] === b[0] : argmax(a) === argmax(b)) same++;
  }
  return same / rows;
}

function discordance(int8: Float64Array, fp32: Float64Array) {
  let int8Only = 0;
  let fp32Only = 0;
  for (let i = 0; i < int8.length; i++) {
    if (int8[i] > fp32[i]) int8Only++;
    if (int8[i] < fp32[i]) fp32Only++;
  }
  return { int8Only, fp32Only, p: mcnemar(int8Only, fp32Only) };
}

function checkNumbers(outputs: readonly Float32Array[], form: string, index: number): void {
  for (const output of outputs) {
    for (let i = 0; i < output.length; i++) {
      if (Number.isFinite(output[i])) continue;
      throw new InputError(
        `the ${form} model's output for sample ${index} is ${output[i]} at element ${i}; check the model, and that data.preprocess is what it was trained with`,
      );
    }
  }
}
