import type { Comparison } from './accuracy.ts';

/** Figures as people read them, the same in reasons, tables and terminals. */

const digits = (x: number, n: number): string => x.toFixed(n).replace('-', '−');

/** `extra`: digits beyond the usual ones. */
const scaled = (x: number, steps: readonly (readonly [number, string])[], extra: number): string => {
  const [size, name] = steps.find(([step]) => Math.abs(x) >= step) ?? steps[steps.length - 1];
  return `${significant(x / size, 4 + extra)} ${name}`;
};

const significant = (x: number, n: number): string => String(Number(x.toPrecision(Math.min(n, 17)))).replace(/^-/, '−');

/**
 * `measured` in the unit of a check: points, share, ratio, ns, cycles, bytes, dB, samples, error, cosine, p.
 *
 * @param extra digits beyond the usual ones
 */
export function formatFigure(measured: number | null, unit: string, extra = 0): string {
  if (measured === null) return '–';
  switch (unit) {
    case 'points':
      return `${digits(measured, 2 + extra)} points`;
    case 'share':
      return `${digits(100 * measured, 2 + extra)} %`;
    case 'ratio':
      return `${digits(measured, 2 + extra)}×`;
    case 'dB':
      return `${digits(measured, 1 + extra)} dB`;
    case 'ns':
      return scaled(
        measured,
        [
          [1e9, 's'],
          [1e6, 'ms'],
          [1e3, 'µs'],
          [1, 'ns'],
        ],
        extra,
      );
    case 'bytes':
      return scaled(
        measured,
        [
          [1e9, 'GB'],
          [1e6, 'MB'],
          [1e3, 'kB'],
          [1, 'B'],
        ],
        extra - 1,
      );
    case 'cycles':
      return scaled(
        measured,
        [
          [1e9, 'Gcycles'],
          [1e6, 'Mcycles'],
          [1e3, 'kcycles'],
          [1, 'cycles'],
        ],
        extra,
      );
    default:
      return significant(measured, 4 + extra);
  }
}

/** An SQNR with its infinities, which JSON does not know. */
export function formatSqnr({ sqnr, noSqnr }: Pick<Comparison, 'sqnr' | 'noSqnr'>): string {
  return noSqnr === 'equal' ? '∞ dB' : noSqnr === 'no-signal' ? '−∞ dB' : formatFigure(sqnr, 'dB');
}

/** Most digits that are added to the usual ones; more would show the noise of doubles. */
const MOST_EXTRA = 9;
/** Relative difference below which two figures are the same but for rounding. */
const SAME = 1e-12;

/**
 * A limit and figures that are held against it, with as many digits as it takes to show the limit as it was written and
 * to see which side of it each figure is on.
 */
export function formatAgainst(limit: number, figures: readonly number[], unit: string): [string, ...string[]] {
  const same = (x: number) => Math.abs(x - limit) <= SAME * Math.max(Math.abs(x), Math.abs(limit));
  const whole = Number.parseFloat(formatFigure(limit, unit, MOST_EXTRA));
  for (let extra = 0; ; extra++) {
    const show = (x: number) => formatFigure(x, unit, extra);
    const told = figures.every((x) => same(x) || show(x) !== show(limit));
    if ((told && Object.is(Number.parseFloat(show(limit)), whole)) || extra === MOST_EXTRA) {
      return [show(limit), ...figures.map(show)];
    }
  }
}

/** `−1.67 to 6.67 points`. */
export function formatInterval([low, high]: readonly [number, number], unit: string): string {
  const upper = formatFigure(high, unit);
  const lower = unit === 'points' ? digits(low, 2) : formatFigure(low, unit);
  return `${lower} to ${upper}`;
}

export const formatCount = (n: number): string => n.toLocaleString('en-US');

/** What FP32 is called in sentences. */
export const nameOfFp32 = ({ twin }: { readonly twin: boolean }): string => (twin ? 'the FP32 twin' : 'FP32');
