import { describe, expect, it } from 'vitest';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { explainSlow } from '../../../src/gate/slow/index.ts';
import { joinOperators } from '../../../src/gate/slow/join.ts';
import { peakOf } from '../../../src/gate/slow/peak.ts';
import type { OperatorCost } from '../../../src/runtime/measure.ts';

const a72 = parseTarget('cortex-a72');
const n2 = parseTarget('neoverse-n2');

/** An operator of 1000 results of 64 products in 10 000 cycles: 6.4 of the 8 that a Cortex-A72 can do. */
const cost = (op: string | null, more: Partial<OperatorCost> = {}): OperatorCost => ({
  ...{ build: 'INT8', op, kind: 'nn.conv2d', cycles: 10_000, instructions: 20_000, lines: 0, memoryBound: false },
  ...{ macs: 64_000, numbers: 'integer', kernels: ['gemm_smull.h'], result: [1, 10, 1, 100] },
  ...more,
});
const why = (
  int8: OperatorCost[],
  target = a72,
  { fp32 = [], base = [] }: Partial<Record<'fp32' | 'base', OperatorCost[]>> = {},
) => explainSlow({ int8, fp32, base }, target);

describe('the peak of a CPU', () => {
  // From LLVM's scheduling models and Arm's optimization guides: FMLA.4S, SMULL + SMLAL + SADALP, SDOT, SMMLA.
  it.each([
    ['cortex-a53', 4, 16 / 3, 16 / 3],
    ['cortex-a72', 4, 8, 8],
    ['cortex-a76', 8, 32, 8],
    ['neoverse-n2', 8, 64, 8],
    ['neoverse-v1', 16, 128, 16],
  ])('of a %s is what its instructions can do', (name, float, integer, depthwise) => {
    const target = parseTarget(name);
    expect(peakOf(target, { numbers: 'float', kind: 'nn.conv2d' })).toBe(float);
    expect(peakOf(target, { numbers: 'integer', kind: 'nn.conv2d' })).toBe(integer);
    expect(peakOf(target, { numbers: 'integer', kind: 'nn.depthwise_conv2d' })).toBe(depthwise);
  });
});

describe('why INT8 is slow', () => {
  const sound = cost('#1 conv');
  it.each<[string, Partial<OperatorCost>, RegExp]>([
    ['float', { numbers: 'float' }, /computes in float32 within the INT8 model/],
    ['conversion', { kind: 'qnn.requantize', macs: 0 }, /only changes the type or scale/],
    ['memory', { memoryBound: true, lines: 20_000 }, /waits for memory: it moves 1\.28 MB beyond the second level/],
    ['generic', { macs: 8000, kernels: ['conv_reference.h'] }, /generic kernel: 0\.8 of at most 8 multiply-/],
    ['depthwise', { kind: 'nn.depthwise_conv2d', macs: 9000 }, /is depthwise, with 9 products a result, .*: 0\.9 of/],
    ['channels', { macs: 16_000, result: [1, 250, 4] }, /too narrow for full vectors, with 4 channels: 1\.6 of/],
    ['channels', { macs: 8000 }, /has only 8 products a result, which rounding it outweighs: 0\.8 of/],
    ['far', { macs: 36_000 }, /does 3\.6 of at most 8 multiply-accumulates a cycle\.$/],
    ['values', { kind: 'exp', macs: 0 }, /works value by value: 10\.0 cycles a result/],
  ])('is %s, where an operator has such a cost', (kind, more, sentence) => {
    const [first] = why([sound, cost('#2 odd', { cycles: 10_000, ...more })]).filter(
      ({ operator }) => operator === '#2 odd',
    );
    expect(first).toMatchObject({ operator: '#2 odd', why: kind, cycles: 10_000, share: 0.5 });
    expect(first.sentence).toMatch(sentence);
    expect(first.sentence).toMatch(/^#2 odd \(50 % of the cycles\) /);
  });

  it('is the baseline first of all, and said with what it was', () => {
    const found = why([sound, cost('#2 odd', { numbers: 'float' })], a72, { base: [cost('#2 odd', { cycles: 5000 })] });
    expect(found[0]).toMatchObject({ operator: '#2 odd', why: 'base' });
    expect(found[0].sentence).toContain('takes 2.00× the cycles of the baseline (5 kcycles there)');
    expect(why([sound], n2, { base: [cost('#1 conv', { cycles: 9900 })] })[0]?.why).not.toBe('base');
  });

  it('is no dot products, said once, on a CPU without them', () => {
    const three = [sound, cost('#2'), cost('#3', { cycles: 11_000 })];
    expect(why(three).map(({ operator, why: kind }) => [operator, kind])).toEqual([['#3', 'instructions']]);
    expect(why([cost('#1', { cycles: 1200 })], n2)).toEqual([]);
  });

  it('says what FP32 takes where INT8 gains nothing', () => {
    const add = { kind: 'add', macs: 0, cycles: 1500 };
    const found = why([cost('#7', add)], n2, { fp32: [cost('#7', { ...add, cycles: 1200 })] });
    expect(found[0].sentence).toBe('#7 (100 % of the cycles) gains nothing over FP32; FP32 takes 1.2 kcycles.');
  });

  it('names five operators at most, those first that cost most, and nothing that costs little', () => {
    const slow = Array.from({ length: 8 }, (_, i) => cost(`#${i}`, { kind: 'exp', macs: 0, cycles: 5000 + 1000 * i }));
    const found = why([...slow, cost('#9', { kind: 'exp', macs: 0, cycles: 500 }), cost(null)]);
    expect(found.map(({ operator }) => operator)).toEqual(['#7', '#6', '#5', '#4', '#3']);
    expect(why([])).toEqual([]);
  });
});

it('joins operators by label, else by the work that they do, in order', () => {
  const own = [cost('a'), cost('b'), cost('c', { macs: 7 }), cost('d', { kind: 'add' })];
  const others = [cost('b'), cost('x', { macs: 64_000 }), cost('y', { macs: 7 })];
  const joined = joinOperators(own, others);
  expect(own.map((o) => joined.get(o)?.op ?? null)).toEqual(['x', 'b', 'y', null]);
});
