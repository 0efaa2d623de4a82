import type { Port } from '../../compiler/build.ts';
import { InputError } from '../../errors.ts';
import type { Accuracy, Comparison } from '../figures/accuracy.ts';
import type { Metric } from './metric.ts';
import { classesOf, cosineOf, holdsIndexes, maeOf, mseOf, pairSums, sqnrOf } from './outputs.ts';
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
  finish(): Omit<Accuracy, 'fp32Target' | 'evidence'> & { readonly reference: Reference };
}

/** What there is to say about FP32 outputs as something to compare with. */
export type Reference = Pick<Accuracy['evidence'], 'chance' | 'constant' | 'oneClass' | 'notFinite' | 'ties'>;

/**
 * @param outputs output ports of the INT8 model; the FP32 model's have the same shapes
 * @param samples how many will be added
 * @param twin whether FP32 is the INT8 model's dequantized twin: outputs that are no finite numbers are then its fault
 * and counted, where a user's own model ends the check
 */
export function startEvaluation(metric: Metric, outputs: readonly Port[], samples: number, twin = false): Evaluation {
  const column = () => new Float64Array(samples);
  const score = { int8: column(), fp32: column() };
  const pair = { signal: column(), noise: column(), mse: column(), mae: column(), cosine: column(), agree: column() };
  const comparesClasses = metric.name.startsWith('top') || metric.name === 'agreement';
  const values = outputs.flatMap((port, i) => (holdsIndexes(port) ? [] : [i]));
  const chosen = new Set<number>();
  let inferences = 0;
  let notFinite = 0;
  let ties = 0;
  let constant = true;
  let first: readonly Float32Array[] | null = null;

  return {
    add(index, real, int8, fp32) {
      const size = outputs[0].shape.reduce((a, b) => a * b, 1);
      inferences += int8[0].length / size;
      checkNumbers(int8, 'INT8', index);
      if (metric.labelled !== null) score.int8[index] = metric.labelled.score(int8[0], real, index);
      if (metric.labelled?.tied?.(int8[0], index)) ties++;
      if (twin && !fp32.every((output) => output.every(Number.isFinite))) {
        notFinite++;
        return;
      }
      checkNumbers(fp32, 'FP32', index);
      first ??= fp32;
      constant &&= first.every((output, k) => output.every((x, i) => i >= fp32[k].length || x === fp32[k][i]));
      if (metric.labelled !== null) score.fp32[index] = metric.labelled.score(fp32[0], real, index);
      const sums = pairSums(join(values.map((i) => int8[i])), join(values.map((i) => fp32[i])));
      pair.signal[index] = sums.signal;
      pair.noise[index] = sums.squared;
      pair.mse[index] = mseOf(sums);
      pair.mae[index] = maeOf(sums);
      pair.cosine[index] = cosineOf(sums);
      if (!comparesClasses) return;
      const classes = { int8: classesOf(int8[0], outputs[0]), fp32: classesOf(fp32[0], outputs[0]) };
      pair.agree[index] = agreement(classes.int8, classes.fp32);
      for (let i = 0; i < classes.fp32.length && chosen.size < 2; i++) chosen.add(classes.fp32[i]);
    },
    finish() {
      const sqnr: Statistic = (weights) => sqnrOf(dot(weights, pair.signal), dot(weights, pair.noise));
      const ones = new Float64Array(samples).fill(1);
      const comparable = notFinite === 0;
      // Figures against FP32, of classes and of values; null where there is nothing to compare.
      const alone = (statistic: Statistic) => (comparable ? finite(statistic(ones)) : null);
      const ofValues = (statistic: Statistic) => (values.length > 0 ? alone(statistic) : null);
      const comparison: Comparison = {
        agreement: comparesClasses ? alone(meanOf(pair.agree)) : null,
        sqnr: ofValues(sqnr),
        noSqnr: !comparable ? 'not-finite' : values.length === 0 ? 'class-numbers' : infinite(sqnr(ones)),
        cosine: ofValues(meanOf(pair.cosine)),
        mse: ofValues(meanOf(pair.mse)),
        mae: ofValues(meanOf(pair.mae)),
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
        ...{ metric: name, kind, samples, inferences, twin },
        int8: labelled === null ? alone(int8) : finite(int8(ones)),
        fp32: alone(fp32),
        drop: alone(drop),
        interval: kind === 'sqnr' || !comparable ? null : bootstrap(drop, samples),
        resolution: rightOrWrong || name === 'agreement' ? 100 / samples : null,
        discordant: rightOrWrong && comparable ? discordance(score.int8, score.fp32) : null,
        comparison,
        reference: {
          chance:
            labelled === null || !comparable
              ? null
              : { ...labelled.chance(score.fp32), pInt8: labelled.chance(score.int8).p },
          constant: comparable && samples > 1 && constant,
          oneClass: comparesClasses && comparable && chosen.size === 1,
          notFinite,
          ties,
        },
      };
    },
  };
}

const finite = (x: number): number | null => (Number.isFinite(x) ? x : null);

/** JSON has no infinities: what an infinite SQNR means. */
const infinite = (sqnr: number): 'equal' | 'no-signal' | null =>
  Number.isFinite(sqnr) ? null : sqnr > 0 ? 'equal' : 'no-signal';

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

/** Share of positions at which both choose the same class. */
function agreement(int8: ArrayLike<number>, fp32: ArrayLike<number>): number {
  let same = 0;
  for (let i = 0; i < int8.length; i++) if (int8[i] === fp32[i]) same++;
  return same / int8.length;
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
