import { describe, expect, test } from 'vitest';
import { type Pass, parsePass, quantilesOf, quiet } from '../../../src/runtime/timing/passes.ts';
import { normals } from './synthetic.ts';

const pass = (change: Partial<Pass> = {}): Pass => ({
  ...{ sample: 0, alu: 1000, memory: 5000, slots: [{ ns: 10, switches: 0 }] },
  ...change,
});

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

  test('beside a disturbed walk through memory are left out, those of a slower clock are not', () => {
    const all = Array.from({ length: 40 }, (_, i) =>
      pass(i < 8 ? { memory: 6000 } : i < 20 ? { alu: 1300, memory: 6500 } : {}),
    );
    const { passes, disturbed, interrupted, memory } = quiet(all);
    expect(passes).toEqual(all.slice(8));
    expect({ disturbed, interrupted, memory }).toEqual({ disturbed: 0.2, interrupted: 0, memory: 5000 });
  });

  test('noise of the loops alone is no disturbance', () => {
    const normal = normals(3);
    for (const sd of [0.01, 0.05, 0.1]) {
      const noise = () => Math.exp(sd * normal());
      const all = Array.from({ length: 500 }, () => pass({ alu: 1000 * noise(), memory: 5000 * noise() }));
      expect(quiet(all).disturbed).toBeLessThan(0.05);
    }
  });

  test('during which the core was taken away are left out while enough remain', () => {
    const loud = pass({ slots: [{ ns: 99, switches: 2 }] });
    const few = [...Array.from({ length: 12 }, () => pass()), ...Array.from({ length: 40 }, () => loud)];
    expect(quiet(few).passes).toHaveLength(12);
    expect(quiet(few).interrupted).toBeCloseTo(40 / 52, 12);
    expect(quiet([pass(), pass(), ...few.slice(12)]).passes).toHaveLength(42);
    expect(quiet([pass(), pass()]).passes).toHaveLength(2);
  });

  test('quantiles take numbers in any order', () => {
    expect(quantilesOf([5, 1, 4, 2, 3], 0, 0.5, 1)).toEqual([1, 3, 5]);
    expect(quantilesOf(new Float64Array([2, 1]), 0.5)).toEqual([1.5]);
  });
});
