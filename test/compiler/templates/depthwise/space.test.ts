import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CPUS, parseTarget } from '../../../../src/compiler/targets/index.ts';
import { fastest } from '../../../../src/compiler/templates/choose.ts';
import { DEPTHWISE } from '../../../../src/compiler/templates/depthwise/index.ts';
import { tapsOf } from '../../../../src/compiler/templates/depthwise/kernels.ts';
import type { DepthwiseSchedule } from '../../../../src/compiler/templates/depthwise/space.ts';
import type { DepthwiseWorkload } from '../../../../src/compiler/templates/depthwise/workload.ts';
import type { Operands } from '../../../../src/compiler/templates/workload.ts';

const TARGETS = ['host', 'aarch64', 'aarch64+dotprod', ...Object.keys(CPUS)];

/** A layer of MobileNet: 14 × 14 × 512, 3 × 3. */
const MOBILE: DepthwiseWorkload = {
  ...{ op: 'nn.depthwise_conv2d', data: 'int8', images: 1, input: [14, 14], channels: 512, multiplier: 1 },
  ...{ output: [14, 14], kernel: [3, 3], strides: [1, 1], dilation: [1, 1], padding: [1, 1], epilogue: 'tflite' },
  ...{ threads: 1, weights: { operands: 'int8', twoStep: null } },
};

const extent = fc.integer({ min: 1, max: 9 });
const workloads: fc.Arbitrary<DepthwiseWorkload> = fc
  .record({
    operands: fc.constantFrom<Operands>('float32', 'int8', 'int8-full', 'uint8-offset', 'uint8-full', 'int8-wide'),
    unsigned: fc.boolean(),
    images: fc.integer({ min: 1, max: 2 }),
    channels: fc.constantFrom(3, 4, 8, 9, 64),
    multiplier: fc.constantFrom(1, 1, 1, 2),
    output: fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 })),
    kernel: fc.oneof(fc.tuple(extent, extent), fc.tuple(fc.integer({ min: 1, max: 64 }), extent)),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    padded: fc.boolean(),
  })
  .map(({ operands, unsigned, padded, ...window }) => {
    const { output, kernel, strides, dilation } = window;
    const seen = output.map((n, i) => (n - 1) * strides[i] + (kernel[i] - 1) * dilation[i] + 1);
    const before = kernel.map((n) => (padded ? Math.floor((n - 1) / 2) : 0));
    return {
      ...window,
      ...{ op: 'nn.depthwise_conv2d', data: operands === 'float32' ? 'float32' : unsigned ? 'uint8' : 'int8' },
      ...{ input: [seen[0] - before[0], seen[1] - before[1]], padding: [before[0], before[1]], threads: 1 },
      ...{ epilogue: operands === 'float32' ? 'float' : 'tflite', weights: { operands, twoStep: null } },
    };
  });

test('every schedule of the space is legal, comes once and keeps to what the kernels hold', () => {
  fc.assert(
    fc.property(workloads, fc.constantFrom(...TARGETS), (w, name) => {
      const target = parseTarget(name);
      const space = [...DEPTHWISE.space(w, target)];
      expect(new Set(space.map((s) => JSON.stringify(s))).size).toBe(space.length);
      for (const s of space) {
        expect(DEPTHWISE.legal(w, s, target)).toBeNull();
        expect(DEPTHWISE.knobs.parse(s)).toEqual(s);
        expect(s.rows * w.kernel[0]).toBeLessThanOrEqual(64);
        expect(s.rows).toBeLessThanOrEqual(w.output[0]);
        if (s.kernel === 'portable') continue;
        expect(target.arch).toBe('aarch64');
        expect(w.channels).toBeGreaterThanOrEqual(s.kernel === 'f32' ? 4 : 8);
        expect(w.multiplier).toBe(1);
        expect(s.pixels).toBeLessThanOrEqual(s.kernel === 'f32' ? 8 : 4);
        expect(tapsOf(w)).toBeLessThanOrEqual(s.kernel === 'pairs' ? 32 : 128);
      }
    }),
    { numRuns: 60 },
  );
});

