import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GEMM_KERNEL_NAMES, kernelOf } from '../../../../src/compiler/templates/gemm/kernels/index.ts';
import { type PackedWeights, packGemm, sumRanges } from '../../../../src/compiler/templates/gemm/pack.ts';
import { panelStarts } from '../../../../src/compiler/templates/gemm/panels.ts';
import type { GemmSchedule } from '../../../../src/compiler/templates/gemm/space.ts';
import { depthOf, type GemmWorkload } from '../../../../src/compiler/templates/gemm/workload.ts';
import { operandsOf } from '../../../../src/compiler/templates/workload.ts';
import { gemmWorkload } from './workloads.ts';

/** What a kernel computes of one row, told by the layout that its header documents. */
function multiply(w: GemmWorkload, s: GemmSchedule, x: ArrayLike<number>, packed: PackedWeights): number[] {
  if (s.kernel === 'k_sums') return multiplyKSums(w, s, x, packed);
  const k = depthOf(w);
  const block = { smull: 8, dot: 4, mmla: 8, mlal: 1, portable: 1, f32: 1, f32_portable: 1 }[s.kernel];
  const flip = s.kernel === 'smull' && w.data === 'uint8' ? 128 : 0;
  const out = new Array<number>(w.n).fill(Number.NaN);
  let rowSum = 0;
  for (let i = 0; i < k; i++) rowSum += x[i];
  panelStarts(w.n, s.nr).forEach((start, p) => {
    for (let v = 0; v < s.nr && start + v < w.n; v++) {
      // Matrix products read each pair of columns twice, panel by panel.
      const twice = 2 * p * s.nr + 4 * Math.floor(v / 2) + (v % 2);
      const column = { mmla: twice, smull: 2 * (start + v) }[s.kernel as string] ?? start + v;
      let sum = packed.bias[column] + packed.rowFactor * rowSum;
      for (let i = 0; i < packed.depth; i++) {
        const first = i - (i % block);
        const length = Math.min(block, packed.depth - first);
        // SMULL: two columns, four deep, then the same four deeper.
        const pair = 16 * Math.floor(v / 2) + 4 * (v % 2) + 8 * Math.floor((i - first) / 4) + (i % 4);
        const place = s.kernel === 'smull' ? pair : v * length + (i - first);
        const at = p * s.nr * packed.depth + first * s.nr + place;
        // Beyond the row lies anything.
        sum += ((i < k ? x[i] : 77) - flip) * packed.weights[at];
      }
      out[start + v] = sum | 0;
    }
  });
  return out;
}

/** The same by sums of K-blocks, none of which leaves 16 bits. */
function multiplyKSums(
  w: GemmWorkload,
  s: GemmSchedule,
  x: ArrayLike<number>,
  { weights, bias, kSums }: PackedWeights,
): number[] {
  const { order, counts } = kSums!;
  const kinds = s.singles ? [s.kBlocks!, 1] : [s.kBlocks!];
  const out = new Array<number>(w.n).fill(Number.NaN);
  let sum16 = 0;
  let panel = 0;
  panelStarts(w.n, s.nr).forEach((start, p) => {
    const sums = Array.from({ length: s.nr }, (_, v) => bias[start + v]);
    const own = counts.subarray(p * kinds.length, (p + 1) * kinds.length);
    if (s.singles) expect(Math.min(...own)).toBeGreaterThan(0);
    const lengths = kinds.flatMap((length, kind) => new Array<number>(own[kind]).fill(length));
    for (const length of lengths) {
      for (let v = 0; v < s.nr; v++) {
        const lanes = [0, 0, 0, 0];
        for (let b = 0; b < length; b++) {
          const register = panel + 16 * (Math.floor(v / 2) * length + b);
          for (let j = 0; j < 8; j++) {
            const weight = weights[register + 8 * Math.floor(j / 4) + 4 * (v % 2) + (j % 4)];
            const k = order[sum16 * s.kBlocks! + b] * 8 + j;
            lanes[j % 4] += Math.abs(weight);
            sums[v] += ((k < depthOf(w) ? x[k] : 77) - (w.data === 'uint8' ? 128 : 0)) * weight;
          }
        }
        expect(Math.max(...lanes) * 128).toBeLessThan(2 ** 15);
      }
      sum16++;
      panel += length * s.nr * 8;
    }
    sums.forEach((sum, v) => {
      if (start + v < w.n) out[start + v] = sum | 0;
    });
  });
  return out;
}

