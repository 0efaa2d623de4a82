import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activationRange } from '../../../src/model/arithmetic/activation.ts';
import {
  doublingHighMul,
  frexp,
  multiplyByMultiplier,
  multiplyByMultiplier64,
  multiplyByMultiplierSingle,
  multiplyByMultiplierUp,
  quantizeMultiplier,
  requantizer,
  roundingDivideByPOT,
} from '../../../src/model/arithmetic/multiplier.ts';
import { castInt32, roundAway, roundEven } from '../../../src/model/arithmetic/rounding.ts';

const RUNS = { numRuns: 5000 };
const MIN = -2147483648;
const MAX = 2147483647;

/** int32 with its extremes, powers of two and their neighbours far more often than chance. */
const int32 = fc.oneof(
  fc.integer({ min: MIN, max: MAX }),
  fc.constantFrom(MIN, MIN + 1, MAX, MAX - 1, 0, 1, -1),
  fc.tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: -1, max: 1 })).map(([e, d]) => (2 ** e + d) | 0),
);
const multiplier = fc.oneof(fc.integer({ min: 2 ** 30, max: MAX }), fc.constantFrom(0, 2 ** 30, MAX));

const wrap32 = (x: bigint): number => Number(BigInt.asIntN(32, x));

/** The definitions, in integers of any size. */
function highMul(a: bigint, b: bigint): bigint {
  const r = (a * b + (1n << 30n)) >> 31n;
  return r > BigInt(MAX) ? BigInt(MAX) : r;
}
function dividePOT(x: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return x;
  const half = 1n << (exponent - 1n);
  return x >= 0n ? (x + half) >> exponent : -((-x + half) >> exponent);
}

describe('fixed point', () => {
  it('doublingHighMul is the rounded upper half of the doubled 64-bit product', () => {
    fc.assert(
      fc.property(int32, int32, (a, b) => {
        expect(BigInt(doublingHighMul(a, b))).toBe(highMul(BigInt(a), BigInt(b)));
      }),
      RUNS,
    );
    expect(doublingHighMul(MIN, MIN)).toBe(MAX);
  });

  it('roundingDivideByPOT rounds halves away from zero', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 31 }), (x, e) => {
        expect(BigInt(roundingDivideByPOT(x, e))).toBe(dividePOT(BigInt(x), BigInt(e)));
      }),
      RUNS,
    );
    expect(roundingDivideByPOT(-3, 1)).toBe(-2);
    expect(roundingDivideByPOT(3, 1)).toBe(2);
  });

  it('multiplyByMultiplier shifts left with wrap-around, multiplies, divides', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 31 }), (x, m, shift) => {
        const left = BigInt(Math.max(shift, 0));
        const shifted = BigInt.asIntN(32, BigInt(x) << left);
        const expected = dividePOT(highMul(shifted, BigInt(m)), BigInt(Math.max(-shift, 0)));
        expect(BigInt(multiplyByMultiplier(x, { multiplier: m, shift }))).toBe(expected);
      }),
      RUNS,
    );
  });

  it('multiplyByMultiplierSingle rounds once in 64 bit', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 30 }), (x, m, shift) => {
        const t = BigInt(31 - shift);
        const expected = wrap32((BigInt(x) * BigInt(m) + (1n << (t - 1n))) >> t);
        expect(multiplyByMultiplierSingle(x, { multiplier: m, shift })).toBe(expected);
      }),
      RUNS,
    );
  });

  it('multiplyByMultiplierUp rounds twice, halves up', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 31 }), (x, m, shift) => {
        const left = wrap32(BigInt(x) << BigInt(Math.max(shift, 0)));
        const high = (BigInt(left) * BigInt(m) + (1n << 30n)) >> 31n;
        const right = BigInt(Math.max(-shift, 0));
        const expected = right === 0n ? high : (high + (1n << (right - 1n))) >> right;
        expect(multiplyByMultiplierUp(x, { multiplier: m, shift })).toBe(Number(expected));
      }),
      RUNS,
    );
  });

  it('multiplyByMultiplier64 takes int64 accumulators and a multiplier reduced to 16 bits', () => {
    const accumulator = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 }), int32);
    fc.assert(
      fc.property(accumulator, multiplier, fc.integer({ min: -31, max: 7 }), (x, m, shift) => {
        const reduced = m < 0x7fff0000 ? (BigInt(m) + 32768n) >> 16n : 0x7fffn;
        const t = BigInt(15 - shift);
        const expected = wrap32(BigInt.asIntN(64, BigInt(x) * reduced + (1n << (t - 1n))) >> t);
        expect(multiplyByMultiplier64(x, { multiplier: m, shift })).toBe(expected);
      }),
      RUNS,
    );
  });
});

