/**
 * gemmlowp's fixed-point functions on raw int32 values (fixedpoint.h) and TFLite's own beside them (common.h), as the
 * quantized normalizations use them.
 */
import { roundingDivideByPOT as divide, type Multiplier, doublingHighMul as mul } from './multiplier.ts';

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

const saturate = (x: number): number => Math.min(Math.max(x, MIN), MAX);
const halfSum = (a: number, b: number): number => Math.trunc((a + b + (a + b >= 0 ? 1 : -1)) / 2);

/** Constants of `logOfQ12`, Q0.31. */
const LOG = {
  two: 1488522236,
  fourthRootOfHalf: 1805811301,
  rootOfHalf: 1518500250,
  alphaN: 117049297,
  alphaD: 127690142,
  alphaI: 1057819769,
  alphaF: 638450708,
} as const;

/** ln(x) of a positive Q12.19 as Q5.26, for x from 1/4096. Source: log_x_for_x_greater_than_or_equal_to_1 (common.h). */
export function logOfQ12(x: number): number {
  const quarter = 1 << 23;
  const headroomA = Math.max(Math.clz32(x) - 1, 0);
  const headroomB = Math.max(Math.clz32(mul(x, LOG.rootOfHalf)) - 1, 0);
  const mantissaA = shiftLeft(mul(shiftLeft(x, headroomA), LOG.rootOfHalf), 1);
  const mantissaB = shiftLeft(x, headroomB);
  const powerA = saturate(shiftLeft(11 - headroomA, 25) + quarter);
  const powerB = saturate(shiftLeft(12 - headroomB, 25) - quarter);
  const r = Math.min(mantissaA, mantissaB);
  const p = halfSum(r, LOG.fourthRootOfHalf);
  const q = ((r - LOG.fourthRootOfHalf) * 2) | 0;
  const q2 = mul(q, q);
  const numerator = (mul(q, r) + mul(mul(q, q2), LOG.alphaN)) | 0;
  const factor = (LOG.alphaI + q + mul(LOG.alphaD, q2)) | 0;
  const denominator = oneOverOnePlus((mul(p, factor) + mul(LOG.alphaF, q)) | 0);
  return shiftLeft((mul(Math.max(powerA, powerB), LOG.two) + mul(divide(numerator, 6), denominator)) | 0, 1);
}

/**
 * 1 / √x of a positive int32 as a multiplier: five Newton steps from 1 in Q3.28. 0 and what lies below count as 1.
 * Source: GetInvSqrtQuantizedMultiplierExp (common.h).
 */
export function inverseSqrt(x: number): Multiplier {
  if (x <= 1) return { multiplier: MAX, shift: 0 };
  let right = 11;
  let input = x;
  while (input >= 1 << 29) {
    input = Math.trunc(input / 4);
    right++;
  }
  const pairs = ((Math.clz32(input) - 1) >> 1) - 1;
  right -= pairs;
  const half = divide((input << (2 * pairs)) >> 1, 1);
  const threeHalves = (1 << 28) + (1 << 27);
  let y = 1 << 28;
  for (let i = 0; i < 5; i++) {
    const cube = shiftLeft(mul(mul(y, y), y), 6);
    y = shiftLeft((mul(threeHalves, y) - mul(half, cube)) | 0, 3);
  }
  const multiplier = mul(y, LOG.rootOfHalf);
  return right < 0 ? { multiplier: multiplier << -right, shift: 0 } : { multiplier, shift: right === 0 ? 0 : -right };
}
