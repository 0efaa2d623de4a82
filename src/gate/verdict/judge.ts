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
export function judge(
  thresholds: Thresholds,
  at: { readonly [K in ThresholdId]?: Place },
  measurements: Measurements,
): Check[] {
  return (Object.keys(THRESHOLDS) as ThresholdId[]).flatMap((id) => {
    const limit = thresholds[id];
    return limit === undefined ? [] : [{ id, ...rowOf(id)!.judge(limit, measurements), at: at[id] ?? null }];
  });
}

/**
 * Holds the measurements against the limits on what changed since the baseline, in the same way.
 *
 * @param at where each limit is written; nowhere for one of the defaults
 */
export function judgeRegressions(
  limits: Regressions,
  at: { readonly [K in RegressionId]?: Place },
  measurements: Measurements,
): Check[] {
  return (Object.keys(REGRESSION) as RegressionId[]).flatMap((id) => {
    const limit = limits[id];
    if (limit === undefined) return [];
    return [{ id: regressionCheck(id), ...REGRESSION[id].judge(limit, measurements), at: at[id] ?? null }];
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
