import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Buffer, planMemory } from '../../../src/compiler/codegen/plan.ts';
import { ALIGNMENT } from '../../../src/compiler/emission/alignment.ts';

const buffers: fc.Arbitrary<Buffer[]> = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(20), fc.nat(8))
    .map(([bytes, first, length]) => ({ bytes, first, last: first + length })),
  { maxLength: 40 },
);

/** The same, and some that may lie over earlier ones whose last step is their first, so many bytes before them. */
const sharing: fc.Arbitrary<Buffer[]> = fc
  .tuple(buffers, fc.infiniteStream(fc.constantFrom(null, 0, 64, 100, 1000, -Infinity)))
  .map(([list, leads]) =>
    list.map((buffer, i) => {
      const over = list.flatMap(({ last }, j) => {
        const lead = j < i && last === buffer.first ? (leads.next().value ?? null) : null;
        return lead === null ? [] : [{ buffer: j, lead }];
      });
      return { ...buffer, over };
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
          const lead = a.over?.find(({ buffer }) => buffer === j)?.lead ?? Infinity;
          const shared = lead === -Infinity || offsets[i] + lead <= offsets[j];
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
    ...(step > 0 && { over: [{ buffer: step - 1, lead: 0 }] }),
  }));
  expect(planMemory(chain).bytes).toBe(4032);
});

test('results that stay some bytes ahead of their data need that much more, each behind the one before', () => {
  const chain = [4000, 4000, 4000].map((bytes, step) => ({
    ...{ bytes, first: step, last: step + 1 },
    ...(step > 0 && { over: [{ buffer: step - 1, lead: 100 }] }),
  }));
  const { offsets, bytes } = planMemory(chain);
  expect(offsets[0] - offsets[1]).toBeGreaterThanOrEqual(100);
  expect(offsets[1] - offsets[2]).toBeGreaterThanOrEqual(100);
  expect(bytes).toBe(4032 + 2 * 128);
});

test('data that is read before anything is written takes no room beside the result', () => {
  const data = { bytes: 1000, first: 0, last: 1 };
  const result = { bytes: 4000, first: 1, last: 2, over: [{ buffer: 0, lead: -Infinity }] };
  expect(planMemory([data, result]).bytes).toBe(4032);
});

test('finds the order in which buffers fill the fullest step, where that by size leaves a gap', () => {
  // By size: 3 over steps 0 and 1 at the bottom, 3 over 1 to 3 above it, 2 over 2 to 4 below that, then 2 on top: 8.
  const list = [
    { bytes: 3 * ALIGNMENT, first: 0, last: 1 },
    { bytes: 3 * ALIGNMENT, first: 1, last: 3 },
    { bytes: 2 * ALIGNMENT, first: 2, last: 4 },
    { bytes: 2 * ALIGNMENT, first: 2, last: 2 },
    { bytes: ALIGNMENT, first: 3, last: 4 },
  ];
  expect(planMemory(list).bytes).toBe((3 + 2 + 2) * ALIGNMENT);
});
