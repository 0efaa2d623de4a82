import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALIGNMENT, type Buffer, planMemory } from '../../../src/compiler/codegen/plan.ts';

const buffers: fc.Arbitrary<Buffer[]> = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(20), fc.nat(8))
    .map(([bytes, first, length]) => ({ bytes, first, last: first + length })),
  { maxLength: 40 },
);

/** The same, and some that lie over an earlier one whose last step is their first. */
const sharing: fc.Arbitrary<Buffer[]> = fc.tuple(buffers, fc.nat()).map(([list, seed]) =>
  list.map((buffer, i) => {
    const before = list.findIndex(({ last }, j) => j < i && last === buffer.first);
    return (seed >> (i % 30)) % 2 === 1 && before >= 0 ? { ...buffer, over: before } : buffer;
  }),
);

const meet = (a: Buffer, b: Buffer): boolean => a.first <= b.last && b.first <= a.last;

test('buffers that live at the same time never overlap, are aligned and lie inside the arena', () => {
  fc.assert(
    fc.property(sharing, (list) => {
      const { offsets, bytes } = planMemory(list);
      list.forEach((a, i) => {
        expect(offsets[i] % ALIGNMENT).toBe(0);
        expect(offsets[i]).toBeGreaterThanOrEqual(0);
        expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
        list.slice(0, i).forEach((b, j) => {
          const apart = offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i];
          const shared = a.over === j && offsets[i] === offsets[j];
          expect(apart || shared || !meet(a, b)).toBe(true);
        });
      });
    }),
  );
});

test('the arena is never larger than all buffers side by side, nor smaller than the fullest step', () => {
  const up = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;
  fc.assert(
    fc.property(buffers, (list) => {
      const { bytes } = planMemory(list);
      expect(bytes).toBeLessThanOrEqual(list.reduce((sum, b) => sum + up(b.bytes), 0));
      for (let step = 0; step <= 28; step++) {
        const alive = list.filter((b) => b.first <= step && step <= b.last);
        expect(bytes).toBeGreaterThanOrEqual(alive.reduce((sum, b) => sum + b.bytes, 0));
      }
    }),
  );
});

test('a chain of operators needs no more than its two largest neighbours', () => {
  const chain = [1000, 4000, 500, 3000].map((bytes, step) => ({ bytes, first: step, last: step + 1 }));
  expect(planMemory(chain).bytes).toBe(4032 + 1024);
});

test('operators that compute in place need no more than the largest tensor', () => {
  const chain = [4000, 4000, 1000, 1000].map((bytes, step) => ({
    ...{ bytes, first: step, last: step + 1 },
    ...(step > 0 && { over: step - 1 }),
  }));
  expect(planMemory(chain).bytes).toBe(4032);
});
