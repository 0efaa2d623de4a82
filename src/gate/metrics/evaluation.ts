import type { Port } from '../../compiler/build.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { type FigureKind, hasRatio, KINDS, type Kind, rangeOfDrop, spanOfDrop } from '../figures/kinds.ts';
import type { SampleRun, Subscriber } from '../sides.ts';
import { startComparison } from './comparison.ts';
import { boundsOf, countedShare, type Estimate, linear, pairedDifference, resampled } from './estimate.ts';
import type { Metric } from './index.ts';
import { type Confidence, DEFAULT_CONFIDENCE } from './intervals.ts';
import type { Labelled } from './metric.ts';
import { allFinite, checkFinite, finiteOrNull } from './numbers.ts';
import { OutputPair } from './outputs.ts';
import { perClass } from './per_class.ts';
import { ratioOfShares } from './ratio.ts';
import { figureOf, mcnemar, type Statistic } from './statistics.ts';
import { watchVariation } from './variation.ts';

/** What there is to say about FP32 outputs as something to compare with. */
export type ReferenceEvidence = Pick<Accuracy['evidence'], 'chance' | 'constant' | 'oneClass' | 'notFinite' | 'ties'>;

/** All figures of accuracy but for what the fed inputs say. */
export type Evaluated = Omit<Accuracy, 'int8Target' | 'fp32Target' | 'evidence'> & {
  readonly reference: ReferenceEvidence;
};

/**
 * Scores INT8 and FP32 sample by sample, keeps a few numbers of each, and gives the figures in the end.
 *
 * @param outputs output ports of the INT8 model; the FP32 model's have the same shapes
 * @param samples how many will be added
 * @param twin whether FP32 is the INT8 model's dequantized twin: outputs that are no finite numbers are then its fault
 * and counted, where a user's own model ends the check
 * @param confidence of the bounds that verdicts rest on
 */
