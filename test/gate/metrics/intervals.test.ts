import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deviationOfDifference,
  deviationOfShare,
  differenceBound,
  type Paired,
  samplesToDecide,
  shareBound,
} from '../../../src/gate/metrics/intervals.ts';
import { randomSource } from '../../../src/runtime/timing/random.ts';

const counts = fc
  .tuple(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0, max: 0.5 }), fc.double({ min: 0, max: 0.5 }))
  .map(([samples, b, c]): Paired => {
    const [firstOnly, secondOnly] = [Math.floor(samples * (b || 0)), Math.floor(samples * (c || 0))];
    return { samples, firstOnly, secondOnly };
  });

describe('the bound of a difference of paired shares', () => {
  // The constrained likelihood maximised numerically and the score's root found by scipy 1.17 (minimize_scalar, brentq).
  // 12 and 2 of 50 at 97.5 % is the example of Tango's paper: 0.061 to 0.345.
  test.each([
    [12, 2, 50, 0.975, 0, 0.061112, 0.344709],
    [3, 1, 44, 0.95, 0, -0.038391, 0.140501],
    [3, 1, 44, 0.95, 0.5, -0.053601, 0.154731],
    [5, 3, 120, 0.8, 0, -0.003304, 0.037709],
    [5, 3, 120, 0.8, 0.5, -0.007701, 0.042248],
    [9, 3, 240, 0.95, 0.5, -0.000932, 0.054998],
    [20, 20, 1000, 0.95, 0.5, -0.01125, 0.01125],
    [0, 4, 100, 0.975, 0, -0.098371, -0.001527],
    [60, 20, 5000, 0.8, 0.5, 0.006427, 0.009644],
    // Without a discordant pair.
    [0, 0, 30, 0.95, 0, -0.082724, 0.082724],
    [0, 0, 240, 0.95, 0.5, -0.014981, 0.014981],
  ])('%d and %d of %d at %d, correction %d', (firstOnly, secondOnly, samples, confidence, continuity, low, high) => {
    const pairs = { samples, firstOnly, secondOnly };
    expect(differenceBound(pairs, 'lower', confidence, continuity)).toBeCloseTo(low, 5);
    expect(differenceBound(pairs, 'upper', confidence, continuity)).toBeCloseTo(high, 5);
  });

  test('encloses the estimate, widens with confidence and correction, and turns over with the models', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.55, max: 0.99, noNaN: true }), (pairs, confidence) => {
        const delta = (pairs.firstOnly - pairs.secondOnly) / pairs.samples;
        const bound = (side: 'lower' | 'upper', c = confidence, correction = 0.5) =>
          differenceBound(pairs, side, c, correction);
        expect(bound('lower')).toBeLessThanOrEqual(delta);
        expect(bound('upper')).toBeGreaterThanOrEqual(delta);
        expect(bound('upper')).toBeLessThanOrEqual(1);
        expect(bound('upper')).toBeGreaterThanOrEqual(bound('upper', confidence, 0));
        expect(bound('upper', (1 + confidence) / 2)).toBeGreaterThanOrEqual(bound('upper'));
        const turned = { ...pairs, firstOnly: pairs.secondOnly, secondOnly: pairs.firstOnly };
        expect(differenceBound(turned, 'lower', confidence)).toBeCloseTo(-bound('upper'), 12);
      }),
    );
    expect(() => differenceBound({ samples: 0, firstOnly: 0, secondOnly: 0 }, 'upper', 0.95)).toThrow(RangeError);
  });

  test('misses as often as it says, by exact sums over all counts', () => {
    const logFactorial = [0];
    for (let i = 1; i <= 500; i++) logFactorial.push(logFactorial[i - 1] + Math.log(i));
    for (const samples of [50, 120, 240, 500]) {
      for (const discordant of [0.01, 0.04, 0.16]) {
        for (const drop of [0, 0.01]) {
          const p = { first: (discordant + drop) / 2, second: (discordant - drop) / 2 };
          const most = Math.min(samples, Math.ceil(samples * discordant + 8 * Math.sqrt(samples * discordant)));
          const missed = { lower: 0, upper: 0 };
          for (let b = 0; b <= most; b++) {
            for (let c = 0; b + c <= samples && c <= most; c++) {
              if (p.second === 0 && c > 0) continue;
              const rest = samples - b - c;
              const probability = Math.exp(
                logFactorial[samples] -
                  logFactorial[b] -
                  logFactorial[c] -
                  logFactorial[rest] +
                  b * Math.log(p.first) +
                  (c > 0 ? c * Math.log(p.second) : 0) +
                  rest * Math.log(1 - discordant),
              );
              if (probability < 1e-9) continue;
              const pairs = { samples, firstOnly: b, secondOnly: c };
              if (differenceBound(pairs, 'lower', 0.95) > drop) missed.lower += probability;
              if (differenceBound(pairs, 'upper', 0.95) < drop) missed.upper += probability;
            }
          }
          expect(missed.lower, `${samples} ${discordant} ${drop}`).toBeLessThan(0.055);
          expect(missed.upper, `${samples} ${discordant} ${drop}`).toBeLessThan(0.055);
        }
      }
    }
  }, 60_000);
});

