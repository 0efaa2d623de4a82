import type { z } from 'zod';
import { formatAgainst, formatFigure } from '../figures/format.ts';
import type { Kind } from '../figures/kinds.ts';
import { metricNamed, namesOf } from '../metrics/index.ts';
import { mapping } from '../words/words.ts';
import { maxDrop, maxError, minAccuracy, minAgreement, minCosine, minSqnr } from './accuracy.ts';
import { decide, type Held } from './decide.ts';
import { type Finding, inconclusive, type Measurements } from './finding.ts';
import * as limits from './quantities.ts';
import { parseLatency } from './quantities.ts';
import { judgeRegressionDrop, judgeSlowdown } from './regression.ts';

/** What a limit is about. `--measure none` leaves out those on speed; doubts about data bear on those on accuracy. */
export type Aspect = 'accuracy' | 'speed';

/** A limit that a configuration may set. */
interface Limit<S extends z.ZodType> {
  readonly aspect: Aspect;
  /** What may be written, and what it becomes. */
  readonly limit: S;
  /** For the published schema. */
  readonly about?: string;
}

/** A threshold: one row of THRESHOLDS. */
export interface Threshold<S extends z.ZodType = z.ZodType> extends Limit<S> {
  /** The metrics it has a meaning for, and what is said of others; absent: all. */
  readonly only?: { readonly kind: Kind; readonly otherwise: (metric: string) => string };
  /** Whether labels alone decide it, where there are any: doubts about FP32 then leave it as it is. */
  readonly onLabels?: true;
  /** Pure. */
  judge(limit: z.output<S>, measured: Measurements): Finding;
}

const threshold = <S extends z.ZodType>(row: Threshold<S>): Threshold<S> => row;

const SHARES = {
  kind: 'share',
  otherwise: (metric: string) => `has no meaning for the metric ${metric}; use max-error, min-cosine or min-sqnr`,
} as const;

/** Every threshold: schema, loading, judging and `--measure none` follow from its row. In the order of the checks. */
export const THRESHOLDS = {
  'max-accuracy-drop': threshold({
    aspect: 'accuracy',
    limit: limits.points,
    about: 'percentage points that INT8 may lose against FP32: 1, 1pt and 1% are the same',
    only: SHARES,
    judge: (limit, { accuracy }) => maxDrop(limit, accuracy),
  }),
  'min-accuracy': threshold({
    aspect: 'accuracy',
    limit: limits.share,
    about: 'least accuracy of INT8, as a share: 0.9 or 90%',
    only: SHARES,
    onLabels: true,
    judge: (limit, { accuracy }) => minAccuracy(limit, accuracy),
  }),
  'max-error': threshold({
    aspect: 'accuracy',
    limit: limits.errorValue,
    about: 'largest value of the metrics mse and mae',
    only: {
      kind: 'error',
      otherwise: (metric) => `needs the metric ${namesOf(({ kind }) => kind === 'error')}, not ${metric}`,
    },
    onLabels: true,
    judge: (limit, { accuracy }) => maxError(limit, accuracy),
  }),
  'min-agreement': threshold({
    aspect: 'accuracy',
    limit: limits.share,
    about: 'least share of samples on which INT8 and FP32 choose the same class: 0.9 or 90%',
    judge: (limit, { accuracy }) => minAgreement(limit, accuracy),
  }),
  'min-sqnr': threshold({
    aspect: 'accuracy',
    limit: limits.decibels,
    about: 'least signal to quantization noise ratio of INT8 against FP32, dB',
    judge: (limit, { accuracy }) => minSqnr(limit, accuracy),
  }),
  'min-cosine': threshold({
    aspect: 'accuracy',
    limit: limits.cosineValue,
    about: 'least mean cosine between INT8 and FP32 outputs',
    judge: (limit, { accuracy }) => minCosine(limit, accuracy),
  }),
  'min-speedup': threshold({
    aspect: 'speed',
    limit: limits.ratio,
    about: 'FP32 time over INT8 time',
    judge: minSpeedup,
  }),
  'max-latency': threshold({
    aspect: 'speed',
    limit: limits.latency,
    about: 'of INT8: a time (hardware, and boards by estimate) or cycles (modelled only)',
    judge: maxLatency,
  }),
} as const;

