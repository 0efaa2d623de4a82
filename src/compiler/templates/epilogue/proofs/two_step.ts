/**
 * Two-step requantization: acc · scale (16 bits), then SQDMULH by a 32-bit multiplier, which leaves 16 fractional bits. It is proved for
 * a channel at each accumulator where TFLite's result changes (staircase.ts).
 */

import type { Range } from '../../../../model/arithmetic/activation.ts';
import { quantizeMultiplier } from '../../../../model/arithmetic/multiplier.ts';
import { clamp } from '../../../../model/arithmetic/rounding.ts';
import { type Staircase, staircaseOf } from './staircase.ts';

/** Constants of a channel: result = (SQDMULH(scale · acc, multiplier) + offset) / 2^16. scale ≥ 1. */
export interface TwoStep {
  readonly scale: number;
  readonly multiplier: number;
  readonly offset: number;
}

/** TFLite's requantization of a channel, as a staircase over its accumulators. */
export interface Scaling {
  readonly staircase: Staircase;
  readonly factor: number;
  /** Included in `sums`. */
  readonly bias: number;
  readonly sums: Range;
  readonly levels: Range;
}

/** fraction: 2^(fractional bits); most: the largest `scale`. */
export interface FixedPoint {
  readonly fraction: number;
  readonly most: number;
}
/** 16 fractional bits, 16-bit `scale`. */
const BY_16_BITS: FixedPoint = { fraction: 2 ** 16, most: 32767 };
/** 2^31: first integer beyond int32. */
export const LIMIT = 2 ** 31;
/** Multipliers tried, as offsets from the nearest one, in units that move the last level by a few 2^-20. */
const NUDGES = [0, ...Array.from({ length: 256 }, (_, i) => [i + 1, -i - 1]).flat()];

/** The staircase of `level`, where level(acc) ≈ acc · factor; null for left shifts, where values wrap and levels may fall. */
export function scalingOf(
  level: (sum: number) => number,
  { factor, bias, sums, levels }: Omit<Scaling, 'staircase'>,
): Scaling | null {
  if (quantizeMultiplier(factor).shift >= 0 && factor > 0) return null;
  return { staircase: staircaseOf(level, factor, sums, levels), factor, bias, sums, levels };
}

/** Constants that give TFLite's level for every accumulator; null if none are found. */
export function twoStepOf(
  scaling: Scaling,
  zeroPoint: number,
  { fraction, most }: FixedPoint = BY_16_BITS,
): TwoStep | null {
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

/** SQDMULH(a, b): high half of 2ab; b > 0. */
const scaled = (a: number, b: number): number =>
  Math.floor((a * (b >> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 32768);

/** The least offset with which each step is at the staircase's accumulator, and not at the one before; null if there is none. */
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
