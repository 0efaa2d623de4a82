import type { Place } from '../../errors.ts';
import {
  acceptsNothing,
  misfit,
  REGRESSION,
  REGRESSION_DEFAULTS,
  type RegressionId,
  type Regressions,
  regressionCheck,
  THRESHOLDS,
  type Threshold,
  type ThresholdId,
  type Thresholds,
} from '../thresholds/index.ts';
import { type KeyPath, type Locate, type Problem, written } from './problems.ts';
import type { RawConfig, RawModel } from './schema.ts';

/** What is held against the figures of a model. */
export interface Limits {
  readonly thresholds: Thresholds;
  /** Where each threshold in force is written: in the model's entry or in the defaults. */
  readonly thresholdAt: { readonly [K in ThresholdId]?: Place };
  /** The limits against a baseline, where one is compared with: those that are written, and the defaults. */
  readonly regressions: Regressions;
  /** Where each of those that are written stands. */
  readonly regressionAt: { readonly [K in RegressionId]?: Place };
}

/**
 * The limits in force for a model: its own before the file's defaults before ours, each where it has a meaning for the metric.
 *
 * @param index of the model
 * @param problems gets a limit of the model's own without a meaning, and acceptances that accept nothing
 */
export function limitsOf(
  raw: RawConfig,
  { index, metric }: { readonly index: number; readonly metric: string },
  at: Locate,
  problems: Problem[],
): Limits {
  const model = raw.models[index];
  const own = (key: 'thresholds' | 'regression') => ({ limits: model[key] ?? {}, path: ['models', index, key] });
  const defaults = (key: 'thresholds' | 'regression') => ({
    limits: raw.defaults?.[key] ?? {},
    path: ['defaults', key],
  });
  const thresholds = merge(THRESHOLDS, [defaults('thresholds'), own('thresholds')], metric, at);
  const regression = merge(
    REGRESSION,
    [{ limits: REGRESSION_DEFAULTS, path: null }, defaults('regression'), own('regression')],
    metric,
    at,
  );
  problems.push(...thresholds.misfits, ...regression.misfits);
  const inForce = new Map([
    ...Object.entries(thresholds.limits),
    ...Object.entries(regression.limits).map(([id, limit]) => [regressionCheck(id as RegressionId), limit] as const),
  ]);
  problems.push(...faultsOfAcceptances(model, inForce, ['models', index], raw.targets ?? NATIVE, at));
  return {
    ...{ thresholds: thresholds.limits as Thresholds, thresholdAt: thresholds.places },
    ...{ regressions: regression.limits as Regressions, regressionAt: regression.places },
  };
}

interface Written {
  readonly limits: Readonly<Record<string, number | string | undefined>>;
  /** Where they are written; null for our defaults. */
  readonly path: KeyPath | null;
}

/** Limits of a table, each as the last source has it. Only those of the last one, a model's own, need have a meaning. */
function merge(
  table: Readonly<Record<string, Pick<Threshold, 'only'>>>,
  sources: readonly Written[],
  metric: string,
  at: Locate,
) {
  const limits: Record<string, number | string> = {};
  const places: Record<string, Place> = {};
  const misfits: Problem[] = [];
  for (const [i, { limits: from, path }] of sources.entries()) {
    for (const [id, limit] of Object.entries(from)) {
      if (limit === undefined) continue;
      const reason = misfit(table[id], metric);
      const here = path && [...path, id];
      if (reason === null) {
        limits[id] = limit;
        if (here !== null) places[id] = at(here);
      } else if (i === sources.length - 1 && here !== null) {
        misfits.push({ at: at(here), text: `${written(here)} ${reason}` });
      }
    }
  }
  return { limits, places, misfits };
}

/** Where checks run when a configuration does not say. */
export const NATIVE: readonly string[] = ['native'];

/** Acceptances that are of no threshold in force, of nothing, of no target, or doubled. */
function faultsOfAcceptances(
  { accept = [] }: RawModel,
  inForce: ReadonlyMap<string, number | string>,
  top: KeyPath,
  targets: readonly string[],
  at: Locate,
): Problem[] {
  return accept.flatMap(({ threshold, worst, targets: where = [] }, i) => {
    const problem = (text: string, ...keys: KeyPath): Problem => ({
      at: at([...top, 'accept', i, ...keys]),
      text: `${written([...top, 'accept', i, ...keys])} ${text}`,
    });
    const limit = inForce.get(threshold);
    if (limit === undefined) return [problem(`is ${threshold}, which is not in force for this model`, 'threshold')];
    const nothing = acceptsNothing(threshold, worst, limit);
    const foreign = where.flatMap((name, k) =>
      targets.includes(name)
        ? []
        : [problem(`is "${name}", which is none of the targets ${targets.join(', ')}`, 'targets', k)],
    );
    const twice = accept.slice(0, i).some((earlier) => earlier.threshold === threshold && meet(earlier.targets, where));
    return [
      ...(nothing === null ? [] : [problem(nothing, 'worst')]),
      ...(twice
        ? [problem(`is ${threshold} again; one acceptance of a threshold holds on a target`, 'threshold')]
        : []),
      ...foreign,
    ];
  });
}

/** Whether two lists of targets have one in common; an empty one is all. */
const meet = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === 0 || b.length === 0 || a.some((name) => b.includes(name));
