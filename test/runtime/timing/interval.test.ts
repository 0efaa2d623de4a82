import { describe, expect, test } from 'vitest';
import { halfWidth, LOOKS, launchEstimate } from '../../../src/runtime/timing/interval.ts';
import { normals } from './synthetic.ts';

describe('the interval over launches', () => {
  // scipy 1.17.1: exp of stats.t.interval(1 - error, n - 1, mean, sem) of the logarithms.
  test.each([
    [[1.3, 1.32, 1.29, 1.35, 1.31], undefined, 1.3138397934, 1.2767407469, 1.3520168499],
    [[2.0, 2.1, 1.9, 2.05, 1.95, 2.2, 1.8, 2.0], 0.05, 1.9967080468, 1.8967341046, 2.1019514621],
  ])("is Student's", (ratios, error, value, low, high) => {
    const estimate = launchEstimate(ratios.map(Math.log), error);
    expect(estimate.value).toBeCloseTo(value, 9);
    expect(estimate.interval[0]).toBeCloseTo(low, 9);
    expect(estimate.interval[1]).toBeCloseTo(high, 9);
    expect(halfWidth(estimate)).toBeCloseTo((high - low) / 2 / value, 9);
  });

  test('needs two launches', () => expect(() => launchEstimate([0])).toThrow(RangeError));

  test('holds the truth in 95 % of measurements even at the look that suits it least', () => {
    const normal = normals(5);
    const trials = 4000;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const logs = Array.from({ length: 12 }, normal);
      const holds = (look: number) => {
        const [low, high] = launchEstimate(logs.slice(0, look)).interval;
        return low <= 1 && 1 <= high;
      };
      if (LOOKS.every(holds)) held++;
    }
    // 0.95 and three standard errors of 0.0034.
    expect(held / trials).toBeGreaterThan(0.9397);
    expect(held / trials).toBeLessThan(0.9603);
  });
});
