import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Scaling,
  scalingOf,
  type TwoStep,
  twoStepOf,
} from '../../../../../src/compiler/templates/epilogue/proofs/two_step.ts';
import { requantizer } from '../../../../../src/model/arithmetic/multiplier.ts';
import { clamp } from '../../../../../src/model/arithmetic/rounding.ts';

/** SMULL by the scale or SSHL, SQDMULH, ADDHN, SQXTN or SQSHRN, each as wide as the instruction. */
function requantized(product: number, { scale, multiplier, offset }: TwoStep, extraBits = 0): number {
  const scaled = BigInt.asIntN(32, BigInt(product) * BigInt(scale));
  const high = BigInt.asIntN(32, (2n * scaled * BigInt(multiplier)) >> 32n);
  const half = BigInt.asIntN(16, BigInt.asIntN(32, high + BigInt(offset)) >> 16n);
  return clamp(Number(half) >> extraBits, -128, 127);
}

/** The constants for levels by `level`. */
function constantsOf(
  level: (sum: number) => number,
  given: Omit<Scaling, 'staircase'>,
  by?: Parameters<typeof twoStepOf>[2],
) {
  const scaling = scalingOf(level, given);
  return scaling && twoStepOf(scaling, -128, by);
}

const scalings = fc.record({
  factor: fc.double({ min: 2 ** -12, max: 0.45, noNaN: true }),
  bias: fc.integer({ min: -20000, max: 20000 }),
  reach: fc.integer({ min: 1, max: 20000 }),
});

test.each([
  ['tflite', 0],
  ['tflite', 5],
  ['single', 3],
  ['single', 0],
  ['xnnpack', 0],
] as const)('levels are those of %s for every sum, with %i more fractional bits', (profile, extraBits) => {
  const by = extraBits === 0 ? undefined : { fraction: 2 ** (16 + extraBits), most: 2 ** 30 };
  let found = 0;
  fc.assert(
    fc.property(scalings, ({ factor, bias, reach }) => {
      const scale = requantizer(profile, [factor]);
      const level = (sum: number) => scale(sum, 0);
      // From the zero point on, as after RELU.
      const levels = { min: 0, max: 255 };
      const sums = { min: bias - reach, max: bias + reach };
      const constants = constantsOf(level, { factor, bias, sums, levels }, by);
      if (constants === null) return;
      found++;
      for (let sum = sums.min; sum <= sums.max; sum++) {
        const expected = clamp(level(sum), levels.min, levels.max) - 128;
        if (requantized(sum - bias, constants, extraBits) !== expected)
          expect([sum, requantized(sum - bias, constants, extraBits)]).toEqual([sum, expected]);
      }
    }),
    { numRuns: 100 },
  );
  expect(found).toBeGreaterThan(50);
});

test('a channel that is always clamped needs no multiplication', () => {
  const scale = requantizer('tflite', [0.4]);
  const given = { factor: 0.4, bias: -9000, levels: { min: 0, max: 255 } };
  expect(constantsOf((sum) => scale(sum, 0), { ...given, sums: { min: -9900, max: -1 } })).toMatchObject({
    multiplier: 0,
  });
});

test('there are none for sums that leave 32 bits once they are scaled', () => {
  const scale = requantizer('tflite', [0.4]);
  const given = { factor: 0.4, bias: 0, levels: { min: 0, max: 255 } };
  expect(constantsOf((sum) => scale(sum, 0), { ...given, sums: { min: -(2 ** 20), max: 2 ** 20 } })).toBeNull();
});

test('there are none for factors that shift to the left, even where both ends give the same level', () => {
  const scale = requantizer('tflite', [2 ** 20]);
  const level = (sum: number) => scale(sum, 0);
  const sums = { min: 1, max: 1 + 2 ** 12 };
  expect(level(sums.min)).toBe(level(sums.max));
  expect(level(2 ** 11)).not.toBe(level(sums.max));
  expect(constantsOf(level, { factor: 2 ** 20, bias: 0, sums, levels: { min: 0, max: 255 } })).toBeNull();
});