const cases = fc
  .record({
    kernel: fc.constantFrom(...GEMM_KERNEL_NAMES.filter((name) => kernelOf(name).layout.storage !== 'float32')),
    unsigned: fc.boolean(),
    n: fc.integer({ min: 1, max: 21 }),
    k: fc.integer({ min: 1, max: 70 }),
    nr: fc.constantFrom(4, 8, 12),
    form: fc.constantFrom<Pick<GemmSchedule, 'kBlocks' | 'singles'>>(
      { kBlocks: 1, singles: false },
      { kBlocks: 2, singles: false },
      { kBlocks: 2, singles: true },
      { kBlocks: 4, singles: false },
    ),
    zeroX: fc.nat(255),
    zeroW: fc.nat(255),
    seed: fc.array(fc.nat(255), { minLength: 7, maxLength: 31 }),
    bias: fc.boolean(),
  })
  .filter(({ n, nr }) => nr - 4 < n);

test('packed weights, bias and row sums stand for the products of centered values', () => {
  fc.assert(
    fc.property(cases, ({ kernel, unsigned, n, k, nr, form, zeroX, zeroW, seed, bias }) => {
      const zx = unsigned ? zeroX : zeroX - 128;
      const zw = unsigned ? zeroW : 0;
      const bytes = (i: number): number => seed[i % seed.length] ^ ((i * 37) & 255);
      const values = Array.from({ length: n * k }, (_, i) => bytes(i));
      // SMULL takes no weight of -128, which the schedule sees to.
      const legal = kernel === 'smull' ? values.map((v) => Math.max(v, 1)) : values;
      const data = unsigned ? Uint8Array.from(legal) : Int8Array.from(legal, (v) => v - 128);
      const x = Array.from({ length: k }, (_, i) => bytes(i + 1000) - (unsigned ? 0 : 128));
      const workload = gemmWorkload({ data: unsigned ? 'uint8' : 'int8', m: 1, n, k, operands: operandsOf(data, zw) });
      const schedule: GemmSchedule = { kernel, mr: 1, nr, ...form, weightsFirst: false, band: 1 };
      const biases = bias ? Int32Array.from({ length: n }, (_, c) => c * 1000 - 5000) : null;
      const packed = packGemm(workload, schedule, { data, zeroPoint: zw, bias: biases }, zx);
      expect(packed.depth % kernelOf(kernel).unit).toBe(0);
      if (kernel === 'smull') expect(Math.min(...packed.weights)).toBeGreaterThanOrEqual(-127);
      const expected = Array.from({ length: n }, (_, c) => {
        let sum = biases?.[c] ?? 0;
        for (let i = 0; i < k; i++) sum += (x[i] - zx) * (data[c * k + i] - zw);
        return sum;
      });
      expect(multiply(workload, schedule, x, packed)).toEqual(expected);
    }),
  );
});

test('sums stay between their ranges, and reach them', () => {
  const bytes = fc.array(fc.integer({ min: -128, max: 127 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(bytes, bytes, fc.boolean(), (weights, x, byTap) => {
      const source = { data: Int8Array.from(weights), zeroPoint: 0, bias: Int32Array.of(100, -7) };
      const [column, depth] = byTap ? [1, 2] : [3, 1];
      const ranges = sumRanges(source, 2, column, depth, { min: -128, max: 127 });
      const sum = (c: number, data: (weight: number, k: number) => number) =>
        [0, 1, 2].reduce((total, k) => {
          const weight = weights[c * column + k * depth];
          return total + weight * data(weight, k);
        }, source.bias[c]);
      for (const c of [0, 1]) {
        expect(sum(c, (_, k) => x[k])).toBeGreaterThanOrEqual(ranges[c].min);
        expect(sum(c, (_, k) => x[k])).toBeLessThanOrEqual(ranges[c].max);
        expect(sum(c, (weight) => (weight < 0 ? 127 : -128))).toBe(ranges[c].min);
        expect(sum(c, (weight) => (weight < 0 ? -128 : 127))).toBe(ranges[c].max);
      }
    }),
  );
});

test('operand kinds follow from the values of the weights', () => {
  expect(operandsOf(Float32Array.of(1), 0)).toBe('float32');
  expect(operandsOf(Int8Array.of(-127, 127), 0)).toBe('int8');
  expect(operandsOf(Int8Array.of(-128, 3), 0)).toBe('int8-full');
  expect(operandsOf(Int8Array.of(-120, 100), 30)).toBe('int8-wide');
  expect(operandsOf(Uint8Array.of(1, 255), 128)).toBe('int8');
  expect(operandsOf(Uint8Array.of(1, 255), 151)).toBe('uint8-offset');
  expect(operandsOf(Uint8Array.of(0, 255), 151)).toBe('uint8-full');
});
