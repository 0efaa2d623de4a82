import type { Accuracy, Bounds } from '../figures/accuracy.ts';
import { formatAgainst, formatCount, formatFigure, formatSqnr, nameOfFp32 } from '../figures/format.ts';
import { type FigureKind, KINDS } from '../figures/kinds.ts';
import { LEAST_TO_RESAMPLE } from '../metrics/bootstrap.ts';
import { LEAST_DECIDING } from '../metrics/estimate.ts';
import { metricNamed } from '../metrics/index.ts';
import {
  CONTINUITY,
  deviationOfDifference,
  deviationOfShare,
  type Observed,
  samplesToDecide,
} from '../metrics/intervals.ts';
import { decide, type Held } from './decide.ts';
import { type Finding, inconclusive } from './finding.ts';

/** A figure of accuracy, and the limit that it is held against. */
interface Judged {
  readonly measured: number;
  readonly bounds: Bounds | null;
  readonly held: Pick<Held, 'value' | 'sense'>;
  readonly unit: string;
  /** How samples are planned, where it is not by `bounds.deviation` alone. */
  readonly plan?: Pick<Observed, 'atLimit' | 'step'>;
}

/**
 * A figure by its one-sided bounds, or by the point where the configuration says so. The reason has the bounds, and the
 * samples that would decide where those that there are do not, or would not in one set of five.
 *
 * @param what the sentence up to the figure
 * @param where what stands between the figure and its limit
 */
export function judgeFigure(judged: Judged, accuracy: Accuracy, what: string, where = ''): Finding {
  const { measured, bounds, held, unit } = judged;
  const { confidence } = accuracy.bounds;
  const byPoint = confidence === null;
  const role = held.sense === 'at-least' ? 'required' : 'allowed';
  const shown = unit === 'points' ? Math.abs(measured) : measured;
  const found = { measured, threshold: held.value, unit };
  if (bounds === null) {
    const [limit, figure] = formatAgainst(held.value, [shown], unit);
    const base = `${what} ${figure}${where}, ${limit} ${role}`;
    if (byPoint) return { ...found, status: decide({ low: measured, high: measured }, held), reason: base };
    return { ...found, status: 'inconclusive', reason: `${base}; ${withoutBounds(accuracy)}` };
  }
  const status = decide(byPoint ? { low: measured, high: measured } : bounds, held);
  const [limit, figure, low, high] = formatAgainst(held.value, [shown, bounds.low, bounds.high], unit);
  const shared = low.slice(low.lastIndexOf(' '));
  const lower = shared.startsWith(' ') && high.endsWith(shared) ? low.slice(0, -shared.length) : low;
  const range = `${byPoint ? '95 % interval' : `${percent(confidence)} bounds`} ${lower} to ${high}`;
  const reason = `${what} ${figure} (${range})${where}, ${limit} ${role}`;
  const said = doubt(status, judged, accuracy);
  if (said === null) return { ...found, status, reason };
  return { ...found, status, reason: `${reason}; ${said}`, ...(status === 'inconclusive' ? {} : { narrow: said }) };
}

/** What is said of samples that do not decide, or hardly; null where they do. */
function doubt(status: Finding['status'], { measured, bounds, held, plan }: Judged, accuracy: Accuracy): string | null {
  const { samples } = accuracy;
  const { confidence } = accuracy.bounds;
  const { low, high, deviation } = bounds!;
  const observed = { estimate: measured, deviation, ...plan };
  const enough = samplesToDecide(observed, held.value, confidence ?? 0.95);
  const about = enough === null ? null : `about ${formatCount(Number(enough.toPrecision(2)))}`;
  const would =
    about === null
      ? 'and no number would: the figure is at the limit itself'
      : `${enough! > samples ? about : 'a few more'} would`;
  const those = `${formatCount(samples)} sample${samples === 1 ? '' : 's'}`;
  if (confidence === null) {
    const open = low < held.value && held.value < high;
    return open ? `the 95 % interval contains the threshold: ${those} cannot resolve it, ${would}` : null;
  }
  if (status === 'inconclusive') return `${those} cannot decide it, ${would}`;
  if (enough !== null && enough <= samples) return null;
  const clear = about === null ? 'the figure is at the limit itself' : `${about} samples would make it clear`;
  return `it is a narrow decision: ${clear}`;
}

const percent = (confidence: number): string => `${Number((100 * confidence).toPrecision(6))} %`;

