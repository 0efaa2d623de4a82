import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CPUS, parseTarget } from '../../../../src/compiler/targets/index.ts';
import { kernelOf } from '../../../../src/compiler/templates/gemm/kernels/index.ts';
import type { GemmWorkload } from '../../../../src/compiler/templates/gemm/workload.ts';
import { fastest, GEMM } from '../../../../src/compiler/templates/index.ts';
import type { Operands } from '../../../../src/compiler/templates/workload.ts';
import { gemmWorkload } from './workloads.ts';

const TARGETS = ['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm', ...Object.keys(CPUS)];
const OPERANDS: readonly Operands[] = ['float32', 'int8', 'int8-full', 'int8-wide', 'uint8-offset', 'uint8-full'];
const size = (most: number) => fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: most }));

/** Pointwise layers and padded windows of 3 x 3, on a row of pixels or on an image. */
const workloads: fc.Arbitrary<GemmWorkload> = fc
  .record({
    operands: fc.constantFrom(...OPERANDS),
    height: fc.constantFrom(1, 1, 7, 14),
    width: size(200),
    n: size(3000),
    k: size(1000),
    images: fc.integer({ min: 1, max: 3 }),
    threads: fc.constantFrom(1, 1, 4),
    window: fc.boolean(),
  })
  .map(({ operands, height, width, n, k, images, threads, window }) => {
    const data = operands === 'float32' ? operands : operands.startsWith('uint8') ? 'uint8' : 'int8';
    const input = [height, width] as const;
    const shape = window ? ({ kernel: [3, 3], padding: [1, 1] } as const) : {};
    return gemmWorkload({ data, operands, m: width, n, k }, { input, output: input, images, threads, ...shape });
  });

describe('the schedules of a matrix multiplication', () => {
  test('are legal and different, the default among them', () => {
    fc.assert(
      fc.property(workloads, fc.constantFrom(...TARGETS), (w, name) => {
        const target = parseTarget(name);
        const all = [...GEMM.space(w, target)];
        expect(all.filter((schedule) => GEMM.legal(w, schedule, target) !== null)).toEqual([]);
        const texts = all.map((schedule) => JSON.stringify(schedule));
        expect(new Set(texts).size).toBe(texts.length);
        expect(texts).toContain(JSON.stringify(fastest(GEMM, w, target)));
        for (const schedule of all) expect(GEMM.knobs.parse(JSON.parse(JSON.stringify(schedule)))).toEqual(schedule);
      }),
      { numRuns: 60 },
    );
  });

  test('have every tile: all rows and columns that registers hold, by every kernel', () => {
    const w = gemmWorkload({ data: 'int8', operands: 'int8', m: 64, n: 64, k: 64 });
    const tiles = (name: string) => {
      const all = [...GEMM.space(w, parseTarget(name))].map(({ kernel, mr, nr }) => `${kernel} ${mr}x${nr}`);
      return new Set(all);
    };
    // 32 registers: 8 x 8 takes 16 of accumulators, 8 of A, 2 of weights; 8 x 12 takes 24, 8 and 3.
    expect(tiles('neoverse-n1')).toContain('dot 8x8');
    expect(tiles('neoverse-n1')).not.toContain('dot 8x12');
    expect(tiles('neoverse-n2')).toContain('mmla 8x8');
    expect(tiles('neoverse-n2')).toContain('dot 7x8');
    expect(tiles('neoverse-n2')).not.toContain('mmla 7x8');
    expect(tiles('cortex-a53')).toContain('k_sums 4x8');
    expect([...tiles('cortex-a72')].some((tile) => /dot|mmla|k_sums|portable/.test(tile))).toBe(false);
  });

  test('have both orders where rows are in place, and bands where they are not', () => {
    const target = parseTarget('neoverse-n1');
    const row = gemmWorkload({ data: 'int8', operands: 'int8', m: 64, n: 64, k: 64 });
    expect(new Set([...GEMM.space(row, target)].map((s) => `${s.weightsFirst} ${s.band}`))).toEqual(
      new Set(['true 0', 'false 0', 'false 1']),
    );
    const shape = { input: [12, 12], output: [12, 12], kernel: [3, 3], padding: [1, 1] } as const;
    const bands = [...GEMM.space({ ...row, ...shape }, target)].map(({ band }) => band);
    expect(new Set(bands)).toEqual(new Set([12, 6, 4, 3, 2, 1]));
  });
});

describe('the default schedule', () => {
  test('fits the rows of small images', () => {
    const w = gemmWorkload({ data: 'int8', operands: 'int8', m: 49, n: 1024, k: 1024 });
    expect(fastest(GEMM, w, parseTarget('neoverse-n1'))).toMatchObject({ kernel: 'dot', mr: 7 });
    const one = gemmWorkload({ data: 'int8', operands: 'int8', m: 1, n: 1024, k: 1024 });
    expect(fastest(GEMM, one, parseTarget('neoverse-n2')).kernel).toBe('dot');
    expect(fastest(GEMM, w, parseTarget('neoverse-n2')).kernel).toBe('mmla');
  });

  test('uses the longest sums that the weights allow', () => {
    const w = gemmWorkload({ data: 'int8', operands: 'int8', m: 64, n: 64, k: 256 });
    const kSums = (two: number, four: number) => ({ 1: 32, 2: two, 4: four, mixed: { pairs: 16, singles: 1 } });
    const chosen = (two: number, four: number) =>
      fastest(GEMM, { ...w, weights: { operands: 'int8', kSums: kSums(two, four) } }, parseTarget('cortex-a53'));
    expect(chosen(16, 8)).toMatchObject({ kernel: 'k_sums', kBlocks: 4 });
    expect(chosen(32, 32)).toMatchObject({ kernel: 'k_sums', kBlocks: 2, singles: true });
  });

  test('keeps few rows and many weights in the cache by turning the loops, and shares them out to threads', () => {
    const target = parseTarget('neoverse-n1');
    const w = (m: number, n: number) => gemmWorkload({ data: 'int8', operands: 'int8', m, n, k: 512 });
    expect(fastest(GEMM, w(16, 1024), target)).toMatchObject({ weightsFirst: true });
    expect(fastest(GEMM, w(4096, 16), target)).toMatchObject({ weightsFirst: false });
    const one = w(1, 4096);
    expect(fastest(GEMM, { ...one, threads: 4 }, target)).toMatchObject({ weightsFirst: true });
  });

  test('uses only exact kernels', () => {
    fc.assert(
      fc.property(workloads, fc.constantFrom(...TARGETS), (w, name) => {
        const target = parseTarget(name);
        const { kernel } = fastest(GEMM, w, target);
        expect(kernelOf(kernel).exactFor).toContain(w.weights.operands);
        if (target.arch === 'host') expect(kernel).toMatch(/portable/);
        // Two products of weights beyond [-127, 127] overflow 16 bits.
        if (kernel === 'smull') expect(['int8', 'uint8-offset']).toContain(w.weights.operands);
      }),
      { numRuns: 60 },
    );
  });
});
