/**
 * The requantized accumulator as a step function. Level: clamp(requantize(acc)), the result before the zero point is added. It rises
 * monotonically from one level to the next. Two ways to requantize are equal for all accumulators if every step is at the same
 * accumulator, however they round.
 */

import type { Range } from '../../../../model/arithmetic/activation.ts';
import {
  type Multiplier,
  multiplyByMultiplierSingle,
  quantizeMultiplier,
} from '../../../../model/arithmetic/multiplier.ts';
import { clamp } from '../../../../model/arithmetic/rounding.ts';

/** The level of an accumulator of one column; monotonic. */
type Level = (sum: number) => number;

/** The least accumulator with scale(acc) ≥ level, where scale(acc) ≈ acc · factor. */
function stepTo(level: number, scale: Level, factor: number): number {
  let sum = Math.ceil((level - 0.5) / factor);
  while (scale(sum - 1) >= level) sum--;
  while (scale(sum) < level) sum++;
  return sum;
}

/** A column's levels over its possible accumulators: the lowest, the highest, and the steps between. */
export interface Staircase {
  readonly first: number;
  readonly last: number;
  /** The least accumulator of level first + 1, first + 2, …, last. */
  readonly steps: Float64Array;
}

/** The staircase of `scale`, where scale(acc) ≈ acc · factor. */
export function staircaseOf(scale: Level, factor: number, sums: Range, levels: Range): Staircase {
  const first = clamp(scale(sums.min), levels.min, levels.max);
  const last = clamp(scale(sums.max), levels.min, levels.max);
  const steps = new Float64Array(Math.max(0, last - first));
  for (let i = 0; i < steps.length; i++) steps[i] = stepTo(first + 1 + i, scale, factor);
  return { first, last, steps };
}

/**
 * A multiplier whose single rounding, halves up, equals `scale` for every accumulator in `sums`, clamped to `levels`; null if there is
 * none close to `factor`, or none that shifts right.
 */
export function multiplierOf(scale: Level, factor: number, sums: Range, levels: Range): Multiplier | null {
  const { multiplier, shift } = quantizeMultiplier(factor);
  if (shift >= 0) return null;
  const { first, last, steps } = staircaseOf(scale, factor, sums, levels);
  for (const nudge of [0, 1, -1, 2, -2]) {
    const m = { multiplier: Math.min(multiplier + nudge, 2 ** 31 - 1), shift };
    const level = (sum: number) => clamp(multiplyByMultiplierSingle(sum, m), levels.min, levels.max);
    const agrees = (sum: number, i: number) => level(sum) === first + 1 + i && level(sum - 1) === first + i;
    if (level(sums.min) === first && level(sums.max) === last && steps.every(agrees)) return m;
  }
  return null;
}
