import { describe, expect, test } from 'vitest';
import { quietOf } from '../../../src/runtime/timing/quiet.ts';
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
