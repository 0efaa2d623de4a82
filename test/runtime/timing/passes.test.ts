import { describe, expect, test } from 'vitest';
import { parsePass, quantilesOf } from '../../../src/runtime/timing/passes.ts';

describe('passes', () => {
  test('are read from the runner lines', () => {
    expect(parsePass('pass 3 500 700 10 0 20 1')).toEqual({
      ...{ sample: 3, alu: 500, memory: 700 },
      slots: [
        { ns: 10, switches: 0 },
        { ns: 20, switches: 1 },
      ],
    });
  });

  test('quantiles take numbers in any order', () => {
    expect(quantilesOf([5, 1, 4, 2, 3], 0, 0.5, 1)).toEqual([1, 3, 5]);
    expect(quantilesOf(new Float64Array([2, 1]), 0.5)).toEqual([1.5]);
    // numpy.quantile([3, 1, 10, 2], [0.05, 0.25, 0.9])
    const [a, b, c] = quantilesOf([3, 1, 10, 2], 0.05, 0.25, 0.9);
    expect([a, b, c].map((x) => Number(x.toFixed(9)))).toEqual([1.15, 1.75, 7.9]);
  });
});
