/**
 * gemmlowp's fixed-point functions on raw int16 values (fixedpoint.h), as the gates of integer LSTMs use them. The
 * constants are those of the int32 functions, rounded to 16 bits.
 */
import { roundingDivideByPOT } from './multiplier.ts';

const MAX = 32767;
const MIN = -32768;

const wrap = (x: number): number => (x << 16) >> 16;

/** High half of 2ab, halves rounded up, saturating. */
export const multiply16 = (a: number, b: number): number => (a === MIN && b === MIN ? MAX : (a * b + 16384) >> 15);

/** x · 2^exponent, saturated. */
export function shiftLeft16(x: number, exponent: number): number {
  const threshold = 2 ** (15 - exponent) - 1;
  return x > threshold ? MAX : x < -threshold ? MIN : x << exponent;
}

const half = (int32: number): number => roundingDivideByPOT(int32, 16);
const EXP_MINUS_EIGHTH = half(1895147668);
const THIRD = half(715827883);
const FORTY_EIGHT_17THS = half(1515870810);
const MINUS_THIRTY_TWO_17THS = half(-1010580540);

/** exp(−2^k) in Q0.15 for k = −2 … 4. */
const EXPONENTS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242].map(half);

/** exp(a) for a in [−1/4, 0), Q0.15: a Taylor polynomial about −1/8. */
function expNearZero(a: number): number {
  const x = a + 4096;
  const x2 = multiply16(x, x);
  const x3 = multiply16(x2, x);
  const x4 = multiply16(x2, x2);
  const cubic = multiply16(wrap(roundingDivideByPOT(x4, 2) + x3), THIRD);
  const tail = roundingDivideByPOT(wrap(cubic + x2), 1);
  return Math.min(EXP_MINUS_EIGHTH + multiply16(EXP_MINUS_EIGHTH, wrap(x + tail)), MAX);
}

/** exp(a) for a ≤ 0 with `integerBits` integer bits; the result is Q0.15. */
function expOfNegative16(a: number, integerBits: number): number {
  if (a === 0) return MAX;
  const fraction = 15 - integerBits;
  if (integerBits > 5 && a < -(1 << (20 - integerBits))) return 0;
  const quarter = 1 << (fraction - 2);
  const part = (a & (quarter - 1)) - quarter;
  let result = expNearZero(shiftLeft16(part, integerBits));
  const remainder = part - a;
  EXPONENTS.forEach((factor, i) => {
    const exponent = i - 2;
    if (integerBits > exponent && remainder & (1 << (fraction + exponent))) result = multiply16(result, factor);
  });
  return result;
}

/** 2 / (1 + a) for a in [0, 1], Q2.13: Newton's iteration. */
function twoOverOnePlus(a: number): number {
  const halfDenominator = (a + MAX + 1) >> 1;
  let x = FORTY_EIGHT_17THS + multiply16(halfDenominator, MINUS_THIRTY_TWO_17THS);
  for (let i = 0; i < 3; i++) {
    const error = 8192 - multiply16(halfDenominator, x);
    x = wrap(x + shiftLeft16(multiply16(x, error), 2));
  }
  return x;
}

/** 1 / (1 + exp(−x)) of a Q3.12 value, in Q0.15. Source: gemmlowp's logistic. */
export function sigmoidOfQ3(x: number): number {
  if (x === 0) return 16384;
  const positive = shiftLeft16(twoOverOnePlus(expOfNegative16(x > 0 ? -x : x, 3)), 1);
  return x > 0 ? positive : MAX - positive;
}

/** tanh of a value with `integerBits` integer bits (0 to 6), in Q0.15. Source: gemmlowp's tanh. */
export function tanhOfFixed(x: number, integerBits: number): number {
  if (x === 0) return 0;
  const magnitude = shiftLeft16(twoOverOnePlus(expOfNegative16(x < 0 ? x : -x, integerBits + 1)) - 8192, 2);
  return x < 0 ? wrap(-magnitude) : magnitude;
}
