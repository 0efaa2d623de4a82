/**
 * Scaling of sums in two steps, for a 16-bit factor and a 32-bit one with 16 fractional bits between: where it can be shown
 * that TFLite's levels come of it.
 */
import { clamp, quantizeMultiplier, type Range } from '../../../model/ops/arithmetic.ts';
import { stepTo } from './staircase.ts';

/** One channel: its sums go up by `multiplier` and `offset` to 16 fractional bits. `scale` is at least 1. */
export interface Chain {
  readonly scale: number;
  readonly multiplier: number;
  readonly offset: number;
}

/** How a channel's sums become levels in TFLite: the zero point is in neither `level` nor `levels`. */
export interface Scaling {
  /** Must not fall. */
  readonly level: (sum: number) => number;
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

/** The constants with which a channel's levels are TFLite's for all its sums; null where none are found. */
export function chainOf(
  { level, factor, bias, sums, levels }: Scaling,
  zeroPoint: number,
  { fraction, most }: Scale = BY_16_BITS,
): Chain | null {
  const { shift } = quantizeMultiplier(factor);
  // Shifted to the left, sums wrap: levels may fall.
  if (shift >= 0 && factor > 0) return null;
  const first = clamp(level(sums.min), levels.min, levels.max);
  const last = clamp(level(sums.max), levels.min, levels.max);
  if (first === last) return { scale: 1, multiplier: 0, offset: (first + zeroPoint) * fraction };
  const scale = Math.min(most, 2 ** Math.max(0, Math.log2(fraction) + shift));
  const multiplier = Math.round((factor * fraction * LIMIT) / scale);
  if (multiplier >= LIMIT || scale * Math.max(bias - sums.min, sums.max - bias) >= LIMIT) return null;
  const steps = Array.from({ length: last - first }, (_, i) => stepTo(first + 1 + i, level, factor));
  const unit = Math.ceil((2 ** 12 * fraction) / (factor * fraction * (sums.max - sums.min)));
  for (const nudge of NUDGES) {
    const m = clamp(multiplier + unit * nudge, 1, LIMIT - 1);
    const high = (sum: number): number => scaled(scale * (sum - bias), m);
    const offset = offsetOf(steps, first, last, high, sums, levels, fraction);
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
  steps: readonly number[],
  first: number,
  last: number,
  high: (sum: number) => number,
  sums: Range,
  levels: Range,
  fraction: number,
): number | null {
  let least = first > levels.min ? first * fraction - high(sums.min) : -LIMIT;
  let most = last < levels.max ? (last + 1) * fraction - 1 - high(sums.max) : LIMIT;
  steps.forEach((sum, i) => {
    const edge = (first + 1 + i) * fraction;
    least = Math.max(least, edge - high(sum));
    most = Math.min(most, edge - 1 - high(sum - 1));
  });
  return least <= most ? least : null;
}
