import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inRowOrder, sharedCuts } from '../../../../src/compiler/templates/depthwise/shared_cuts.ts';

/** Eight channels of nine weights, all up to a magnitude of their own. */
const block = fc
  .tuple(
    fc.integer({ min: 1, max: 128 }),
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 72, maxLength: 72 }),
  )
  .map(([most, values]) =>
    Array.from({ length: 9 }, (_, p) => values.slice(8 * p, 8 * p + 8).map((v) => Math.min(127, Math.round(v * most)))),
  );

test('no sum leaves 16 bits, whatever the data', () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 12 }), (blocks) => {
      const { kinds, blocks: taken } = sharedCuts(blocks);
      expect(kinds.length).toBeLessThanOrEqual(3);
      taken.forEach(({ kind, rows }, b) => {
        expect([...rows].sort()).toEqual([0, 1, 2]);
        expect((kinds[kind] >> 8n) & 1n).toBe(1n);
        for (let c = 0; c < 8; c++) {
          let [low, high] = [0, 0];
          inRowOrder(blocks[b], rows).forEach((weights, i) => {
            low += Math.min(weights[c] * -128, weights[c] * 127);
            high += Math.max(weights[c] * -128, weights[c] * 127);
            expect(low).toBeGreaterThanOrEqual(-32768);
            expect(high).toBeLessThanOrEqual(32767);
            if ((kinds[kind] >> BigInt(i)) & 1n) [low, high] = [0, 0];
          });
        }
      });
    }),
    { numRuns: 50 },
  );
});

const allOf = (value: number): number[][] => Array.from({ length: 9 }, () => Array.from({ length: 8 }, () => value));

test('small weights make one sum, large ones a sum for every two products', () => {
  const { kinds, blocks } = sharedCuts([allOf(28), allOf(127), allOf(60)]);
  const sums = blocks.map(({ kind }) => [...kinds[kind].toString(2)].filter((bit) => bit === '1').length);
  expect(sums).toEqual([1, 5, 3]);
});

test('rows come in the order that needs fewer sums', () => {
  // 250 and then 200 do not fit one sum, nor do 50 beside the 250 unless they come together with the 200.
  const rows = [250, 50, 200].map((sum) => [sum / 2, sum / 2, 0]);
  const products = rows.flat().map((value) => Array.from({ length: 8 }, () => value));
  const { kinds, blocks } = sharedCuts([products]);
  expect(kinds.map((cuts) => [...cuts.toString(2)].filter((bit) => bit === '1').length)).toEqual([2]);
  expect(blocks[0].rows.indexOf(0)).not.toBe(1);
});
