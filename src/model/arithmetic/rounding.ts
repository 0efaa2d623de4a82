/** Rounding and saturation as C and TFLite have them, on JavaScript numbers. */

/** Rounds to the nearest integer, halves away from zero (C's `round`). */
export function roundAway(x: number): number {
  const t = Math.trunc(x);
  return Math.abs(x - t) >= 0.5 ? t + Math.sign(x) : t;
}

/** Rounds to the nearest integer, halves to even (C's `rint`). */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

/**
 * A rounded real as int32. C leaves the conversion of NaN and of what does not fit to the machine; the golden outputs
 * come from x86, where all of these become the smallest int32.
 */
export const castInt32 = (x: number): number => (x >= -2147483648 && x <= 2147483647 ? x : -2147483648);

/** A NaN stays one. */
// the hot loops want no calls
export const clamp = (x: number, min: number, max: number): number => (x < min ? min : x > max ? max : x);
