import { describe, expect, it } from 'vitest';
import { aucChance, binomialTail, errorChance, topNChance } from '../../../src/gate/metrics/chance.ts';

// Expected values: scipy.stats binom.sf(k − 1, n, p) and norm.sf.
describe('chance', () => {
  it.each([
    [1, 120, 1 / 120, 0.6336587344440193],
    [5, 120, 1 / 120, 0.0034699049881907634],
    [30, 240, 0.125, 0.5291862438129779],
    [45, 240, 0.125, 0.003572812335160248],
    [120, 120, 0.99, 0.2993803913123313],
    [0, 10, 0.5, 1],
    [10, 10, 0.5, 0.0009765625],
    [900, 1000, 0.88, 0.02664053316189475],
    [10, 10, 1, 1],
  ])('P(X ≥ %i) of %i trials at %f is as in scipy', (k, n, p, wanted) => {
    expect(binomialTail(k, n, p)).toBeCloseTo(wanted, 10);
  });

  it('of top-N is guessing, or always the commonest classes', () => {
    const even = Array.from({ length: 240 }, (_, i) => i % 8);
    expect(topNChance(30, even, 1, 8)).toEqual({
      level: 0.125,
      p: expect.closeTo(0.5291862438129779, 10),
      by: 'guessing',
    });
    const uneven = Array.from({ length: 100 }, (_, i) => (i < 60 ? 3 : i < 90 ? 2 : 5 + (i & 1)));
    expect(topNChance(60, uneven, 1, 8)).toMatchObject({ level: 0.6, by: 'the commonest class' });
    expect(topNChance(60, uneven, 2, 8)).toMatchObject({ level: 0.9, p: expect.closeTo(1, 9) });
  });

  it.each([
    [0.6, 20, 20, 0.13962547268436892],
    [0.7, 20, 20, 0.01523190136134443],
    [0.55, 300, 200, 0.029014944230991123],
  ])('of an AUC of %f with %i and %i samples', (auc, a, b, wanted) => {
    const positive = Array.from({ length: a + b }, (_, i) => i < a);
    expect(aucChance(auc, positive)).toEqual({ level: 0.5, p: expect.closeTo(wanted, 6), by: 'guessing' });
  });

  it('of an error is the mean of the labels', () => {
    const targets = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const square = (d: number) => d * d;
    const good = errorChance([0.1, 0.3, 0.2, 0.9, 0.1, 0.4, 0.2, 0.6], targets, 1, square);
    expect(good).toEqual({ level: 5.25, p: expect.closeTo(0.0025448034529480727, 6), by: 'the mean of the labels' });
    expect(errorChance([9, 9, 9, 9, 9, 9, 9, 9], targets, 1, square).p).toBe(1);
    expect(errorChance([0, 0, 0, 0], new Float64Array(4).fill(2), 1, square)).toMatchObject({ level: 0, p: 1 });
  });
});
