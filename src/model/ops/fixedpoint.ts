/** gemmlowp's fixed-point functions on raw int32 values, as the quantized softmax uses them (fixedpoint.h). */
import { roundingDivideByPOT as divide, doublingHighMul as mul } from './arithmetic.ts';

const MAX = 2147483647;
const MIN = -2147483648;

/** x · 2^exponent, saturated, for a non-negative exponent. */
function shiftLeft(x: number, exponent: number): number {
  const threshold = 2 ** (31 - exponent) - 1;
  return x > threshold ? MAX : x < -threshold ? MIN : x << exponent;
}

/** exp(a) for a in [−1/4, 0), Q0.31 to Q0.31: a Taylor polynomial about −1/8. */
function expNearZero(a: number): number {
  const x = (a + (1 << 28)) | 0;
  const x2 = mul(x, x);
  const x3 = mul(x2, x);
  const x4 = mul(x2, x2);
  const tail = divide((mul((divide(x4, 2) + x3) | 0, 715827883) + x2) | 0, 1);
  return (1895147668 + mul(1895147668, (x + tail) | 0)) | 0;
}

/** exp(−2^k) in Q0.31 for k = −2 … 4. */
const EXPONENTS = [1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242];

/** exp(a) for a ≤ 0 in Q5.26; the result is Q0.31. */
export function expOfNegative(a: number): number {
  if (a === 0) return MAX;
  const quarter = 1 << 24;
  const part = (a & (quarter - 1)) - quarter;
  let result = expNearZero(shiftLeft(part, 5));
  const remainder = (part - a) | 0;
  for (let k = 0; k < EXPONENTS.length; k++) if (remainder & (1 << (24 + k))) result = mul(result, EXPONENTS[k]);
  return result;
}

/** 1 / (1 + a) for a in [0, 1], Q0.31: Newton's iteration. */
export function oneOverOnePlus(a: number): number {
  const sum = a + MAX;
  const halfDenominator = Math.trunc((sum + (sum >= 0 ? 1 : -1)) / 2);
  let x = (1515870810 + mul(halfDenominator, -1010580540)) | 0;
  for (let i = 0; i < 3; i++) {
    const error = ((1 << 29) - mul(halfDenominator, x)) | 0;
    x = (x + shiftLeft(mul(x, error), 2)) | 0;
  }
  return shiftLeft(x, 1);
}

/** 1 / x for a positive x with `integerBits` integer bits: a Q0.31 mantissa and how many bits x lies over 1. */
export function reciprocal(x: number, integerBits: number): { readonly scale: number; readonly bitsOver: number } {
  const headroom = Math.clz32(x);
  const mantissa = ((x << headroom) - 0x80000000) | 0;
  return { scale: oneOverOnePlus(mantissa), bitsOver: integerBits - headroom };
}
