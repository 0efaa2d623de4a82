/**
 * A requantized output is a staircase over the sum: it climbs, one step at a time, between two limits. Two ways to scale
 * that put every step at the same sum are the same function, however differently they round.
 */

import type { Range } from '../../../../model/arithmetic/activation.ts';
import {
  type Multiplier,
  multiplyByMultiplierSingle,
  quantizeMultiplier,
} from '../../../../model/arithmetic/multiplier.ts';
import { clamp } from '../../../../model/arithmetic/rounding.ts';

/** The level of a sum of one column; monotone. */
type Level = (sum: number) => number;

/** The least sum that `scale`, of about `factor`, takes to `level` or above. */
function stepTo(level: number, scale: Level, factor: number): number {
  let sum = Math.ceil((level - 0.5) / factor);
  while (scale(sum - 1) >= level) sum--;
  while (scale(sum) < level) sum++;
  return sum;
}

/** A column's levels, clamped, over the sums that can occur: the lowest, the highest, and where each other one begins. */
export interface Staircase {
  readonly first: number;
  readonly last: number;
  /** The least sum of level first + 1, first + 2, …, last. */
  readonly steps: Float64Array;
}

/** The staircase of `scale`, which is about a multiplication by `factor`. */
export function staircaseOf(scale: Level, factor: number, sums: Range, levels: Range): Staircase {
  const first = clamp(scale(sums.min), levels.min, levels.max);
  const last = clamp(scale(sums.max), levels.min, levels.max);
  const steps = new Float64Array(Math.max(0, last - first));
  for (let i = 0; i < steps.length; i++) steps[i] = stepTo(first + 1 + i, scale, factor);
  return { first, last, steps };
}

/**
 * A multiplier with which a single rounding, halves up, gives what `scale` gives for every sum in `sums`, once both are
 * clamped to `levels`; null when there is none close to `factor`, or none that shifts right.
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