/** Every limit against a baseline. In the order of the checks, which are called `regression.` and the name of the row. */
export const REGRESSION = {
  'max-accuracy-drop': threshold({
    aspect: 'accuracy',
    limit: limits.points,
    about: 'percentage points that INT8 may lose against INT8 of the baseline; 1 when absent',
    only: SHARES,
    onLabels: true,
    judge: judgeRegressionDrop,
  }),
  'max-slowdown': threshold({
    aspect: 'speed',
    limit: limits.percentage,
    about: 'by how much INT8 may be slower than INT8 of the baseline; 5% when absent',
    judge: judgeSlowdown,
  }),
} as const;

export type ThresholdId = keyof typeof THRESHOLDS;
/** The limits that are set. */
export type Thresholds = { readonly [K in ThresholdId]?: z.output<(typeof THRESHOLDS)[K]['limit']> };
export type RegressionId = keyof typeof REGRESSION;
export type Regressions = { readonly [K in RegressionId]?: z.output<(typeof REGRESSION)[K]['limit']> };

/** In force where a baseline is compared with and the configuration says nothing else. */
export const REGRESSION_DEFAULTS: Regressions = { 'max-accuracy-drop': 1, 'max-slowdown': 5 };

/** The name of the check of a limit against a baseline. */
export const regressionCheck = (id: RegressionId): string => `regression.${id}`;

type Table = Readonly<Record<string, Limit<z.ZodType>>>;

/** The mapping in a configuration that sets limits of a table. */
export function schemaOf<T extends Table>(table: T) {
  const shape = Object.entries(table).map(([id, { limit, about }]) => {
    const optional = limit.optional();
    return [id, about === undefined ? optional : optional.describe(about)] as const;
  });
  return mapping(Object.fromEntries(shape) as { [K in keyof T]: z.ZodOptional<T[K]['limit']> });
}

/** What a check is about; null for one that is no threshold. */
export const aspectOf = (id: string): Aspect | null => rowOf(id)?.aspect ?? null;

/** The row of a threshold, by the name of its check; undefined for a check that is none. */
export const rowOf = (id: string): Threshold | undefined => ROWS.get(id);

const ROWS = new Map<string, Threshold>([
  ...Object.entries<Threshold>(THRESHOLDS as never),
  ...Object.entries<Threshold>(REGRESSION as never).map(([id, row]) => [`regression.${id}`, row] as const),
]);

/** A limit as a number, in the unit of its check. */
export const magnitudeOf = (limit: number | string): number =>
  typeof limit === 'number' ? limit : parseLatency(limit).value;

/** Why nothing is gained by accepting a figure, where the limit is such; null where something is. */
export function acceptsNothing(id: ThresholdId, worst: number | string, limit: number | string): string | null {
  const unitOf = (value: number | string) => (typeof value === 'string' ? parseLatency(value).unit : '');
  if (unitOf(worst) !== unitOf(limit)) return `must be in the unit of the limit, ${limit}; found ${worst}`;
  const [accepted, wanted] = [magnitudeOf(worst), magnitudeOf(limit)];
  const weaker = id.startsWith('min-') ? accepted < wanted : accepted > wanted;
  return weaker ? null : `accepts nothing: it is no weaker than the limit, ${limit}`;
}

/** The limits that are about something else. */
export const without = (aspect: Aspect, thresholds: Thresholds): Thresholds =>
  Object.fromEntries(Object.entries(thresholds).filter(([id]) => aspectOf(id) !== aspect));
export const regressionsWithout = (aspect: Aspect, limits: Regressions): Regressions =>
  Object.fromEntries(Object.entries(limits).filter(([id]) => REGRESSION[id as RegressionId].aspect !== aspect));

/** Why a threshold has no meaning for a metric, or null where it has one. */
export const misfit = (id: ThresholdId, metric: string): string | null => misfitOf(THRESHOLDS[id], metric);

