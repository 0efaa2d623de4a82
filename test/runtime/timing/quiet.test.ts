import { describe, expect, test } from 'vitest';
import { residuals } from '../../../src/runtime/timing/centre.ts';
import type { Observed } from '../../../src/runtime/timing/launch.ts';
import { disturbanceOf, quietOf, throttlingOf } from '../../../src/runtime/timing/quiet.ts';
import { normals, observed } from './synthetic.ts';

const passesOf = (launches: Parameters<typeof quietOf>[0]) => quietOf(launches).map(({ memory }) => memory.length);

describe('launches on a quiet machine', () => {
  test('lose passes beside a disturbed walk through memory, not those of a slower clock', () => {
    const disturbed = observed({ passes: 40, memory: (p) => (p < 8 ? 1.3 : 1) });
    expect(passesOf([disturbed, observed({ passes: 40 })])).toEqual([32, 40]);
    const slower = observed({ passes: 40, memory: (p) => (p < 20 ? 1.3 : 1), alu: (p) => (p < 20 ? 1.3 : 1) });
    expect(passesOf([slower, observed({ passes: 40 })])).toEqual([40, 40]);
  });

  test('are left out where the walk was disturbed for more than a quarter, or all the time', () => {
    const often = observed({ passes: 40, memory: (p) => (p % 3 === 0 ? 1.3 : 1) });
    const always = observed({ passes: 40, memory: () => 1.3 });
    expect(passesOf([often, always, observed({ passes: 40 })])).toEqual([40]);
    // Nothing to compare with: a neighbour that never leaves is not seen.
    expect(passesOf([always, always])).toEqual([40, 40]);
  });

  test('are left out where something waited, or another guest had the processor, for more than a twentieth', () => {
    expect(passesOf([observed({ waited: 0.06 }), observed({ waited: 0.04 }), observed({ waited: null })])).toEqual([
      32, 32,
    ]);
    expect(quietOf([])).toEqual([]);
  });

  test('are not taken for disturbed because of the noise of the walk itself', () => {
    const normal = normals(3);
    for (const sd of [0.01, 0.05, 0.1]) {
      const launches = Array.from({ length: 12 }, () =>
        observed({ passes: 96, memory: () => Math.exp(sd * normal()), alu: () => Math.exp(sd * normal()) }),
      );
      const left = passesOf(launches);
      expect(left).toHaveLength(12);
      expect(left.reduce((a, b) => a + b) / (12 * 96)).toBeGreaterThan(0.9);
    }
  });

  test('lose passes in which the core was taken away, while enough remain', () => {
    expect(passesOf([observed({ passes: 40, switches: (p) => (p < 30 ? 1 : 0) })])).toEqual([10]);
    expect(passesOf([observed({ passes: 40, switches: (p) => (p < 36 ? 1 : 0) })])).toEqual([40]);
    expect(passesOf([observed({ passes: 10, switches: (p) => (p < 5 ? 1 : 0) })])).toEqual([5]);
  });
});

describe('how much launches were disturbed', () => {
  const ofInt8 = (launches: readonly Observed[]) => residuals(launches, ({ logs }) => logs[0]);
  const factor = (...what: Parameters<typeof observed>[0][]) => {
    const launches = what.map(observed);
    return Math.exp(disturbanceOf(launches, ofInt8(launches)));
  };

  test('is the square of what the walk through memory took longer, on average', () => {
    // Six passes of ten: three of four quantile inside.
    const often = { passes: 40, memory: (p: number) => (p % 10 < 6 ? 1.2 : 1) };
    expect(factor(often)).toBeCloseTo(1.44, 6);
    expect(factor(often, { passes: 40 })).toBeCloseTo(1.2, 6);
    expect(factor({ passes: 40 })).toBeCloseTo(1, 6);
    // A slower clock is no neighbour.
    const slower = (p: number) => (p % 10 < 6 ? 1.2 : 1);
    expect(factor({ passes: 40, memory: slower, alu: slower })).toBeCloseTo(1, 6);
  });

  test('is no more than the quantity itself shows beside a disturbed walk', () => {
    const disturbed = (p: number) => p % 10 < 6;
    const memory = (p: number) => (disturbed(p) ? 1.2 : 1);
    const moved = (by: number) =>
      Array(5).fill({ passes: 40, memory, factor: (_: number, p: number) => (disturbed(p) ? by : 1) });
    expect(factor(...moved(1))).toBeCloseTo(1, 6);
    expect(factor(...moved(1.05))).toBeCloseTo(1.05 ** 2, 6);
    expect(factor(...moved(0.95))).toBeCloseTo(1 / 0.95 ** 2, 6);
    expect(factor(...moved(1.9))).toBeCloseTo(1.44, 6);
    // Launches in which it says nothing, and too few in which it does.
    expect(factor(...moved(1).slice(1))).toBeCloseTo(1.44, 6);
    // Differences 0, 0, 0.1, 0.1, 0.05: mean 0.05, deviation 0.05, Student's 97.5 % quantile at 4 degrees 2.776.
    const uneven = [0, 0, 0.1, 0.1, 0.05].map((by) => moved(Math.exp(by))[0]);
    expect(Math.log(factor(...uneven))).toBeCloseTo(2 * (0.05 + (2.776 * 0.05) / Math.sqrt(5)), 3);
  });

  test('is what was waited for, and never more than three-fold', () => {
    expect(factor({ waited: 0.5 })).toBeCloseTo(2, 6);
    expect(factor({ waited: 0.5 }, { waited: 0 })).toBeCloseTo(Math.SQRT2, 6);
    expect(factor({ waited: 1 })).toBeCloseTo(3, 6);
    expect(factor({ passes: 40, memory: (p) => (p < 30 ? 9 : 1) })).toBeCloseTo(3, 6);
  });

  test('by a slower clock, too', () => {
    const launches = [1, 1.1, 1.2].map((x) => observed({ passes: 40, alu: () => x }));
    expect(Math.exp(throttlingOf(launches))).toBeCloseTo(Math.cbrt(1.1 * 1.2), 6);
  });
});
