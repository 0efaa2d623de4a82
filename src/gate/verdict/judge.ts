import type { Place } from '../../errors.ts';
import type { Measurements } from '../thresholds/finding.ts';
import {
  aspectOf,
  REGRESSION,
  type RegressionId,
  type Regressions,
  regressionCheck,
  rowOf,
  THRESHOLDS,
  type ThresholdId,
  type Thresholds,
} from '../thresholds/index.ts';
import type { Check } from './report.ts';

/**
 * Holds the measurements against the thresholds: one check a threshold, in the order of their table. Pure.
 *
 * @param at where each threshold is written
 */
export const judge = (
  thresholds: Thresholds,
  at: { readonly [K in ThresholdId]?: Place },
  measurements: Measurements,
): Check[] => hold(THRESHOLDS, (id) => id, thresholds, at, measurements);

/**
 * Holds the measurements against the limits on what changed since the baseline, in the same way.
 *
 * @param at where each limit is written; nowhere for one of the defaults
 */
export const judgeRegressions = (
  limits: Regressions,
  at: { readonly [K in RegressionId]?: Place },
  measurements: Measurements,
): Check[] => hold(REGRESSION, regressionCheck, limits, at, measurements);

function hold<Id extends string>(
  table: Readonly<Record<Id, unknown>>,
  checkOf: (id: Id) => string,
  limits: { readonly [K in Id]?: number | string },
  at: { readonly [K in Id]?: Place },
  measurements: Measurements,
): Check[] {
  return (Object.keys(table) as Id[]).flatMap((id) => {
    const [limit, name] = [limits[id], checkOf(id)];
    return limit === undefined ? [] : [{ id: name, ...rowOf(name)!.judge(limit, measurements), at: at[id] ?? null }];
  });
}

/**
 * A speed check that failed counts only if a second measurement fails it too; where they disagree it is inconclusive.
 */
export function confirm(first: readonly Check[], second: readonly Check[]): Check[] {
  return first.map((check) => {
    const again = second.find(({ id }) => id === check.id);
    if (aspectOf(check.id) !== 'speed' || check.status !== 'fail' || again === undefined) return check;
    if (again.status === 'fail') return { ...check, reason: `${check.reason}; a second measurement says the same` };
    return { ...check, status: 'inconclusive', reason: `${check.reason}; but a second measurement: ${again.reason}` };
  });
}
