/**
 * Scaling of sums in two steps, for a 16-bit factor and a 32-bit one with 16 fractional bits between: where it can be shown
 * that TFLite's levels come of it.
 */

import type { Range } from '../../../model/arithmetic/activation.ts';
import { quantizeMultiplier } from '../../../model/arithmetic/multiplier.ts';
import { clamp } from '../../../model/arithmetic/rounding.ts';
import { type Staircase, staircaseOf } from './staircase.ts';

/** One channel: its sums go up by `multiplier` and `offset` to 16 fractional bits. `scale` is at least 1. */
export interface Chain {
  readonly scale: number;
  readonly multiplier: number;
  readonly offset: number;
}

/** How a channel's sums become levels in TFLite: the zero point is in neither. */
export interface Scaling {
  readonly staircase: Staircase;
  readonly factor: number;
  /** What the sums have beyond the products. */
  readonly bias: number;
  readonly sums: Range;
  readonly levels: Range;
}

/** How far sums are scaled: what stands for one level, and the largest factor before the multiplication. */
export interface Scale {
  readonly fraction: number;
  readonly most: number;
}
/** 16 fractional bits, by a factor of 16 bits. */
const BY_16_BITS: Scale = { fraction: 2 ** 16, most: 32767 };
/** What int32 holds lies below it. */
export const LIMIT = 2 ** 31;
/** Multipliers tried beside the one nearest to the factor, in steps that move the last level by a few 2^-20. */
const NUDGES = [0, ...Array.from({ length: 256 }, (_, i) => [i + 1, -i - 1]).flat()];

/**
 * How sums become levels by `level`, which is about a multiplication by `factor`; null for what shifts to the left, where
 * sums wrap and levels may fall.
 */
export function scalingOf(
  level: (sum: number) => number,
  { factor, bias, sums, levels }: Omit<Scaling, 'staircase'>,
): Scaling | null {
  if (quantizeMultiplier(factor).shift >= 0 && factor > 0) return null;
  return { staircase: staircaseOf(level, factor, sums, levels), factor, bias, sums, levels };
}

/** The constants with which a channel's levels are TFLite's for all its sums; null where none are found. */
export function chainOf(scaling: Scaling, zeroPoint: number, { fraction, most }: Scale = BY_16_BITS): Chain | null {
  const { factor, bias, sums } = scaling;
  const { first, last } = scaling.staircase;
  const { shift } = quantizeMultiplier(factor);
  if (first === last) return { scale: 1, multiplier: 0, offset: (first + zeroPoint) * fraction };
  const scale = Math.min(most, 2 ** Math.max(0, Math.log2(fraction) + shift));
  const multiplier = Math.round((factor * fraction * LIMIT) / scale);
  if (multiplier >= LIMIT || scale * Math.max(bias - sums.min, sums.max - bias) >= LIMIT) return null;
  const unit = Math.ceil((2 ** 12 * fraction) / (factor * fraction * (sums.max - sums.min)));
  for (const nudge of NUDGES) {
    const m = clamp(multiplier + unit * nudge, 1, LIMIT - 1);
    const high = (sum: number): number => scaled(scale * (sum - bias), m);
    const offset = offsetOf(scaling, high, fraction);
    if (offset === null) continue;
    const moved = offset + zeroPoint * fraction;
    const ends = [high(sums.min) + moved, high(sums.max) + moved, moved];
    if (ends.every((end) => Math.abs(end) < LIMIT)) return { scale, multiplier: m, offset: moved };
  }
  return null;
}

/** SQDMULH: the upper half of 2ab; b is positive. */
const scaled = (a: number, b: number): number =>
  Math.floor((a * (b >> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 32768);

/** The least number that takes each step's sum to its level, but not the sum before; null if there is none. */
function offsetOf(
  { staircase: { first, last, steps }, sums, levels }: Scaling,
  high: (sum: number) => number,
  fraction: number,
): number | null {
  let least = first > levels.min ? first * fraction - high(sums.min) : -LIMIT;
  let most = last < levels.max ? (last + 1) * fraction - 1 - high(sums.max) : LIMIT;
  for (let i = 0; i < steps.length && least <= most; i++) {
    const edge = (first + 1 + i) * fraction;
    least = Math.max(least, edge - high(steps[i]));
    most = Math.min(most, edge - 1 - high(steps[i] - 1));
  }
  return least <= most ? least : null;
}