describe('multipliers', () => {
  it('frexp splits every double into fraction and exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const [fraction, exponent] = frexp(x);
        // In two steps, since 2^exponent alone may overflow or vanish.
        const half = Math.trunc(exponent / 2);
        expect(fraction * 2 ** half * 2 ** (exponent - half)).toBe(x);
        if (x !== 0) expect(Math.abs(fraction) >= 0.5 && Math.abs(fraction) < 1).toBe(true);
      }),
      RUNS,
    );
  });

  it('quantizeMultiplier is within half a unit of the real factor, and 0 below 2^-32', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -31, max: 2 ** 20, noNaN: true }), (real) => {
        const { multiplier: m, shift } = quantizeMultiplier(real);
        expect(m >= 2 ** 30 && m <= MAX).toBe(true);
        expect(Math.abs(m - real * 2 ** (31 - shift))).toBeLessThanOrEqual(0.5);
      }),
      RUNS,
    );
    expect(quantizeMultiplier(0)).toEqual({ multiplier: 0, shift: 0 });
    expect(quantizeMultiplier(2 ** -33)).toEqual({ multiplier: 0, shift: 0 });
    expect(quantizeMultiplier(1 - 2 ** -40)).toEqual({ multiplier: 2 ** 30, shift: 1 });
  });

  it('the profiles agree to one step', () => {
    const accumulator = fc.integer({ min: -(2 ** 24), max: 2 ** 24 });
    fc.assert(
      fc.property(accumulator, fc.double({ min: 1e-6, max: 1, noNaN: true }), (x, factor) => {
        const exact = x * factor;
        for (const profile of ['tflite', 'single', 'xnnpack'] as const) {
          expect(Math.abs(requantizer(profile, [factor])(x, 0) - exact)).toBeLessThanOrEqual(2);
        }
      }),
      RUNS,
    );
  });

  it('requantizes each channel by its own factor', () => {
    const requantize = requantizer('tflite', [0.5, 0.25]);
    expect([requantize(8, 0), requantize(8, 1)]).toEqual([4, 2]);
  });
});

describe('rounding', () => {
  it('roundAway and roundEven differ at halves only', () => {
    expect([0.5, 1.5, -0.5, -1.5, 0.49999999999999994].map(roundAway)).toEqual([1, 2, -1, -2, 0]);
    expect([0.5, 1.5, 2.5, -0.5, -1.5].map((x) => roundEven(x) + 0)).toEqual([0, 2, 2, 0, -2]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.abs(roundAway(x) - x)).toBeLessThanOrEqual(0.5);
        if (Math.abs(x % 1) !== 0.5) expect(roundEven(x) + 0).toBe(roundAway(x) + 0);
      }),
      RUNS,
    );
  });

  it('castInt32 keeps what fits and makes the rest the smallest int32', () => {
    expect([5, MAX, MIN, 2 ** 31, -1e30, Number.NaN, Number.POSITIVE_INFINITY].map(castInt32)).toEqual([
      5,
      MAX,
      MIN,
      MIN,
      MIN,
      MIN,
      MIN,
    ]);
  });
});

describe('activation ranges', () => {
  it('are zero point + round(bound / scale), within the type', () => {
    expect(activationRange('NONE', 0.1, 3, 'int8')).toEqual({ min: -128, max: 127 });
    expect(activationRange('RELU', 0.1, 3, 'int8')).toEqual({ min: 3, max: 127 });
    expect(activationRange('RELU6', 0.05, -100, 'int8')).toEqual({ min: -100, max: 20 });
    expect(activationRange('RELU6', 0.01, -128, 'int8')).toEqual({ min: -128, max: 127 });
    expect(activationRange('RELU_N1_TO_1', 0.02, 128, 'uint8')).toEqual({ min: 78, max: 178 });
  });
});