export function startEvaluation(
  metric: Metric,
  outputs: readonly Port[],
  samples: number,
  twin = false,
  confidence: Confidence = DEFAULT_CONFIDENCE,
): Subscriber<Evaluated> {
  const { name, definition, labelled, arrange } = metric;
  const ports = arrange(outputs);
  const kind: FigureKind = KINDS[definition.kind];
  const classes = definition.compares === 'classes';
  const scores = { int8: [] as unknown[], fp32: [] as unknown[] };
  const comparison = startComparison(metric, ports);
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
      const pair = new OutputPair(arrange(int8), arrange(fp32), ports);
      comparison.add(pair);
      variation.add(fp32, pair);
    },
    finish() {
      const comparable = notFinite === 0;
      const int8 = labelled === null ? comparison.own() : labelled.statistic(scores.int8);
      const fp32 = labelled === null ? () => metric.against!.perfect : labelled.statistic(scores.fp32);
      const drop: Statistic = (weights) => kind.drop(int8(weights), fp32(weights));
      const ratio: Statistic = (weights) => int8(weights) / fp32(weights);
      const figure = (statistic: Statistic) => finiteOrNull(figureOf(statistic, samples));
      const reference = comparable ? figure(fp32) : null;
      const right = labelled?.right?.bind(labelled);
      const varies = variation.finish(samples);
      const discordant =
        right === undefined || !comparable ? null : discordance(scores.int8.map(right), scores.fp32.map(right));
      const ofFigure = (key: string) => (comparable ? comparison.estimate(key, samples) : null);
      const ofInt8 = labelled === null ? ofFigure(name) : estimateLabelled(labelled, scores.int8, definition.kind);
      const ofDrop = comparable ? estimateDrop(metric, drop, { samples, discordant, ofInt8 }) : null;
      const both = discordant === null ? 0 : scores.int8.filter(right!).length - discordant.int8Only;
      const source = { samples, discordant, ofInt8, both, fp32: reference };
      const ofRatio = comparable ? estimateRatio(metric, ratio, source) : null;
      const oneSided = confidence === 'point' ? OF_95_PERCENT : confidence;
      const bounds = (estimate: Estimate | null, range: readonly [number, number] | null) =>
        estimate && boundsOf(estimate, oneSided, range ?? undefined);
      const interval = ofDrop && boundsOf(ofDrop, OF_95_PERCENT);
      return {
        ...{ metric: name, kind: definition.kind, samples, inferences, twin },
        int8: labelled === null && !comparable ? null : figure(int8),
        fp32: reference,
        drop: comparable ? figure(drop) : null,
        ...(hasRatio(kind) && { ratio: comparable ? figure(ratio) : null }),
        interval: interval && [interval.low, interval.high],
        bounds: {
          confidence: confidence === 'point' ? null : confidence,
          int8: bounds(ofInt8, kind.range),
          drop: bounds(ofDrop, rangeOfDrop(kind)),
          ...(hasRatio(kind) && { ratio: bounds(ofRatio, AT_LEAST_NOTHING) }),
          agreement: bounds(ofFigure('agreement'), KINDS.share.range),
          sqnr: bounds(ofFigure('sqnr'), null),
          cosine: bounds(ofFigure('cosine'), KINDS.cosine.range),
        },
        resolution: definition.countsSamples ? 100 / samples : null,
        discordant,
        classes: labelled === null || !comparable ? null : perClass(labelled, scores.int8, scores.fp32),
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

/** Confidence of each bound of a 95 % interval. */
export const OF_95_PERCENT = 0.975;

/** What labels say of a model's own figure: right answers are counted, all else is resampled. */
function estimateLabelled(
  { right, statistic, work, deciding = Number.POSITIVE_INFINITY }: Labelled,
  scores: readonly unknown[],
  kind: Kind,
): Estimate | null {
  const samples = scores.length;
  if (right !== undefined) return countedShare(scores.filter((score) => right(score)).length, samples);
  const { span: size } = KINDS[kind];
  const span = size && { size, samples: Math.min(samples, deciding) };
  return resampled(statistic(scores), samples, span, work);
}

/** The drop: of right answers by their pairs, against FP32 by INT8's own figure, of all else resampled in pairs. */
function estimateDrop(
  { definition, labelled, against }: Metric,
  drop: Statistic,
  { samples, discordant, ofInt8 }: DropSource,
): Estimate | null {
  const kind: FigureKind = KINDS[definition.kind];
  if (discordant !== null) {
    const { fp32Only: firstOnly, int8Only: secondOnly } = discordant;
    return linear(pairedDifference({ samples, firstOnly, secondOnly }), 100);
  }
  if (labelled === null) {
    const perfect = kind.drop(0, against!.perfect);
    return ofInt8 && Number.isFinite(perfect) ? linear(ofInt8, kind.drop(1, 0), perfect) : null;
  }
  const size = spanOfDrop(kind);
  const span = size === null ? null : { size, samples: Math.min(samples, labelled.deciding ?? samples) };
  return resampled(drop, samples, span, labelled.work);
}

const AT_LEAST_NOTHING = [0, Number.POSITIVE_INFINITY] as const;

/**
 * INT8's figure over FP32's: of right answers by a score test on their pairs, against FP32 by INT8's own figure, of all else
 * resampled in pairs.
 */
function estimateRatio(
  { definition, labelled }: Metric,
  ratio: Statistic,
  { samples, discordant, both, ofInt8, fp32 }: RatioSource,
): Estimate | null {
  const kind: FigureKind = KINDS[definition.kind];
  if (!hasRatio(kind) || !fp32) return null;
  if (discordant !== null) {
    const { fp32Only: secondOnly, int8Only: firstOnly } = discordant;
    return ratioOfShares({ samples, both, firstOnly, secondOnly });
  }
  if (labelled === null) return ofInt8 && linear(ofInt8, 1 / fp32);
  const size = kind.span === null ? null : kind.span / fp32;
  const span = size === null ? null : { size, samples: Math.min(samples, labelled.deciding ?? samples) };
  return resampled(ratio, samples, span, labelled.work);
}

interface RatioSource extends DropSource {
  /** Samples that both get right, where right answers are counted. */
  readonly both: number;
  /** FP32's figure. */
  readonly fp32: number | null;
}

interface DropSource {
  readonly samples: number;
  readonly discordant: Accuracy['discordant'];
  /** Of INT8's own figure. */
  readonly ofInt8: Estimate | null;
}

/** Samples that exactly one of the two gets right. */
export function discordance(int8: readonly boolean[], fp32: readonly boolean[]) {
  const int8Only = int8.filter((right, i) => right && !fp32[i]).length;
  const fp32Only = fp32.filter((right, i) => right && !int8[i]).length;
  return { int8Only, fp32Only, p: mcnemar(int8Only, fp32Only) };
}
