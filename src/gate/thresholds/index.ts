import type { z } from 'zod';
import { type FigureKind, hasRatio, KINDS, type Kind } from '../figures/kinds.ts';
import { metricNamed, namesOf } from '../metrics/index.ts';
import { mapping } from '../words/words.ts';
import {
  maxDrop,
  maxError,
  maxMetricDrop,
  minAccuracy,
  minAccuracyRatio,
  minAgreement,
  minCosine,
  minPsnr,
  minSqnr,
} from './accuracy.ts';
import type { Finding, Measurements } from './finding.ts';
import * as limits from './quantities.ts';
import { parseLatency } from './quantities.ts';
import { judgeRegressionDrop } from './regression.ts';
import { maxLatency, maxSlowdown, minSpeedup } from './speed.ts';

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
  readonly only?: { readonly kinds: readonly Kind[]; readonly otherwise: (metric: string) => string };
  /** Whether labels alone decide it, where there are any: doubts about FP32 then leave it as it is. */
  readonly onLabels?: true;
  /** Pure. */
  judge(limit: z.output<S>, measured: Measurements): Finding;
}

function kindsWith(test: (kind: FigureKind) => boolean): Kind[] {
  return (Object.keys(KINDS) as Kind[]).filter((kind) => test(KINDS[kind]));
}

/** @throws RangeError where there is no such metric */
function kindOf(metric: string): Kind {
  const definition = metricNamed(metric);
  if (definition === undefined) throw new RangeError(`no metric ${metric}`);
  return definition.kind;
}

const threshold = <S extends z.ZodType>(row: Threshold<S>): Threshold<S> => row;

/** Figures whose drop is in percentage points. */
const POINTS = {
  kinds: kindsWith(({ dropUnit }) => dropUnit === 'points'),
  otherwise: (metric: string) =>
    `has no meaning for the metric ${metric}; use ${KINDS[kindOf(metric)].higherIsBetter ? '' : 'max-error, '}max-metric-drop, min-cosine or min-sqnr`,
};
/** Figures that are 1 at best. */
const UP_TO_ONE = {
  kinds: ['share', 'r2', 'ssim'],
  otherwise: (metric: string) =>
    `has no meaning for the metric ${metric}; use ${KINDS[kindOf(metric)].higherIsBetter ? '' : 'max-error, '}min-cosine or min-sqnr`,
} as const;

/** Figures with a unit of their own, of which FP32 has one, too. */
const OWN_UNIT = ['error', 'r2', 'ssim', 'psnr'] as const satisfies readonly Kind[];

/** Every threshold: schema, loading, judging and `--measure none` follow from its row. In the order of the checks. */
export const THRESHOLDS = {
  'max-accuracy-drop': threshold({
    aspect: 'accuracy',
    limit: limits.points,
    about: 'percentage points that INT8 may lose against FP32: 1, 1pt and 1% are the same',
    only: POINTS,
    judge: (limit, { accuracy }) => maxDrop(limit, accuracy),
  }),
  'min-accuracy': threshold({
    aspect: 'accuracy',
    limit: limits.share,
    about: 'least accuracy of INT8, as a share: 0.9 or 90%; or least r2 or ssim',
    only: UP_TO_ONE,
    onLabels: true,
    judge: (limit, { accuracy }) => minAccuracy(limit, accuracy),
  }),
  'min-accuracy-ratio': threshold({
    aspect: 'accuracy',
    limit: limits.share,
    about: "least accuracy of INT8 as a share of FP32's: 99% is MLPerf's 99 % of FP32",
    only: {
      kinds: kindsWith(hasRatio),
      otherwise: (metric) =>
        `has no meaning for the metric ${metric}; use ${POINTS.kinds.includes(kindOf(metric)) ? 'max-accuracy-drop' : OWN_UNIT.includes(kindOf(metric) as never) ? 'max-metric-drop' : 'min-cosine or min-sqnr'}`,
    },
    judge: (limit, { accuracy }) => minAccuracyRatio(limit, accuracy),
  }),
  'max-error': threshold({
    aspect: 'accuracy',
    limit: limits.errorValue,
    about: 'largest value of a metric that should be small: mse, mae, rmse, eer, wer, cer',
    only: {
      kinds: kindsWith(({ higherIsBetter }) => !higherIsBetter),
      otherwise: (metric) => `needs the metric ${namesOf(({ kind }) => !KINDS[kind].higherIsBetter)}, not ${metric}`,
    },
    onLabels: true,
    judge: (limit, { accuracy }) => maxError(limit, accuracy),
  }),
  'max-metric-drop': threshold({
    aspect: 'accuracy',
    limit: limits.errorValue,
    about: "by how much INT8 may be worse than FP32 in the metric's own unit: psnr (dB), ssim, r2, mse, mae, rmse",
    only: {
      kinds: OWN_UNIT,
      otherwise: (metric) =>
        `has no meaning for the metric ${metric}; use ${POINTS.kinds.includes(kindOf(metric)) ? 'max-accuracy-drop' : 'min-cosine or min-sqnr'}`,
    },
    judge: (limit, { accuracy }) => maxMetricDrop(limit, accuracy),
  }),
  'min-psnr': threshold({
    aspect: 'accuracy',
    limit: limits.decibels,
    about: 'least peak signal to noise ratio of INT8, dB: the metric psnr',
    only: { kinds: ['psnr'], otherwise: (metric) => `needs the metric psnr, not ${metric}` },
    onLabels: true,
    judge: (limit, { accuracy }) => minPsnr(limit, accuracy),
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
    only: POINTS,
    onLabels: true,
    judge: judgeRegressionDrop,
  }),
  'max-slowdown': threshold({
    aspect: 'speed',
    limit: limits.percentage,
    about: 'by how much INT8 may be slower than INT8 of the baseline; 5% when absent',
    judge: maxSlowdown,
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

/** Every limit by the name of its check. */
export const ROWS: ReadonlyMap<string, Row> = new Map([
  ...Object.entries<Row>(THRESHOLDS as never),
  ...Object.entries<Row>(REGRESSION as never).map(([id, row]) => [regressionCheck(id as RegressionId), row] as const),
]);
type Row = Threshold<z.ZodType<number | string>>;

/** What a check is about; null for one that is no threshold. */
export const aspectOf = (id: string): Aspect | null => rowOf(id)?.aspect ?? null;

/** The row of a threshold, by the name of its check; undefined for a check that is none. */
export const rowOf = (id: string): Row | undefined => ROWS.get(id);

/** A limit as a number, in the unit of its check. */
export const magnitudeOf = (limit: number | string): number =>
  typeof limit === 'number' ? limit : parseLatency(limit).value;

/** Why nothing is gained by accepting a figure, where the limit is such; null where something is. */
export function acceptsNothing(id: string, worst: number | string, limit: number | string): string | null {
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
export const misfit = ({ only }: Pick<Threshold, 'only'>, metric: string): string | null =>
  only === undefined || only.kinds.includes(kindOf(metric)) ? null : only.otherwise(metric);
