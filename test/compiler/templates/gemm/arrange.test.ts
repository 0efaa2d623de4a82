import { expect, test } from 'vitest';
import { type Piece, pairBlocks } from '../../../../src/compiler/templates/gemm/k_sums/arrange.ts';

const piecesOf = (count: number, weight: (block: number) => number): Piece[] =>
  Array.from({ length: count }, (_, block) => ({ block, weights: new Int8Array(64).fill(weight(block)) }));

test('an odd number of blocks, however many, leaves one over', () => {
  for (const count of [1, 3, 1001, 20_001, 65_539]) {
    const { pairs, singles } = pairBlocks(piecesOf(count, (block) => block % 7));
    expect([pairs.length, singles.length]).toEqual([(count - 1) / 2, 1]);
  }
});

test('blocks left over take one each of a pair', () => {
  // By what the lanes of either half add up to: 200 0, 0 190, 0 100, 50 50. The first takes the last, the easiest, and the
  // two between do not fit together; but all fit two by two.
  const halves = [
    [100, 0],
    [0, 95],
    [0, 50],
    [25, 25],
  ];
  const pieces = halves.map(
    ([low, high], block): Piece => ({ block, weights: new Int8Array(64).fill(high).fill(low, 0, 32) }),
  );
  const { pairs, singles } = pairBlocks(pieces);
  expect(singles).toEqual([]);
  expect(pairs).toHaveLength(2);
  for (const lane of [0, 32])
    for (const pair of pairs) expect(2 * pair.reduce((sum, { weights }) => sum + weights[lane], 0)).toBeLessThan(256);
});