export function misfitOf({ only }: Pick<Threshold, 'only'>, metric: string): string | null {
  return only === undefined || metricNamed(metric)?.kind === only.kind ? null : only.otherwise(metric);
}

/**
 * How far beyond its limit a figure of hardware fails: between limit and that, a measurement is trusted to find nothing.
 * Two builds side by side are compared more closely than machines of one kind are alike.
 */
export const TOLERANCE = { 'min-speedup': 0.02, 'max-latency': 0.05 };

function minSpeedup(least: number, { latency, doubt, tolerance = TOLERANCE['min-speedup'] }: Measurements): Finding {
  if (latency === null) return inconclusive(least, 'ratio', doubt ?? 'speed was not measured');
  const { speedup, interval, mode } = latency;
  const found = { measured: speedup, limit: least, unit: 'ratio', what: `${mode} speedup over FP32 is` };
  const beyond = mode === 'hardware' ? interval && tolerance * least : null;
  return timed(found, interval, { value: least, sense: 'at-least', tolerance: beyond }, doubt, RANGES[mode]);
}

function maxLatency(text: string, { latency, doubt, tolerance = TOLERANCE['max-latency'] }: Measurements): Finding {
  const { unit, value } = parseLatency(text);
  if (latency === null) return inconclusive(value, unit, doubt ?? 'speed was not measured');
  const { int8, int8Interval = null, mode, estimate } = latency;
  if (unit === 'ns' && estimate !== undefined) {
    const found = {
      measured: estimate.int8,
      limit: value,
      unit,
      what: `estimated INT8 latency on ${estimate.title} is`,
    };
    const held = { value, sense: 'at-most', tolerance: null } as const;
    return timed(found, estimate.int8Interval, held, doubt, RANGES.estimate);
  }
  if (latency.unit !== unit) {
    const needs =
      unit === 'ns'
        ? 'a time needs hardware, or a board as target, and cycles were modelled'
        : 'cycles are modelled, and time was measured';
    return inconclusive(value, unit, `${text} cannot be judged here: ${needs}`);
  }
  const found = { measured: int8, limit: value, unit, what: `${mode} INT8 latency is` };
  const held = { value, sense: 'at-most', tolerance: int8Interval && tolerance * value } as const;
  return timed(found, int8Interval, held, doubt, RANGES[mode]);
}

/** What the interval of a figure is, and what is to be done where it holds the limit. */
const RANGES = {
  hardware: { words: (range: string) => `95 % interval ${range}`, otherwise: 'the interval contains the threshold' },
  modelled: {
    words: (range: string) => `on hardware ${range}`,
    otherwise: 'the model cannot tell on which side of the threshold hardware is: measure on hardware',
  },
  estimate: {
    words: (range: string) => `on the board ${range}`,
    otherwise: 'the estimate cannot tell on which side of the threshold the board is: measure on it',
  },
};

/** A figure of speed by its interval; without one, as it is. */
function timed(
  { measured, limit, unit, what }: { measured: number; limit: number; unit: string; what: string },
  interval: readonly [number, number] | null,
  { tolerance, ...held }: Omit<Held, 'tolerance'> & { readonly tolerance: number | null },
  doubt: string | null,
  about: (typeof RANGES)[keyof typeof RANGES],
): Finding {
  const [low, high] = interval ?? [measured, measured];
  const status = decide({ low, high }, { ...held, tolerance: tolerance ?? 0 });
  const beyond = held.sense === 'at-least' ? limit - (tolerance ?? 0) : limit + (tolerance ?? 0);
  const [wanted, found, lower, upper] = formatAgainst(limit, [measured, low, high], unit);
  const range = interval === null ? '' : ` (${about.words(`${lower} to ${upper}`)})`;
  const role = held.sense === 'at-least' ? 'required' : 'allowed';
  const contains = low <= limit && limit <= high;
  const why =
    doubt ??
    (contains ? about.otherwise : `not shown to be beyond ${formatFigure(beyond, unit, 1)}, from where it fails`);
  const tail = status === 'inconclusive' ? `; ${why}` : '';
  return { status, measured, threshold: limit, unit, reason: `${what} ${found}${range}, ${wanted} ${role}${tail}` };
}
