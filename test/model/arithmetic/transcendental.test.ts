import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expF32, expm1F32, sigmoidF32, tanhF32 } from '../../../src/model/arithmetic/transcendental.ts';

/** The distance between x and the next float32 away from zero. */
const unit = (x: number): number =>
  2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(Math.fround(x)) || 1e-45))) - 23);
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

test.each([
  ['exp', expF32, Math.exp, [-103, 88.7], 1],
  ['expm1', expm1F32, Math.expm1, [-103, 88.7], 3.5],
  ['tanh', tanhF32, Math.tanh, [-12, 12], 1.5],
  ['logistic', sigmoidF32, logistic, [-9, 20], 2.5],
] as const)('%s is as close to the exact value as it says', (_, actual, exact, [min, max], units) => {
  fc.assert(
    fc.property(
      fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true }),
      fc.float({ min: -1, max: 1, noNaN: true }),
      (wide, near) => {
        for (const x of [wide, near])
          expect(Math.abs(actual(x) - exact(x)) / unit(exact(x)), `of ${x}`).toBeLessThan(units);
      },
    ),
    { numRuns: 20_000 },
  );
});

test('ends of the range', () => {
  const inf = Number.POSITIVE_INFINITY;
  const least = 2 ** -149;
  expect([-inf, -1e30, -103.9, -0, 0, 88.8, inf].map(expF32)).toEqual([0, 0, least, 1, 1, inf, inf]);
  expect([-inf, -30, 0, inf].map(expm1F32)).toEqual([-1, -1, 0, inf]);
  expect([-inf, -20, -0, 0, least, 20, inf].map(tanhF32)).toEqual([-1, -1, -0, 0, least, 1, 1]);
  expect([-inf, -0, 20, inf].map(sigmoidF32)).toEqual([0, 0.5, 1, 1]);
  for (const of of [expF32, expm1F32, tanhF32, sigmoidF32]) expect(of(Number.NaN)).toBeNaN();
});
