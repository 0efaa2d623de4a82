import fc from 'fast-check';
import { expect, test } from 'vitest';
import { multiplierOf } from '../../../../../src/compiler/templates/epilogue/proofs/staircase.ts';
import { multiplyByMultiplierSingle, requantizer } from '../../../../../src/model/arithmetic/multiplier.ts';
import { clamp, roundAway } from '../../../../../src/model/arithmetic/rounding.ts';

const LEVELS = { min: -128, max: 127 };
/** Factors around 2^-5 to 2^-12: what layers have. */
const factors = fc.double({ min: 2 ** -12, max: 2 ** -5, noNaN: true });

test('a multiplier rounds every sum as double precision does', () => {
  let found = 0;
  fc.assert(
    fc.property(factors, fc.integer({ min: 1, max: 4000 }), (factor, reach) => {
      const sums = { min: -3 * reach, max: 5 * reach };
      const scale = (sum: number) => roundAway(sum * factor);
      const m = multiplierOf(scale, factor, sums, LEVELS);
      if (m === null) return;
      found++;
      for (let sum = sums.min; sum <= sums.max; sum++) {
        const level = clamp(scale(sum), LEVELS.min, LEVELS.max);
        if (clamp(multiplyByMultiplierSingle(sum, m), LEVELS.min, LEVELS.max) !== level) expect(sum).toBe(level);
      }
    }),
    { numRuns: 60 },
  );
  expect(found).toBeGreaterThan(50);
});

test('halves go away from zero with a multiplier that is a little larger', () => {
  const m = multiplierOf((sum) => roundAway(sum / 4), 1 / 4, { min: -100, max: 100 }, LEVELS)!;
  expect([-6, -2, 2, 6].map((sum) => multiplyByMultiplierSingle(sum, m))).toEqual([-2, -1, 1, 2]);
});

test("there is none for TFLite's two roundings, nor where the result is larger than half the sum", () => {
  const twice = requantizer('tflite', [0.0123]);
  expect(multiplierOf((sum) => twice(sum, 0), 0.0123, { min: -9000, max: 9000 }, LEVELS)).toBeNull();
  expect(multiplierOf((sum) => roundAway(sum * 0.7), 0.7, { min: -9, max: 9 }, LEVELS)).toBeNull();
});
