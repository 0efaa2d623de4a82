import { type DType, integerRange } from './dtype.ts';

/**
 * Affine quantization: real = scale · (q − zeroPoint). One entry for the whole tensor, or one per slice along `axis`.
 * Scales are float32 values (as the file stores them) held in doubles.
 */
export interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  /** The dimension that the entries run along; meaningless when there is one entry. */
  readonly axis: number;
}

export const perTensor = (scale: number, zeroPoint: number): Quantization => ({
  scales: [Math.fround(scale)],
  zeroPoints: [zeroPoint],
  axis: 0,
});

export const isPerAxis = (q: Quantization): boolean => q.scales.length > 1;

export function sameQuantization(a: Quantization | null, b: Quantization | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.scales.length === b.scales.length &&
    a.scales.every((s, i) => s === b.scales[i] && a.zeroPoints[i] === b.zeroPoints[i]) &&
    (a.scales.length === 1 || a.axis === b.axis)
  );
}

/**
 * Quantizes one real value as TFLite's AffineQuantize does: divide in float32, round half away from zero, add the
 * zero point, clamp to the type. Source: reference/quantize.h.
 */
export function quantizeValue(x: number, scale: number, zeroPoint: number, dtype: DType): number {
  const [lo, hi] = integerRange(dtype);
  const r = Math.fround(x / scale);
  const rounded = r < 0 ? -Math.floor(-r + 0.5) : Math.floor(r + 0.5);
  const q = rounded + zeroPoint;
  if (Number.isNaN(q)) return zeroPoint;
  return q < lo ? lo : Math.min(q, hi);
}