/** Why there are no bounds. */
const withoutBounds = ({ metric, samples }: Accuracy): string =>
  samples < LEAST_TO_RESAMPLE
    ? `${formatCount(samples)} samples say too little of others, ${LEAST_TO_RESAMPLE} are needed`
    : `what other samples would give cannot be told from these${metricNamed(metric)?.takesScore ? `: ${metric} needs ${LEAST_DECIDING} of either kind` : ''}`;

/** Why a figure against FP32 is not there. */
function undefinedFor({ metric, comparison: { noSqnr } }: Accuracy): string {
  if (noSqnr === 'not-finite') return 'cannot be computed: the twin gives NaN or infinite values';
  if (noSqnr === 'class-numbers') return 'compares values, but the outputs are class numbers; use min-agreement';
  return `is only defined for class scores, not for the metric ${metric}`;
}

export function maxDrop(most: number, accuracy: Accuracy): Finding {
  const { kind, metric, int8, fp32, drop, twin, bounds } = accuracy;
  if (drop === null) return inconclusive(most, 'points', `the drop ${undefinedFor(accuracy)}`);
  const from = `from ${formatFigure(fp32, 'share')}${twin ? ' (twin)' : ''} to ${formatFigure(int8, 'share')}`;
  const held = { value: most, sense: 'at-most' } as const;
  const judged = { measured: drop, bounds: bounds.drop, held, unit: 'points', plan: planOfDrop(most, accuracy) };
  return judgeFigure(judged, accuracy, `${metric} ${moves(KINDS[kind], drop)}`, `, ${from}`);
}

/** What a figure does that is worse by `drop`. */
export const moves = ({ higherIsBetter }: FigureKind, drop: number): string =>
  drop < 0 === higherIsBetter ? 'rises' : 'drops';

export function planOfDrop(
  limit: number,
  { discordant, samples }: Pick<Accuracy, 'discordant' | 'samples'>,
): Judged['plan'] {
  if (discordant === null) return {};
  const pairs = { samples, firstOnly: discordant.fp32Only, secondOnly: discordant.int8Only };
  return { atLimit: 100 * deviationOfDifference(pairs, limit / 100), step: 100 * CONTINUITY };
}

/** A share of samples varies with itself. */
function planOfShare(limit: number, share: number, bounds: Bounds | null, samples: number): Judged['plan'] {
  if (bounds === null) return {};
  const relative = Math.sqrt(limit * (1 - limit)) / deviationOfShare(share, samples);
  return { atLimit: bounds.deviation * relative, step: CONTINUITY };
}

/** The drop of a figure in its own unit. */
export function maxMetricDrop(most: number, accuracy: Accuracy): Finding {
  const { kind, metric, int8, fp32, drop, twin, bounds } = accuracy;
  const { unit, dropUnit } = KINDS[kind];
  if (drop === null) return inconclusive(most, dropUnit, `the drop ${undefinedFor(accuracy)}`);
  // Without a difference on any sample there is nothing to resample.
  if (drop === 0 && accuracy.comparison.noSqnr === 'equal') return equal(most, dropUnit, accuracy, 0);
  const from = `from ${formatFigure(fp32, unit)}${twin ? ' (twin)' : ''} to ${formatFigure(int8, unit)}`;
  const held = { value: most, sense: 'at-most' } as const;
  const judged = { measured: drop, bounds: bounds.drop, held, unit: dropUnit };
  return judgeFigure(judged, accuracy, `INT8 ${metric} is worse by`, `, ${from}`);
}

export function minPsnr(least: number, accuracy: Accuracy): Finding {
  const { metric, int8, bounds, comparison, evidence } = accuracy;
  if (evidence.chance === null && comparison.noSqnr === 'equal') return equal(least, 'dB', accuracy, null);
  if (int8 === null) return inconclusive(least, 'dB', `${metric} ${undefinedFor(accuracy)}`);
  const held = { value: least, sense: 'at-least' } as const;
  return judgeFigure({ measured: int8, bounds: bounds.int8, held, unit: 'dB' }, accuracy, `INT8 ${metric} is`);
}

export function minAccuracy(least: number, accuracy: Accuracy): Finding {
  const { kind, metric, int8, bounds, samples } = accuracy;
  const { unit } = KINDS[kind];
  if (int8 === null) return inconclusive(least, unit, `${metric} ${undefinedFor(accuracy)}`);
  const held = { value: least, sense: 'at-least' } as const;
  const plan = kind === 'share' ? planOfShare(least, int8, bounds.int8, samples) : {};
  return judgeFigure({ measured: int8, bounds: bounds.int8, held, unit, plan }, accuracy, `INT8 ${metric} is`);
}

