import type { Port } from '../../compiler/build.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { KINDS } from '../figures/kinds.ts';
import type { SampleRun, Subscriber } from '../sides.ts';
import { bootstrapOf } from './bootstrap.ts';
import { startComparison } from './comparison.ts';
import type { Metric } from './index.ts';
import { differenceBound } from './intervals.ts';
import { allFinite, checkFinite, finiteOrNull } from './numbers.ts';
import { OutputPair } from './outputs.ts';
import { figureOf, mcnemar, type Statistic } from './statistics.ts';
import { watchVariation } from './variation.ts';

/** What there is to say about FP32 outputs as something to compare with. */
export type ReferenceEvidence = Pick<Accuracy['evidence'], 'chance' | 'constant' | 'oneClass' | 'notFinite' | 'ties'>;

/** All figures of accuracy but for what the fed inputs say. */
export type Evaluated = Omit<Accuracy, 'fp32Target' | 'evidence'> & { readonly reference: ReferenceEvidence };

/**
 * Scores INT8 and FP32 sample by sample, keeps a few numbers of each, and gives the figures in the end.
 *
 * @param outputs output ports of the INT8 model; the FP32 model's have the same shapes
 * @param samples how many will be added
 * @param twin whether FP32 is the INT8 model's dequantized twin: outputs that are no finite numbers are then its fault
 * and counted, where a user's own model ends the check
 */
export function startEvaluation(
  metric: Metric,
  outputs: readonly Port[],
  samples: number,
  twin = false,
): Subscriber<Evaluated> {
  const { name, definition, labelled } = metric;
  const kind = KINDS[definition.kind];
  const classes = definition.compares === 'classes';
  const scores = { int8: [] as unknown[], fp32: [] as unknown[] };
  const comparison = startComparison(metric, outputs);
  const variation = watchVariation(classes);
  let inferences = 0;
  let notFinite = 0;
  let ties = 0;

  return {
    add({ index, inferences: n, real, outputs: { int8, fp32 } }: SampleRun) {
      inferences += n;
      checkFinite(int8, 'int8', index);
      if (labelled !== null) scores.int8.push(labelled.score(int8, real, index));
      if (labelled?.tied?.(int8, index)) ties++;
      if (twin && !allFinite(fp32)) {
        notFinite++;
        return;
      }
      checkFinite(fp32, 'fp32', index);
      if (labelled !== null) scores.fp32.push(labelled.score(fp32, real, index));
      const pair = new OutputPair(int8, fp32, outputs);
      comparison.add(pair);
      variation.add(fp32, pair);
    },
    finish() {
      const comparable = notFinite === 0;
      const int8 = labelled === null ? comparison.own() : labelled.statistic(scores.int8);
      const fp32 = labelled === null ? () => definition.against!.perfect : labelled.statistic(scores.fp32);
      const drop: Statistic = (weights) => kind.drop(int8(weights), fp32(weights));
      const figure = (statistic: Statistic) => finiteOrNull(figureOf(statistic, samples));
      const reference = comparable ? figure(fp32) : null;
      const right = labelled?.right?.bind(labelled);
      const varies = variation.finish(samples);
      const discordant =
        right === undefined || !comparable ? null : discordance(scores.int8.map(right), scores.fp32.map(right));
      return {
        ...{ metric: name, kind: definition.kind, samples, inferences, twin },
        int8: labelled === null && !comparable ? null : figure(int8),
        fp32: reference,
        drop: comparable ? figure(drop) : null,
        interval: reference === null ? null : intervalOf(drop, samples, discordant),
        resolution: definition.countsSamples ? 100 / samples : null,
        discordant,
        comparison: comparison.finish(samples, comparable),
        reference: {
          chance:
            labelled === null || !comparable
              ? null
              : { ...labelled.chance(scores.fp32), pInt8: labelled.chance(scores.int8).p },
          constant: comparable && varies.constant,
          oneClass: comparable && varies.oneClass,
          notFinite,
          ties,
        },
      };
    },
  };
}

/** 95 % interval of the drop: of counts by their score test, of other figures by resampling, where samples allow it. */
function intervalOf(drop: Statistic, samples: number, counts: Accuracy['discordant']): [number, number] | null {
  if (counts !== null) {
    const pairs = { samples, firstOnly: counts.fp32Only, secondOnly: counts.int8Only };
    return [100 * differenceBound(pairs, 'lower', ONE_SIDED), 100 * differenceBound(pairs, 'upper', ONE_SIDED)];
  }
  const resampled = bootstrapOf(drop, samples);
  return resampled && [resampled.bound('lower', ONE_SIDED), resampled.bound('upper', ONE_SIDED)];
}

/** Confidence of each bound of a 95 % interval. */
const ONE_SIDED = 0.975;

/** Samples that exactly one of the two gets right. */
function discordance(int8: readonly boolean[], fp32: readonly boolean[]) {
  const int8Only = int8.filter((right, i) => right && !fp32[i]).length;
  const fp32Only = fp32.filter((right, i) => right && !int8[i]).length;
  return { int8Only, fp32Only, p: mcnemar(int8Only, fp32Only) };
}
