import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type Held } from '../../../src/gate/thresholds/decide.ts';

const bounds = fc
  .tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }))
  .map(([low, width]) => ({ low, high: low + width }));
const limits = fc.record<Held>({
  value: fc.double({ min: -10, max: 10, noNaN: true }),
  sense: fc.constantFrom('at-least', 'at-most'),
  tolerance: fc.double({ min: 0, max: 2, noNaN: true }),
});

describe('a verdict by bounds', () => {
  test.each([
    [1.31, 1.4, 'pass'],
    [1.3, 1.4, 'pass'],
    [1.29, 1.4, 'inconclusive'],
    [1.2, 1.31, 'inconclusive'],
    // Between the limit less its tolerance and the limit nothing fails.
    [1.28, 1.29, 'inconclusive'],
    [1.2, 1.275, 'inconclusive'],
    [1.2, 1.273, 'fail'],
  ] as const)('a speedup of %d to %d against 1.3, tolerance 2 %: %s', (low, high, status) => {
    expect(decide({ low, high }, { value: 1.3, sense: 'at-least', tolerance: 0.026 })).toBe(status);
  });

  test.each([
    [-1, 0.9, 'pass'],
    [-1, 1, 'pass'],
    [0.9, 1.1, 'inconclusive'],
    [1.1, 3, 'fail'],
    [1, 3, 'inconclusive'],
  ] as const)('a drop of %d to %d against 1 point: %s', (low, high, status) => {
    expect(decide({ low, high }, { value: 1, sense: 'at-most' })).toBe(status);
  });

  test('a point estimate decides always, and equals its limit where only rounding parts them', () => {
    const drop = 100 * (0.6 - 0.59);
    expect(drop).toBeGreaterThan(1 - 1e-12);
    expect(decide({ low: drop, high: drop }, { value: 1, sense: 'at-most' })).toBe('pass');
    fc.assert(
      fc.property(limits, fc.double({ min: -10, max: 10, noNaN: true }), (limit, x) => {
        expect(decide({ low: x, high: x }, { ...limit, tolerance: 0 })).not.toBe('inconclusive');
      }),
    );
  });

  test('wider bounds never decide the other way, and a tolerance never passes anything', () => {
    fc.assert(
      fc.property(bounds, limits, fc.double({ min: 0, max: 3, noNaN: true }), (inner, limit, more) => {
        const narrow = decide(inner, limit);
        const wide = decide({ low: inner.low - more, high: inner.high + more }, limit);
        if (wide !== 'inconclusive') expect(narrow).toBe(wide);
        const strict = decide(inner, { ...limit, tolerance: 0 });
        if (narrow !== strict) expect([strict, narrow]).toEqual(['fail', 'inconclusive']);
      }),
    );
  });
});
