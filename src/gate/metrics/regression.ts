import type { Port } from '../../compiler/build.ts';
import { type FigureKind, KINDS, rangeOfDrop, spanOfDrop } from '../figures/kinds.ts';
import type { AccuracyRegression } from '../figures/regression.ts';
import type { SampleRun, Subscriber } from '../sides.ts';
import { boundsOf, type Estimate, linear, pairedDifference, resampled } from './estimate.ts';
import { discordance, OF_95_PERCENT } from './evaluation.ts';
import type { Metric } from './index.ts';
import type { Confidence } from './intervals.ts';
import { checkFinite, finiteOrNull } from './numbers.ts';
import { OutputPair } from './outputs.ts';
import { figureOf, type Statistic } from './statistics.ts';

/**
 * Scores INT8 and INT8 of the baseline sample by sample: each against labels, or without labels each against FP32. The drop
 * has the statistics of the one against FP32.
 *
 * @param outputs output ports of the INT8 model; those of the other sides have the same shapes
 * @param samples how many will be added
 * @param confidence of each bound
 */
export function startRegression(
  { definition, labelled, against, arrange }: Metric,
  outputs: readonly Port[],
  samples: number,
  confidence: Confidence,
): Subscriber<AccuracyRegression> {
  const kind: FigureKind = KINDS[definition.kind];
  const head: unknown[] = [];
  const base: unknown[] = [];
  const score = ({ index, real, outputs: of }: SampleRun, side: 'int8' | 'base'): unknown => {
    const own = of[side] as readonly Float32Array[];
    checkFinite(own, side, index);
    if (labelled !== null) return labelled.score(own, real, index);
    return against!.score(new OutputPair(arrange(own), arrange(of.fp32), arrange(outputs)));
  };
  return {
    add(sample) {
      head.push(score(sample, 'int8'));
      base.push(score(sample, 'base'));
    },
    finish() {
      const statistic = (scores: readonly unknown[]): Statistic =>
        labelled === null ? against!.statistic(scores) : labelled.statistic(scores);
      const [ofHead, ofBase] = [statistic(head), statistic(base)];
      const drop: Statistic = (weights) => kind.drop(ofHead(weights), ofBase(weights));
      const right = labelled?.right?.bind(labelled);
      // The one in the place of FP32 is what the other is held against.
      const counts = right === undefined ? null : discordance(head.map(right), base.map(right));
      const estimate = estimateOf(drop, counts);
      const interval = estimate && boundsOf(estimate, OF_95_PERCENT, rangeOfDrop(kind) ?? undefined);
      const oneSided = confidence === 'point' ? OF_95_PERCENT : confidence;
      return {
        base: finiteOrNull(figureOf(ofBase, samples)),
        drop: finiteOrNull(figureOf(drop, samples)),
        interval: interval && [interval.low, interval.high],
        bounds: estimate && boundsOf(estimate, oneSided, rangeOfDrop(kind) ?? undefined),
        discordant: counts && { headOnly: counts.int8Only, baseOnly: counts.fp32Only, p: counts.p },
        byPoint: false,
      };
    },
  };

  /** Of right answers by their pairs, of all else resampled in pairs. */
  function estimateOf(drop: Statistic, counts: ReturnType<typeof discordance> | null): Estimate | null {
    if (counts !== null)
      return linear(pairedDifference({ samples, firstOnly: counts.fp32Only, secondOnly: counts.int8Only }), 100);
    const size = spanOfDrop(kind);
    const deciding = Math.min(samples, labelled?.deciding ?? samples);
    return resampled(drop, samples, size === null ? null : { size, samples: deciding }, labelled?.work);
  }
}
