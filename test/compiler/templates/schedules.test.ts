import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coreOf } from '../../../src/compiler/targets/cores.ts';
import { CPUS, parseTarget } from '../../../src/compiler/targets/index.ts';
import { panelStarts } from '../../../src/compiler/templates/gemm/panels.ts';
import { gemmCycles } from '../../../src/compiler/templates/gemm/schedule.ts';
import {
  fastest,
  GEMM_KERNELS,
  GEMM_SPACE,
  type GemmWorkload,
  holdsTile,
  type Operands,
} from '../../../src/compiler/templates/index.ts';

const TARGETS = ['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm', ...Object.keys(CPUS)];
const OPERANDS: readonly Operands[] = ['float32', 'int8', 'int8-full', 'int8-wide', 'uint8-offset', 'uint8-full'];

const workloads: fc.Arbitrary<GemmWorkload> = fc.record({
  op: fc.constantFrom('nn.conv2d' as const, 'nn.dense' as const),
  operands: fc.constantFrom(...OPERANDS),
  unsigned: fc.boolean(),
  m: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20000 })),
  n: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3000 })),
  k: fc.integer({ min: 1, max: 5000 }),
  groups: fc.integer({ min: 1, max: 4 }),
  inPlace: fc.boolean(),
});

describe('the default schedule of a matrix multiplication', () => {
  test('is a tile that the registers hold and the rows fill', () => {
    fc.assert(
      fc.property(workloads, fc.constantFrom(...TARGETS), (w, name) => {
        const target = parseTarget(name);
        const { kernel, mr, nr, weightsFirst } = fastest(GEMM_SPACE, w, target);
        const info = GEMM_KERNELS[kernel];
        expect(mr).toBeLessThanOrEqual(w.m);
        const unit = info.columns ?? 4;
        expect(nr % unit).toBe(0);
        expect(nr / unit).toBeLessThanOrEqual(Math.ceil(w.n / unit));
        expect(holdsTile(kernel, mr, nr, target)).toBe(true);
        if (info.evenRows) expect(mr % 2).toBe(0);
        if (!w.inPlace) expect(weightsFirst).toBe(false);
      }),
    );
  });

  test('uses instructions that the target has, and only where they are exact', () => {
    fc.assert(
      fc.property(workloads, fc.constantFrom(...TARGETS), (w, name) => {
        const target = parseTarget(name);
        const { kernel } = fastest(GEMM_SPACE, w, target);
        if (target.arch === 'host') expect(kernel).toMatch(/portable/);
        if (kernel === 'dot') expect(target.features.dotprod).toBe(true);
        if (kernel === 'mmla') expect(target.features.i8mm).toBe(true);
        // Two products of weights beyond [-127, 127] overflow 16 bits.
        if (kernel === 'smull') expect(['int8', 'uint8-offset']).toContain(w.operands);
        expect(kernel.startsWith('f32')).toBe(w.operands === 'float32');
      }),
    );
  });

  test('is no slower than another tile, by its own estimate', () => {
    fc.assert(
      fc.property(workloads, fc.integer({ min: 1, max: 4 }), fc.constantFrom(4, 8), (w, mr, nr) => {
        fc.pre(w.operands !== 'int8-wide' && mr <= w.m && nr <= w.n);
        const target = parseTarget('neoverse-n1');
        const best = fastest(GEMM_SPACE, w, target);
        const core = coreOf(target);
        const cycles = gemmCycles(w, best.kernel, best.mr, best.nr, core);
        expect(cycles).toBeLessThanOrEqual(gemmCycles(w, best.kernel, mr, nr, core));
      }),
    );
  });

  test('fits the rows of small images', () => {
    const w: GemmWorkload = {
      ...{ op: 'nn.conv2d', operands: 'int8', unsigned: false, m: 49, n: 1024, k: 1024, groups: 1, inPlace: true },
    };
    expect(fastest(GEMM_SPACE, w, parseTarget('neoverse-n1'))).toMatchObject({ kernel: 'dot', mr: 7 });
    expect(fastest(GEMM_SPACE, { ...w, m: 1 }, parseTarget('neoverse-n2')).kernel).toBe('dot');
  });
});

test('panels cover all columns and stay among them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.constantFrom(4, 8, 12, 16, 32), (n, nr) => {
      const covered = new Set(panelStarts(n, nr).flatMap((start) => Array.from({ length: nr }, (_, v) => start + v)));
      for (let column = 0; column < n; column++) expect(covered).toContain(column);
      if (n >= nr) expect(Math.max(...covered)).toBe(n - 1);
    }),
  );
});
