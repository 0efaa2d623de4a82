import fc from 'fast-check';
import { expect, test } from 'vitest';
import { panelStarts } from '../../../../src/compiler/templates/gemm/panels.ts';

test('panels cover all columns and stay among them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4, 8, 12, 16, 32), (n, nr) => {
      const covered = new Set(panelStarts(n, nr).flatMap((start) => Array.from({ length: nr }, (_, v) => start + v)));
      for (let column = 0; column < n; column++) expect(covered).toContain(column);
      if (n >= nr) expect(Math.max(...covered)).toBe(n - 1);
    }),
  );
});
