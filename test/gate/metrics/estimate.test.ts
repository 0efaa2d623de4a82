import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boundsOf,
  countedShare,
  type Estimate,
  linear,
  pairedDifference,
  resampled,
} from '../../../src/gate/metrics/estimate.ts';
import { aucOf, meanOf } from '../../../src/gate/metrics/statistics.ts';
import { randomSource } from '../../../src/runtime/timing/random.ts';

const both = (estimate: Estimate | null, confidence: number): [number, number] => [
  estimate!.bound('lower', confidence),
  estimate!.bound('upper', confidence),
];

describe('a counted figure', () => {
  test('is bounded by score tests, in the unit that it is brought to', () => {
    // 9 and 3 of 240 at 95 %: scipy, as in intervals.test.ts.
    const drop = linear(pairedDifference({ samples: 240, firstOnly: 9, secondOnly: 3 }), 100);
    const [low, high] = both(drop, 0.95);
    expect(low).toBeCloseTo(-0.0932, 3);
    expect(high).toBeCloseTo(5.4998, 3);
    // What one sample contributes: √(12/240 − (6/240)²).
    expect(drop.deviation).toBeCloseTo(100 * Math.sqrt(0.05 - 0.000625), 12);
  });

  test('that is turned over has its bounds turned over', () => {
    const [low, high] = both(countedShare(30, 240), 0.8);
    const [least, most] = both(linear(countedShare(30, 240), -100, 100), 0.8);
    expect(least).toBeCloseTo(100 - 100 * high, 10);
    expect(most).toBeCloseTo(100 - 100 * low, 10);
  });
});

describe('a resampled figure', () => {
  const random = randomSource(3);
  const values = Array.from({ length: 400 }, () => random());

  test('contributes by a sample what its values deviate', () => {
    const mean = values.reduce((sum, x) => sum + x, 0) / 400;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 400);
    const found = resampled(meanOf(values), 400, null)!;
    expect(Math.abs(found.deviation / deviation - 1)).toBeLessThan(0.05);
    const [low, high] = both(found, 0.95);
    // 1.645 standard errors to either side.
    expect(Math.abs((high - low) / ((2 * 1.645 * deviation) / 20) - 1)).toBeLessThan(0.08);
  });

  test('is none of too few samples, nor of an unbounded one that never varies', () => {
    expect(resampled(meanOf(values), 29, null)).toBeNull();
    expect(resampled(meanOf(new Array(100).fill(0.25)), 100, null)).toBeNull();
    // Nor of one that rests on 19 samples of 400.
    expect(resampled(meanOf(values), 400, { size: 1, samples: 19 })).toBeNull();
  });

  test('that never varies is bounded by what 1 − (1 − c)^(1/n) of samples, unseen, can do', () => {
    const positive = Array.from({ length: 60 }, (_, i) => i < 24);
    const statistic = aucOf(
      Array.from({ length: 60 }, (_, i) => -i),
      positive,
    );
    const [low, high] = both(resampled(statistic, 60, { size: 1, samples: 24 }), 0.95);
    // 0.05^(1/24) = 0.882654
    expect(low).toBeCloseTo(0.882654, 5);
    expect(boundsOf(resampled(statistic, 60, { size: 1, samples: 24 })!, 0.95, [0, 1])).toMatchObject({ high: 1 });
    expect(high).toBeGreaterThan(1);
  });

  test('encloses itself at every confidence', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.55, max: 0.99, noNaN: true }), (confidence) => {
        const [low, high] = both(resampled(meanOf(values), 400, null), confidence);
        expect(high).toBeGreaterThan(low);
      }),
      { numRuns: 5 },
    );
  });
});