describe('the default', () => {
  const kernelFor = (target: string, change: Partial<DepthwiseWorkload> = {}, operands: Operands = 'int8') =>
    fastest(DEPTHWISE, { ...MOBILE, ...change, weights: { operands, twoStep: null } }, parseTarget(target));

  test('is the kernel of fewest instructions that is exact', () => {
    expect(kernelFor('neoverse-n1').kernel).toBe('dot');
    expect(kernelFor('cortex-a72').kernel).toBe('pairs');
    expect(kernelFor('neoverse-n1', {}, 'uint8-full').kernel).toBe('wide');
    expect(kernelFor('neoverse-n1', { data: 'float32', epilogue: 'float' }, 'float32').kernel).toBe('f32');
    expect(kernelFor('host').kernel).toBe('portable');
    // A single column has nothing for a dot product to sum.
    expect(kernelFor('neoverse-n1', { kernel: [3, 1], padding: [1, 0] }).kernel).toBe('pairs');
  });

  test('runs in issue order on cores that do', () => {
    expect(kernelFor('cortex-a53')).toMatchObject({ kernel: 'pairs', issueOrdered: true, rows: 7 });
    expect(kernelFor('cortex-a53', { dilation: [2, 2] }).issueOrdered).toBe(false);
    expect(kernelFor('cortex-a72').issueOrdered).toBe(false);
  });

  test('computes rows until loading constants no longer matters, but rather fewer than it takes memory beyond the result', () => {
    expect(kernelFor('cortex-a72').rows).toBe(4);
    expect(kernelFor('cortex-a72', { input: [112, 112], output: [112, 112] }).rows).toBe(1);
    // Rings for 7, 4 and 3 rows take 9 · 9, 6 · 9 and 5 · 9 pixels, the result 7 · 7.
    expect(kernelFor('cortex-a72', { input: [7, 7], output: [7, 7] }).rows).toBe(3);
  });

  test('loads the bias again where loads are free', () => {
    const float = { data: 'float32', epilogue: 'float' } as const;
    expect(kernelFor('cortex-a53', float, 'float32')).toMatchObject({ reload: false, pixels: 8 });
    expect(kernelFor('neoverse-n1', float, 'float32')).toMatchObject({ reload: true, pixels: 4 });
  });
});

test('a schedule that the kernels cannot run is refused with the reason', () => {
  const good: DepthwiseSchedule = { kernel: 'pairs', rows: 4, pixels: 4, reload: true, issueOrdered: false };
  const reason = (s: Partial<DepthwiseSchedule>, w: Partial<DepthwiseWorkload> = {}, target = 'neoverse-n1') =>
    DEPTHWISE.legal({ ...MOBILE, ...w }, { ...good, ...s }, parseTarget(target));
  const weights = (operands: Operands) => ({ weights: { operands, twoStep: null } });
  expect(reason({})).toBeNull();
  expect(reason({}, {}, 'host')).toBe('kernel pairs is for aarch64');
  expect(reason({ kernel: 'dot' }, {}, 'cortex-a72')).toBe('kernel dot needs dotprod');
  expect(reason({}, weights('uint8-full'))).toBe('kernel pairs is not exact for uint8-full operands');
  expect(reason({}, { multiplier: 2 })).toBe('kernel pairs has no depth multiplier');
  expect(reason({}, { channels: 7 })).toBe('kernel pairs takes 8 channels or more');
  expect(reason({}, { kernel: [3, 11] })).toBe('kernel pairs takes 32 taps at most');
  expect(reason({ kernel: 'dot', pixels: 2 }, { strides: [1, 3] })).toMatch(/stride of 1 or 2/);
  expect(reason({ rows: 0 })).toBe('rows 0: there are 1 to 14');
  expect(reason({ rows: 15 })).toBe('rows 15: there are 1 to 14');
  expect(reason({ rows: 14 }, { kernel: [5, 3] })).toBe('rows 14: their kernels have more than 64 rows');
  expect(reason({ kernel: 'portable', pixels: 1, reload: false })).toBe('rows 4: kernel portable takes one at a time');
  expect(reason({ pixels: 5 })).toBe('pixels 5: kernel pairs takes 1 to 4');
  expect(reason({ kernel: 'dot', pixels: 1 })).toBe('pixels 1: kernel dot takes 2 to 2');
  expect(reason({ pixels: 4 }, { output: [14, 3] })).toBe('pixels 4: a row has 3');
  expect(reason({ reload: false })).toBe('kernel pairs always loads the bias again');
  expect(reason({ issueOrdered: true })).toBe('issue order is for cores that issue in order');
  expect(reason({ issueOrdered: true }, { dilation: [1, 2] }, 'cortex-a53')).toMatch(/windows of 3 x 3/);
  expect(reason({ pixels: 4 }, { kernel: [5, 3] })).toBe('pixels 4: kernel pairs takes 1 to 2');
});

test('the key has no data in it', () => {
  const twoStep = { blocks: [null], complete: false };
  expect(DEPTHWISE.key({ ...MOBILE, weights: { operands: 'uint8-full', twoStep } })).toBe(DEPTHWISE.key(MOBILE));
  expect(DEPTHWISE.key({ ...MOBILE, padding: [0, 0] })).not.toBe(DEPTHWISE.key(MOBILE));
});