/** INT8's figure as a share of FP32's. */
export function minAccuracyRatio(least: number, accuracy: Accuracy): Finding {
  const { kind, metric, int8, fp32, ratio = null, bounds } = accuracy;
  if (int8 !== null && fp32 === 0)
    return inconclusive(least, 'share', `FP32 ${metric} is 0: nothing is a share of it; use min-accuracy`);
  if (ratio === null) return inconclusive(least, 'share', `the ratio ${undefinedFor(accuracy)}`);
  const { unit } = KINDS[kind];
  const held = { value: least, sense: 'at-least' } as const;
  const plan = accuracy.discordant === null ? {} : { step: CONTINUITY / fp32! };
  const judged = { measured: ratio, bounds: bounds.ratio ?? null, held, unit: 'share', plan };
  const where = `, ${formatFigure(int8, unit)} of ${formatFigure(fp32, unit)}`;
  return judgeFigure(judged, accuracy, `INT8 ${metric} over that of ${nameOfFp32(accuracy)} is`, where);
}

export function maxError(most: number, accuracy: Accuracy): Finding {
  const { kind, metric, int8, bounds, evidence } = accuracy;
  const { unit } = KINDS[kind];
  if (int8 === null) return inconclusive(most, unit, `${metric} ${undefinedFor(accuracy)}`);
  const held = { value: most, sense: 'at-most' } as const;
  const judged = { measured: int8, bounds: bounds.int8, held, unit };
  // Against FP32, INT8 without an error on any sample has nothing to resample.
  const against = kind === 'error' || evidence.chance === null;
  if (int8 === 0 && against && accuracy.comparison.noSqnr === 'equal') return equal(most, unit, accuracy, 0);
  return judgeFigure(judged, accuracy, `INT8 ${metric} is`);
}

export function minAgreement(least: number, accuracy: Accuracy): Finding {
  const { agreement } = accuracy.comparison;
  if (agreement === null) return inconclusive(least, 'share', `agreement ${undefinedFor(accuracy)}`);
  const held = { value: least, sense: 'at-least' } as const;
  const { bounds, samples } = accuracy;
  const plan = planOfShare(least, agreement, bounds.agreement, samples);
  const judged = { measured: agreement, bounds: bounds.agreement, held, unit: 'share', plan };
  return judgeFigure(judged, accuracy, `INT8 and ${nameOfFp32(accuracy)} agree on`);
}

export function minCosine(least: number, accuracy: Accuracy): Finding {
  const { cosine } = accuracy.comparison;
  if (cosine === null) return inconclusive(least, 'cosine', `the cosine ${undefinedFor(accuracy)}`);
  const held = { value: least, sense: 'at-least' } as const;
  const judged = { measured: cosine, bounds: accuracy.bounds.cosine, held, unit: 'cosine' };
  return judgeFigure(judged, accuracy, `mean cosine to ${nameOfFp32(accuracy)} is`);
}

export function minSqnr(least: number, accuracy: Accuracy): Finding {
  const { sqnr, noSqnr } = accuracy.comparison;
  const name = nameOfFp32(accuracy);
  if (noSqnr === 'equal') return equal(least, 'dB', accuracy, null);
  if (noSqnr === 'no-signal') {
    return {
      ...{ status: 'fail', measured: null, threshold: least, unit: 'dB' },
      reason: `the outputs of ${name} are all zero, those of INT8 are not: SQNR is ${formatSqnr({ sqnr, noSqnr })}, ${formatFigure(least, 'dB')} required`,
    };
  }
  if (sqnr === null) return inconclusive(least, 'dB', `SQNR ${undefinedFor(accuracy)}`);
  const held = { value: least, sense: 'at-least' } as const;
  const judged = { measured: sqnr, bounds: accuracy.bounds.sqnr, held, unit: 'dB' };
  return judgeFigure(judged, accuracy, `SQNR against ${name} is`);
}

const equal = (threshold: number, unit: string, accuracy: Accuracy, measured: number | null): Finding => ({
  ...{ status: 'pass', measured, threshold, unit },
  reason: `INT8 outputs equal those of ${nameOfFp32(accuracy)}`,
});
