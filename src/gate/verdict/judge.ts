import type { Place } from '../../errors.ts';
import { parseLatency } from '../config/load.ts';
import type { ThresholdId, Thresholds } from '../config/schema.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { formatAgainst, formatCount, formatFigure, formatInterval } from '../figures/format.ts';
import type { Latency } from '../figures/latency.ts';
import type { Check, Status } from './report.ts';

/** What was measured for one model on one target. */
export interface Measurements {
  readonly accuracy: Accuracy;
  readonly latency: Latency | null;
  /** Why there is no latency, or why it proves nothing (an unfit machine); speed checks are then inconclusive. */
  readonly doubt: string | null;
}

type Finding = Pick<Check, 'status' | 'measured' | 'threshold' | 'unit' | 'reason'>;

/**
 * Holds the measurements against the thresholds: one check a threshold, in the order of the table below. Accuracy is
 * compared by its point estimate, a speedup by its interval. Pure.
 *
 * @param at where each threshold is written
 */
export function judge(
  thresholds: Thresholds,
  at: { readonly [K in ThresholdId]?: Place },
  measurements: Measurements,
): Check[] {
  return (Object.keys(RULES) as ThresholdId[]).flatMap((id) => {
    const threshold = thresholds[id];
    if (threshold === undefined) return [];
    return [{ id, ...RULES[id](threshold as never, measurements), at: at[id] ?? null }];
  });
}

/**
 * A speed check that failed counts only if a second measurement fails it too; where they disagree it is inconclusive.
 */
export function confirm(first: readonly Check[], second: readonly Check[]): Check[] {
  return first.map((check) => {
    const again = second.find(({ id }) => id === check.id);
    if (!isSpeed(check.id) || check.status !== 'fail' || again === undefined) return check;
    if (again.status === 'fail') return { ...check, reason: `${check.reason}; a second measurement says the same` };
    return { ...check, status: 'inconclusive', reason: `${check.reason}; but a second measurement: ${again.reason}` };
  });
}

/** Whether a check is about time. */
export const isSpeed = (id: string): boolean => id === 'min-speedup' || id === 'max-latency';

/** What FP32 is called in sentences. */
export const nameOf = ({ twin }: { readonly twin: boolean }): string => (twin ? 'the FP32 twin' : 'FP32');

/** How each threshold is held against the measurements. */
const RULES: { readonly [K in ThresholdId]-?: (threshold: NonNullable<Thresholds[K]>, m: Measurements) => Finding } = {
  'max-accuracy-drop': maxDrop,
  'min-accuracy': (limit, { accuracy }) =>
    accuracy.int8 === null
      ? inconclusive(limit, 'share', `${accuracy.metric} ${undefinedFor(accuracy)}`)
      : atLeast(accuracy.int8, limit, 'share', `INT8 ${accuracy.metric} is`),
  'max-error': (limit, { accuracy }) => {
    const { int8, metric } = accuracy;
    if (int8 === null) return inconclusive(limit, 'error', `${metric} ${undefinedFor(accuracy)}`);
    return finding(int8 <= limit, int8, limit, 'error', `INT8 ${metric} is`, 'allowed');
  },
  'min-agreement': (limit, { accuracy }) =>
    accuracy.comparison.agreement === null
      ? inconclusive(limit, 'share', `agreement ${undefinedFor(accuracy)}`)
      : atLeast(accuracy.comparison.agreement, limit, 'share', `INT8 and ${nameOf(accuracy)} agree on`),
  'min-sqnr': minSqnr,
  'min-cosine': (limit, { accuracy }) =>
    accuracy.comparison.cosine === null
      ? inconclusive(limit, 'cosine', `the cosine ${undefinedFor(accuracy)}`)
      : atLeast(accuracy.comparison.cosine, limit, 'cosine', `mean cosine to ${nameOf(accuracy)} is`),
  'min-speedup': minSpeedup,
  'max-latency': maxLatency,
};

/** Why a figure against FP32 is not there. */
function undefinedFor({ metric, comparison: { noSqnr } }: Accuracy): string {
  if (noSqnr === 'not-finite') return 'cannot be computed: the twin gives NaN or infinite values';
  if (noSqnr === 'class-numbers') return 'compares values, but the outputs are class numbers; use min-agreement';
  return `is only defined for class scores, not for the metric ${metric}`;
}