describe('the bound of a share', () => {
  // statsmodels 0.15, proportion_confint(method='wilson') at 2 · (1 − confidence).
  test.each([
    [0, 30, 0.95, 0, 0.08272431],
    [29, 30, 0.8, 0.92659174, 0.98521308],
    [115, 120, 0.95, 0.9168817, 0.97957331],
    [240, 240, 0.95, 0.98885257, 1],
    [4900, 5000, 0.8, 0.97826442, 0.9815996],
    [3, 7, 0.95, 0.18644319, 0.71052291],
  ])("%d of %d at %d: Wilson's", (successes, samples, confidence, low, high) => {
    expect(shareBound(successes, samples, 'lower', confidence, 0)).toBeCloseTo(low, 7);
    expect(shareBound(successes, samples, 'upper', confidence, 0)).toBeCloseTo(high, 7);
  });

  // Newcombe 1998, table I, method 4 at 95 % two-sided: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
  test.each([
    [81, 263, 0.2535, 0.3682],
    [15, 148, 0.0598, 0.1644],
    [0, 20, 0, 0.2005],
    [1, 29, 0.0018, 0.1963],
  ])('%d of %d with the correction', (successes, samples, low, high) => {
    expect(shareBound(successes, samples, 'lower', 0.975)).toBeCloseTo(low, 4);
    expect(shareBound(successes, samples, 'upper', 0.975)).toBeCloseTo(high, 4);
  });

  test('needs a sample', () => expect(() => shareBound(0, 0, 'upper', 0.95)).toThrow(RangeError));
});

const forDifference = (pairs: Paired, limit: number, confidence: number) =>
  samplesToDecide(
    {
      estimate: (pairs.firstOnly - pairs.secondOnly) / pairs.samples,
      ...{ deviation: deviationOfDifference(pairs), atLimit: deviationOfDifference(pairs, limit), step: 0.5 },
    },
    limit,
    confidence,
  );

describe('the samples that would decide', () => {
  // Observed: only the first, only the second of 1,000; the limit; the confidence.
  test.each([
    [20, 20, 0.01, 0.95],
    [5, 5, 0.01, 0.8],
    [5, 5, 0.01, 0.95],
    [30, 10, 0.01, 0.8],
    [60, 20, 0.01, 0.95],
    [10, 0, 0.03, 0.8],
  ])('decide in about four of five sets: %d, %d, limit %d, at %d', (firstOnly, secondOnly, limit, confidence) => {
    const samples = forDifference({ samples: 1000, firstOnly, secondOnly }, limit, confidence)!;
    const random = randomSource(1);
    const within = firstOnly - secondOnly < 1000 * limit;
    const decided = Array.from({ length: 500 }, () => {
      const pairs = { samples, firstOnly: 0, secondOnly: 0 };
      for (let i = 0; i < samples; i++) {
        const x = 1000 * random();
        if (x < firstOnly) pairs.firstOnly++;
        else if (x < firstOnly + secondOnly) pairs.secondOnly++;
      }
      return within
        ? differenceBound(pairs, 'upper', confidence) <= limit
        : differenceBound(pairs, 'lower', confidence) > limit;
    }).filter(Boolean).length;
    expect(decided / 500).toBeGreaterThan(0.73);
    expect(decided / 500).toBeLessThan(0.9);
  });

  test('are those of the textbook where neither limit nor continuity change a thing', () => {
    // (1.6449 + 0.8416)² · 0.04 / 0.01² = 2473.02; (1.6449 + 0.8416)² · 0.9 · 0.1 / 0.02²
    expect(samplesToDecide({ estimate: 0, deviation: 0.2 }, 0.01, 0.95)).toBe(2474);
    expect(samplesToDecide({ estimate: 0.9, deviation: deviationOfShare(0.9, 1000) }, 0.88, 0.95)).toBe(1392);
  });

  test('grow as the observed figure nears the limit, and are none at it', () => {
    const at = (firstOnly: number) => forDifference({ samples: 1000, firstOnly, secondOnly: 10 }, 0.01, 0.8);
    expect(at(12)!).toBeLessThan(at(17)!);
    expect(at(20)).toBeNull();
    expect(at(22)!).toBeGreaterThan(at(30)!);
    // Without a discordant pair 3 in 240 are taken for possible.
    const none = deviationOfDifference({ samples: 240, firstOnly: 0, secondOnly: 0 });
    expect(none).toBeCloseTo(Math.sqrt(3 / 240), 12);
    expect(samplesToDecide({ estimate: 0.01, deviation: 0.1 }, 0.01, 0.8)).toBeNull();
  });
});
