import type { Accuracy } from '../figures/accuracy.ts';
import { formatAgainst, formatCount, formatFigure, formatInterval, nameOfFp32 } from '../figures/format.ts';
import { samplesForDifference } from '../metrics/intervals.ts';
import { atLeast, type Finding, inconclusive, type Measurements, TINY } from './finding.ts';

/** Why a figure against FP32 is not there. */
export function undefinedFor({ metric, comparison: { noSqnr } }: Accuracy): string {
  if (noSqnr === 'not-finite') return 'cannot be computed: the twin gives NaN or infinite values';
  if (noSqnr === 'class-numbers') return 'compares values, but the outputs are class numbers; use min-agreement';
  return `is only defined for class scores, not for the metric ${metric}`;
}

export function maxDrop(most: number, { accuracy }: Measurements): Finding {
  const { metric, int8, fp32, drop } = accuracy;
  if (drop === null) return inconclusive(most, 'points', `the drop ${undefinedFor(accuracy)}`);
  const [allowed, size] = formatAgainst(most, [Math.abs(drop)], 'points');
  const from = `${formatFigure(fp32, 'share')}${accuracy.twin ? ' (twin)' : ''} to ${formatFigure(int8, 'share')}`;
  const base = `${metric} ${drop < 0 ? 'rises' : 'drops'} ${size}, from ${from}; ${allowed} allowed`;
  // A point estimate decides, but the reader is told when other samples might well have decided otherwise.
  const doubt = unresolved(most, accuracy);
  const reason = doubt === null ? base : `${base}; ${doubt}`;
  return { status: drop <= most + TINY ? 'pass' : 'fail', measured: drop, threshold: most, unit: 'points', reason };
}

/** That a limit of the drop lies within what the samples leave open; null where they tell the two apart. */
export function unresolved(limit: number, accuracy: Accuracy): string | null {
  const { interval, samples } = accuracy;
  if (interval === null || limit < interval[0] || limit >= interval[1]) return null;
  const those = `${formatCount(samples)} sample${samples === 1 ? '' : 's'}`;
  return `the 95 % interval ${formatInterval(interval, 'points')} contains the threshold: ${those} cannot resolve it${enoughFor(limit, accuracy)}`;
}

/** How many samples would tell a drop of this size from the limit, where right answers are counted. */
function enoughFor(limit: number, { discordant, samples }: Accuracy): string {
  if (discordant === null) return '';
  const pairs = { samples, firstOnly: discordant.fp32Only, secondOnly: discordant.int8Only };
  const needed = samplesForDifference(pairs, limit / 100, { confidence: 0.95 });
  return needed === null ? '' : `, about ${formatCount(Number(needed.toPrecision(2)))} would`;
}

export function minSqnr(least: number, { accuracy }: Measurements): Finding {
  const { sqnr, noSqnr } = accuracy.comparison;
  const name = nameOfFp32(accuracy);
  const found = { measured: null, threshold: least, unit: 'dB' };
  const required = `${formatFigure(least, 'dB')} required`;
  if (noSqnr === 'equal') return { ...found, status: 'pass', reason: `INT8 outputs equal those of ${name}` };
  if (noSqnr === 'no-signal') {
    return {
      ...found,
      status: 'fail',
      reason: `the outputs of ${name} are all zero, those of INT8 are not: SQNR is −∞ dB, ${required}`,
    };
  }
  return atLeast(
    { measured: sqnr, limit: least, unit: 'dB' },
    `SQNR against ${name} is`,
    `SQNR ${undefinedFor(accuracy)}`,
  );
}