function minSqnr(limit: number, { accuracy }: Measurements): Finding {
  const { sqnr, noSqnr } = accuracy.comparison;
  const name = nameOf(accuracy);
  if (sqnr !== null) return atLeast(sqnr, limit, 'dB', `SQNR against ${name} is`);
  const found = { measured: null, threshold: limit, unit: 'dB' };
  const required = `${formatFigure(limit, 'dB')} required`;
  if (noSqnr === 'equal') return { ...found, status: 'pass', reason: `INT8 outputs equal those of ${name}` };
  if (noSqnr === 'no-signal') {
    return {
      ...found,
      status: 'fail',
      reason: `the outputs of ${name} are all zero, those of INT8 are not: SQNR is −∞ dB, ${required}`,
    };
  }
  return inconclusive(limit, 'dB', `SQNR ${undefinedFor(accuracy)}`);
}

function finding(
  passed: boolean,
  measured: number,
  threshold: number,
  unit: string,
  what: string,
  limit: string,
): Finding {
  const [wanted, found] = formatAgainst(threshold, [measured], unit);
  const reason = `${what} ${found}, ${wanted} ${limit}`;
  return { status: passed ? 'pass' : 'fail', measured, threshold, unit, reason };
}

const atLeast = (measured: number, limit: number, unit: string, what: string): Finding =>
  finding(measured >= limit - TINY, measured, limit, unit, what, 'required');

const inconclusive = (threshold: number, unit: string, reason: string): Finding => ({
  ...{ status: 'inconclusive' as Status, measured: null },
  ...{ threshold, unit, reason },
});

/** Keeps sums of floats such as 100 · (0.6 − 0.59) from missing a threshold that they equal. */
const TINY = 1e-9;

function maxDrop(limit: number, { accuracy }: Measurements): Finding {
  const { metric, int8, fp32, drop, interval, samples } = accuracy;
  if (drop === null) return inconclusive(limit, 'points', `the drop ${undefinedFor(accuracy)}`);
  const passed = drop <= limit + TINY;
  const [allowed, size] = formatAgainst(limit, [Math.abs(drop)], 'points');
  const from = `${formatFigure(fp32, 'share')}${accuracy.twin ? ' (twin)' : ''} to ${formatFigure(int8, 'share')}`;
  const base = `${metric} ${drop < 0 ? 'rises' : 'drops'} ${size}, from ${from}; ${allowed} allowed`;
  // A point estimate decides, but the reader is told when other samples might well have decided otherwise.
  const open = interval !== null && interval[0] <= limit && limit < interval[1] && interval[0] !== interval[1];
  const doubt = open
    ? `; the 95 % interval ${formatInterval(interval, 'points')} contains the threshold: ${formatCount(samples)} samples cannot resolve it`
    : '';
  return { status: passed ? 'pass' : 'fail', measured: drop, threshold: limit, unit: 'points', reason: base + doubt };
}

function minSpeedup(limit: number, { latency, doubt }: Measurements): Finding {
  if (latency === null) return inconclusive(limit, 'ratio', doubt ?? 'speed was not measured');
  const { speedup, interval, mode } = latency;
  const [low, high] = interval ?? [speedup, speedup];
  const status: Status =
    doubt !== null ? 'inconclusive' : low >= limit - TINY ? 'pass' : high < limit ? 'fail' : 'inconclusive';
  const [required, measured, lower, upper] = formatAgainst(limit, [speedup, low, high], 'ratio');
  const range = interval === null ? '' : ` (95 % interval ${lower} to ${upper})`;
  const why = doubt !== null ? `; ${doubt}` : status === 'inconclusive' ? '; the interval contains the threshold' : '';
  const reason = `${mode} speedup over FP32 is ${measured}${range}, ${required} required${why}`;
  return { status, measured: speedup, threshold: limit, unit: 'ratio', reason };
}

function maxLatency(text: string, { latency, doubt }: Measurements): Finding {
  const { unit, value } = parseLatency(text);
  if (latency === null) return inconclusive(value, unit, doubt ?? 'speed was not measured');
  if (latency.unit !== unit) {
    const needs =
      unit === 'ns' ? 'a time needs hardware, and cycles were modelled' : 'cycles are modelled, and time was measured';
    return inconclusive(value, unit, `${text} cannot be judged here: ${needs}`);
  }
  const result = finding(
    latency.int8 <= value,
    latency.int8,
    value,
    unit,
    `${latency.mode} INT8 latency is`,
    'allowed',
  );
  return doubt === null ? result : { ...result, status: 'inconclusive', reason: `${result.reason}; ${doubt}` };
}
