import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareBound } from '../../../src/gate/metrics/intervals.ts';
import { ratioBound, ratioOfShares, type Shares } from '../../../src/gate/metrics/ratio.ts';

const bounds = (shares: Shares, confidence: number, continuity?: number) => [
  ratioBound(shares, 'lower', confidence, continuity),
  ratioBound(shares, 'upper', confidence, continuity),
];

describe('bounds of a ratio of paired shares', () => {
  // A script of its own: the likelihood of the four cells under p1 = ratio·p2 maximized by ternary search over P(second only),
  // the score test inverted by bisection; without and with ½ off the distance.
  const few = { samples: 240, both: 200, firstOnly: 3, secondOnly: 9 };
  const none = { samples: 500, both: 440, firstOnly: 0, secondOnly: 6 };
  test.each([
    [few, 0.8, 0, 0.9565662514, 0.9846773563],
    [few, 0.95, 0, 0.9399775963, 0.9983526491],
    [few, 0.8, 0.5, 0.9539761451, 0.9870901153],
    [few, 0.95, 0.5, 0.9371521672, 1.0010886539],
    [none, 0.8, 0, 0.9811237128, 0.9904274638],
    [none, 0.95, 0.5, 0.9727439203, 0.994701349],
  ])('%j at %d, correction %d', (shares, confidence, continuity, low, high) => {
    const [least, most] = bounds(shares, confidence, continuity);
    expect(least).toBeCloseTo(low, 7);
    expect(most).toBeCloseTo(high, 7);
  });

  test('are those of a share where the second model is always right', () => {
    const [low, high] = bounds({ samples: 240, both: 229, firstOnly: 0, secondOnly: 11 }, 0.9);
    expect(low).toBeCloseTo(shareBound(229, 240, 'lower', 0.9), 9);
    expect(high).toBeCloseTo(shareBound(229, 240, 'upper', 0.9), 9);
  });

  test('without a discordant pair lie where n of n samples leave them', () => {
    // (n·(1 − R) − ½) / √(n·R·(1 − R)) = z, over the samples that both get right.
    const [low, high] = bounds({ samples: 300, both: 240, firstOnly: 0, secondOnly: 0 }, 0.8);
    expect(low).toBeCloseTo(shareBound(240, 240, 'lower', 0.8), 9);
    expect(low).toBeLessThan(1);
    expect(high).toBeCloseTo(1 / low, 2);
  });

  test('turn over with the two models, but for the correction', () => {
    const count = fc.integer({ min: 0, max: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), count, count, count, (both, firstOnly, secondOnly, neither) => {
        const samples = both + firstOnly + secondOnly + neither;
        const [low, high] = bounds({ samples, both, firstOnly, secondOnly }, 0.8, 0);
        const [least, most] = bounds({ samples, both, firstOnly: secondOnly, secondOnly: firstOnly }, 0.8, 0);
        expect(low * most).toBeCloseTo(1, 6);
        expect(high * least).toBeCloseTo(1, 6);
        const estimate = (both + firstOnly) / (both + secondOnly);
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test('are none where the second model gets nothing right', () => {
    expect(ratioOfShares({ samples: 50, both: 0, firstOnly: 3, secondOnly: 0 })).toBeNull();
  });
});
