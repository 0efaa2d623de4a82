import type { AcceptConfig } from '../config/accept_schema.ts';
import { formatAgainst, formatFigure } from '../figures/format.ts';
import type { Measurements } from '../thresholds/finding.ts';
import { aspectOf, rowOf } from '../thresholds/index.ts';
import type { Check } from './report.ts';

const DAY_MS = 86_400_000;
/** Days before its end from which an acceptance is noted. */
const SOON = 14;

/** Time until the end of the last day, in UTC; below 0 when it is over. */
const timeLeft = ({ until }: AcceptConfig, now: Date): number =>
  Date.parse(`${until}T00:00:00Z`) + DAY_MS - now.getTime();

/**
 * Checks that are not passed, but no worse than somebody accepts until a day that has not ended: they pass, marked as
 * accepted. An accepted figure is held to as the threshold itself is, accuracy by its point: on the same data it is the same
 * every time. Pure.
 *
 * @param acceptances of the model on the target
 */
export function accept(
  checks: readonly Check[],
  acceptances: readonly AcceptConfig[],
  measurements: Measurements,
  now: Date,
): Check[] {
  return checks.map((check) => {
    const acceptance = acceptances.find(({ threshold }) => threshold === check.id);
    if (check.status === 'pass' || check.measured === null || acceptance === undefined) return check;
    const { by, reason, until, worst } = acceptance;
    const { status, threshold: limit } = rowOf(check.id)!.judge(
      worst,
      aspectOf(check.id) === 'accuracy' ? byPoint(measurements) : measurements,
    );
    const [shown] = formatAgainst(limit, [check.measured], check.unit);
    if (timeLeft(acceptance, now) <= 0)
      return { ...check, reason: `${check.reason}; ${by} accepted ${shown} until ${until}, which is over` };
    if (status === 'pass') {
      return {
        ...{ ...check, status, accepted: { by, reason, until, worst: limit } },
        reason: `${check.reason}; accepted to ${shown} until ${until} by ${by}: ${reason}`,
      };
    }
    const than = status === 'fail' ? 'it is worse than' : 'it is not shown to keep to';
    const worse = check.status === 'fail' ? status : 'inconclusive';
    return {
      ...check,
      status: worse,
      reason: `${check.reason}; ${than} ${shown}, which ${by} accepted until ${until}`,
    };
  });
}

const byPoint = ({ accuracy, ...rest }: Measurements): Measurements => ({
  ...rest,
  accuracy: { ...accuracy, bounds: { ...accuracy.bounds, confidence: null } },
});

/** What to do about acceptances: those that nothing needs any more, and those that end soon. */
export function acceptanceNotes(checks: readonly Check[], acceptances: readonly AcceptConfig[], now: Date): string[] {
  return acceptances.flatMap((acceptance) => {
    const { threshold, by, until } = acceptance;
    const check = checks.find(({ id }) => id === threshold);
    if (check === undefined || check.status !== 'pass') return [];
    if (check.accepted === undefined)
      return [
        `The acceptance of ${threshold} by ${by} until ${until} is not needed: ${formatFigure(check.measured, check.unit)} keeps the threshold.`,
      ];
    const left = timeLeft(acceptance, now);
    return left > SOON * DAY_MS ? [] : [`The acceptance of ${threshold} by ${by} ends on ${until}.`];
  });
}
