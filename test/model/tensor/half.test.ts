import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatOfHalf, halfOfFloat } from '../../../src/model/tensor/half.ts';

describe('half precision', () => {
  it.each([
    [0x0000, 0],
    [0x8000, -0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Number.POSITIVE_INFINITY],
    [0xfc00, Number.NEGATIVE_INFINITY],
  ])('%i is %f', (bits, value) => {
    expect(Object.is(floatOfHalf(bits), value)).toBe(true);
    expect(halfOfFloat(value)).toBe(bits);
  });

  it('keeps every half that is a number', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = floatOfHalf(bits);
      if (Number.isNaN(value)) expect(Number.isNaN(floatOfHalf(halfOfFloat(value)))).toBe(true);
      else expect(halfOfFloat(value)).toBe(bits);
    }
  });

  it('rounds to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (x) => {
        const bits = halfOfFloat(x);
        const error = Math.abs(floatOfHalf(bits) - x);
        for (const neighbour of [bits - 1, bits + 1]) {
          if ((neighbour & 0x7fff) >= 0x7c00 || neighbour < 0) continue;
          const other = Math.abs(floatOfHalf(neighbour) - x);
          expect(error).toBeLessThanOrEqual(other);
          if (error === other && error > 0) expect(bits % 2).toBe(0);
        }
      }),
    );
  });

  it('goes to infinity from halfway past the largest half', () => {
    expect(halfOfFloat(65519.99609375)).toBe(0x7bff);
    expect(halfOfFloat(65520)).toBe(0x7c00);
  });
});
