import { formatAgainst, formatFigure } from '../figures/format.ts';
import { judgeFigure, planOfDrop } from './accuracy.ts';
import { decide } from './decide.ts';
import { type Finding, inconclusive, type Measurements } from './finding.ts';

const NO_BASE = 'nothing was compared with the baseline';

export function judgeRegressionDrop(most: number, { accuracy, regression }: Measurements): Finding {
  if (regression?.unchanged) return same(0, most, 'points', 'the drop is');
  const lost = regression?.accuracy ?? null;
  if (lost === null || lost.drop === null || lost.base === null)
    return inconclusive(most, 'points', regression?.noAccuracy ?? NO_BASE);
  const { base, drop, bounds, byPoint, discordant } = lost;
  const what = `INT8 ${accuracy.metric} ${drop < 0 ? 'rises' : 'drops'}`;
  const where = `, from ${formatFigure(base, 'share')} at the baseline to ${formatFigure(accuracy.int8, 'share')}`;
  const held = { value: most, sense: 'at-most' } as const;
  if (byPoint) {
    const [allowed, size] = formatAgainst(most, [Math.abs(drop)], 'points');
    const status = decide({ low: drop, high: drop }, held);
    return {
      status,
      measured: drop,
      threshold: most,
      unit: 'points',
      reason: `${what} ${size}${where}, ${allowed} allowed`,
    };
  }
  const pairs = discordant && { fp32Only: discordant.baseOnly, int8Only: discordant.headOnly, p: discordant.p };
  const plan = planOfDrop(most, { discordant: pairs, samples: accuracy.samples });
  return judgeFigure({ measured: drop, bounds, held, unit: 'points', plan }, accuracy, what, where);
}

/** One file beside itself. */
function same(measured: number, limit: number, unit: string, what: string): Finding {
  const [allowed, found] = formatAgainst(limit, [measured], unit);
  const reason = `the INT8 model is the same as at the baseline: ${what} ${found}, ${allowed} allowed`;
  return { status: 'pass', measured, threshold: limit, unit, reason };
}

/** By how much a slowdown measured on hardware exceeds its limit before it fails: two builds side by side differ by so much by chance. */
const TOLERANCE = 0.02;

/** @param most percent */
export function judgeSlowdown(
  most: number,
  { latency, doubt, regression, tolerance: share = TOLERANCE }: Measurements,
): Finding {
  const limit = 1 + most / 100;
  if (regression?.unchanged) return same(1, limit, 'ratio', 'the slowdown is');
  const slowed = regression?.latency ?? null;
  if (latency === null || slowed === null)
    return inconclusive(limit, 'ratio', doubt ?? regression?.noLatency ?? NO_BASE);
  const { slowdown, interval } = slowed;
  const [low, high] = interval ?? [slowdown, slowdown];
  const tolerance = interval === null ? 0 : share;
  const status = decide({ low, high }, { value: limit, sense: 'at-most', tolerance });
  const [allowed, found, lower, upper] = formatAgainst(limit, [slowdown, low, high], 'ratio');
  const range = interval === null ? '' : ` (95 % interval ${lower} to ${upper})`;
  const contains = low <= limit && limit <= high;
  const why = contains
    ? 'the interval contains the threshold'
    : `not shown to be beyond ${formatFigure(limit + tolerance, 'ratio', 1)}, from where it fails`;
  const tail = status === 'inconclusive' ? `; ${doubt ?? why}` : '';
  return {
    ...{ status, measured: slowdown, threshold: limit, unit: 'ratio' },
    reason: `${latency.mode} INT8 time is ${found} that of the baseline${range}, ${allowed} allowed${tail}`,
  };
}
