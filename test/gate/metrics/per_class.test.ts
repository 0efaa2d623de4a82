import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, hypergeometricTail } from '../../../src/gate/metrics/multiple.ts';
import { perClass } from '../../../src/gate/metrics/per_class.ts';

describe('tests of many classes', () => {
  it('have the tail of scipy, hypergeom.sf(k − 1, all, marked, draws)', () => {
    expect(hypergeometricTail(5, 200, 12, 40)).toBeCloseTo(0.06641728288813835, 9);
    expect(hypergeometricTail(0, 10, 3, 4)).toBe(1);
    expect(hypergeometricTail(3, 10, 3, 4)).toBeCloseTo(0.03333333333333333, 9);
    expect(hypergeometricTail(9, 1000, 20, 50) / 1.0417826132907274e-7).toBeCloseTo(1, 6);
  });

  it("have Holm's correction of statsmodels, multipletests(p, method='holm')", () => {
    const adjusted = holm([0.01, 0.04, 0.03, 0.005, 0.8]);
    for (const [i, p] of [0.04, 0.09, 0.09, 0.025, 0.8].entries()) expect(adjusted[i]).toBeCloseTo(p, 12);
    expect(holm([])).toEqual([]);
  });

  it('never correct downwards, and keep the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }), (ps) => {
        const adjusted = holm(ps);
        ps.forEach((p, i) => {
          expect(adjusted[i]).toBeGreaterThanOrEqual(p);
          expect(adjusted[i]).toBeLessThanOrEqual(1);
          ps.forEach((q, k) => {
            if (p <= q) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[k]);
          });
        });
      }),
    );
  });
});

/** Ten classes of 40 samples; FP32 is always right, INT8 but for the first `wrong` of a class. */
const of = (wrong: (label: number) => number, names?: string[]) => {
  const labels = Array.from({ length: 400 }, (_, i) => i % 10);
  const int8 = labels.map((label, i) => +(Math.floor(i / 10) >= wrong(label)));
  const classes = { of: (i: number) => labels[i], right: (score: unknown) => score === 1, names };
  return perClass({ classes }, int8, new Array(400).fill(1))!;
};

describe('figures by class', () => {
  it('name the class that loses more than the others', () => {
    const found = of((label) => (label === 7 ? 12 : 1), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    expect(found).toMatchObject({ count: 10, significant: 1 });
    expect(found.worst[0]).toMatchObject({
      ...{ class: 7, name: 'h', samples: 40, int8: 0.7, fp32: 1, int8Only: 0, fp32Only: 12 },
      // The sign test gives 2^−12; scipy: hypergeom.sf(11, 400, 21, 40) = 3.0e-8.
      p: expect.closeTo(2 ** -12, 10),
      adjusted: expect.closeTo(10 * 2 ** -12, 9),
    });
    expect(found.worst[1]).toMatchObject({ class: 0, name: 'a', adjusted: 1 });
    expect(found.worst.at(-1)?.name).toBeNull();
  });

  it('accuse none where all lose alike, or nothing is lost', () => {
    expect(of(() => 12)).toMatchObject({ count: 10, significant: 0 });
    expect(of(() => 0)).toEqual({ count: 10, significant: 0, worst: [] });
  });

  it('are none for a metric that is not on classes', () => expect(perClass({}, [1], [1])).toBeNull());
});
