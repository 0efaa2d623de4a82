import { formatAgainst, formatFigure } from '../figures/format.ts';
import { KINDS } from '../figures/kinds.ts';
import { judgeFigure, moves, planOfDrop } from './accuracy.ts';
import { decide } from './decide.ts';
import { type Finding, inconclusive, type Measurements } from './finding.ts';

export const NO_BASE = 'nothing was compared with the baseline';

export function judgeRegressionDrop(most: number, { accuracy, regression }: Measurements): Finding {
  if (regression?.unchanged) return unchangedSince(0, most, 'points', 'the drop is');
  const lost = regression?.accuracy ?? null;
  if (lost === null || lost.drop === null || lost.base === null)
    return inconclusive(most, 'points', regression?.noAccuracy ?? NO_BASE);
  const { base, drop, bounds, byPoint, discordant } = lost;
  const what = `INT8 ${accuracy.metric} ${moves(KINDS[accuracy.kind], drop)}`;
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
export function unchangedSince(measured: number, limit: number, unit: string, what: string): Finding {
  const [allowed, found] = formatAgainst(limit, [measured], unit);
  const reason = `the INT8 model is the same as at the baseline: ${what} ${found}, ${allowed} allowed`;
  return { status: 'pass', measured, threshold: limit, unit, reason };
}
