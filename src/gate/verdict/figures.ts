/** Figures as people read them, the same in reasons, tables and terminals. */

const digits = (x: number, n: number): string => x.toFixed(n).replace('-', '−');

const scaled = (x: number, steps: readonly (readonly [number, string])[]): string => {
  const [size, name] = steps.find(([step]) => Math.abs(x) >= step) ?? steps[steps.length - 1];
  return `${Number((x / size).toPrecision(4))} ${name}`;
};

/** `measured` in the unit of a check: points, share, ratio, ns, cycles, dB, error. */
export function formatFigure(measured: number | null, unit: string): string {
  if (measured === null) return '–';
  switch (unit) {
    case 'points':
      return `${digits(measured, 2)} points`;
    case 'share':
      return `${digits(100 * measured, 2)} %`;
    case 'ratio':
      return `${digits(measured, 2)}×`;
    case 'dB':
      return `${digits(measured, 1)} dB`;
    case 'ns':
      return scaled(measured, [
        [1e9, 's'],
        [1e6, 'ms'],
        [1e3, 'µs'],
        [1, 'ns'],
      ]);
    case 'cycles':
      return scaled(measured, [
        [1e9, 'Gcycles'],
        [1e6, 'Mcycles'],
        [1e3, 'kcycles'],
        [1, 'cycles'],
      ]);
    default:
      return String(Number(measured.toPrecision(4)));
  }
}

/** `−1.67 to 6.67 points`. */
export function formatInterval([low, high]: readonly [number, number], unit: string): string {
  const upper = formatFigure(high, unit);
  const lower = unit === 'points' ? digits(low, 2) : formatFigure(low, unit);
  return `${lower} to ${upper}`;
}

export const formatCount = (n: number): string => n.toLocaleString('en-US');
