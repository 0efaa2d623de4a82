import { beforeAll, describe, expect, test } from 'vitest';
import { onHardware } from '../../../src/gate/check/speed.ts';
import { judge } from '../../../src/gate/verdict/judge.ts';
import type { Device, RunnerImage } from '../../../src/runtime/devices/device.ts';
import { linkRunner } from '../../../src/runtime/devices/image.ts';
import { findQemu, nativeDevice, qemuDevice } from '../../../src/runtime/devices/open.ts';
import { autoMode, measure } from '../../../src/runtime/measure.ts';
import { measureHardware, spread } from '../../../src/runtime/timing/index.ts';
import { medianOf, parsePass } from '../../../src/runtime/timing/passes.ts';
import { randomSource } from '../../../src/runtime/timing/random.ts';
import { accuracyOf } from '../../report/sample.ts';
import { aarch64, handBuild, host, testFolder } from '../helpers.ts';

describe('random numbers', () => {
  test('are the same for the same seed, and spread evenly', () => {
    const [a, b, c] = [randomSource(1), randomSource(1), randomSource(2)];
    const first = Array.from({ length: 4000 }, a);
    expect(Array.from({ length: 4000 }, b)).toEqual(first);
    expect(Array.from({ length: 4000 }, c)).not.toEqual(first);
    expect(Math.min(...first)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...first)).toBeLessThan(1);
    const counts = Array.from({ length: 10 }, (_, k) => first.filter((x) => Math.floor(10 * x) === k).length);
    // χ² with 9 degrees of freedom: 27.9 at 0.1 %.
    expect(counts.reduce((sum, n) => sum + (n - 400) ** 2 / 400, 0)).toBeLessThan(27.9);
  });
});

test('samples are spread over all there are', () => {
  expect(spread([0, 1, 2], 8)).toEqual([0, 1, 2]);
  expect(spread(Array.from({ length: 100 }, (_, i) => i))).toEqual([0, 12, 25, 37, 50, 62, 75, 87]);
});

/** Whether an interval has a ratio in it, or near it. */
function holds([low, high]: readonly [number, number], ratio: number): void {
  expect(low).toBeLessThan(1.15 * ratio);
  expect(high).toBeGreaterThan(ratio / 1.15);
}

describe('on this machine', () => {
  let image: RunnerImage;
  const [INT8, FP32, BASE, DATA] = [0, 1, 2, 3];
  const folder = testFolder();
  beforeAll(async () => {
    const work = (symbol: string, n: number | string) =>
      handBuild(folder, host, {
        symbol,
        run: `uint32_t x = (uint32_t)in[0] | 1; for (int i = 0; i < ${n}; i++) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; } out[0] = (int8_t)x;`,
      });
    image = await linkRunner([
      work('once', 20_000),
      work('threefold', 60_000),
      work('twofold', 40_000),
      work('data', '20000 * in[0]'),
    ]);
  });

  test('three times the work takes three times as long', async () => {
    const result = await measureHardware(nativeDevice(), image, {
      ...{ int8: INT8, fp32: FP32, base: BASE, budgetMs: 8000 },
      samples: new Map([[INT8, [[new Uint8Array([1, 2, 3, 4])]]]]),
    });
    // The test machine may be busy with other tests; then the intervals are wide, and it is unfit.
    holds(result.interval, 3);
    holds(result.slowdown!.interval, 0.5);
    holds(result.noise.interval, 1);
    expect(result.speedup / 3).toBeCloseTo(1, 0);
    if (result.unfit === null) expect(result.speedup / 3).toBeCloseTo(1, 1);
    expect(result.launches).toBeGreaterThanOrEqual(2);
    expect(result.launches + result.disturbed).toBeGreaterThanOrEqual(5);
    expect(result.pairs).toBeGreaterThanOrEqual(5 * result.launches);
    expect(result.int8.median).toBeGreaterThan(1000);
    expect(result.machine.arch).toBe(process.arch);
  }, 120_000);

  test('each sample of the data is timed, and their range is told', async () => {
    const samples = [1, 100].map((n) => [new Uint8Array([n, 0, 0, 0])]);
    const result = await measureHardware(nativeDevice(), image, {
      ...{ int8: INT8, fp32: DATA, budgetMs: 8000 },
      samples: new Map([INT8, DATA].map((build) => [build, samples])),
    });
    // DATA works in proportion to its first input: 20,000 steps on one sample and a hundred times as many on the other. No
    // load of the test machine hides, or makes, a factor of ten.
    const [low, high] = result.speedupOfSamples;
    expect(high / low).toBeGreaterThan(10);
    expect(high / low).toBeLessThan(1000);
    holds(result.interval, Math.sqrt(100));
    expect(result.warnings.join()).toMatch(/the speedup depends on the data: \d+\.\d+ to \d+\.\d+ over/);
  }, 120_000);

  test('programs that an emulator runs unasked are noticed', async () => {
    const emulated: Device = { ...qemuDevice(), kind: 'native' };
    const build = (symbol: string) => handBuild(folder, aarch64, { symbol, run: 'out[0] = in[0];' });
    const foreign = await linkRunner([build('one'), build('two')]);
    await expect(measureHardware(emulated, foreign, { int8: 0, fp32: 1 })).rejects.toThrow(
      /programs on this machine are emulated \(by .*qemu-aarch64.*\), and an emulator says nothing about time/,
    );
  });

  test('a build that the test slows five-fold fails its limit, however busy this machine is', async () => {
    const result = await measureHardware(nativeDevice(), image, {
      ...{ int8: INT8, fp32: FP32, budgetMs: 8000, slowed: new Map([[INT8, 4]]) },
    });
    const [found] = judge({ 'min-speedup': 3 }, {}, { accuracy: accuracyOf(), ...onHardware(result, null, null) });
    expect(found).toMatchObject({ status: 'fail', threshold: 3 });
    // The copy of INT8 is slowed with it.
    holds(result.noise.interval, 1);
  }, 120_000);

  test('the knob for tests slows a build by the share that it says', async () => {
    const ratios = await nativeDevice().session(image, {}, async (session) => {
      const medians: number[] = [];
      for (const permille of [0, 100]) {
        await session.send(`slow ${BASE} ${permille}`);
        const [, ...lines] = await session.send(`time 1 60 ${INT8}:20 ${BASE}:20`);
        medians.push(medianOf(lines.map(parsePass).map(({ slots }) => slots[1].ns / slots[0].ns)));
      }
      return medians;
    });
    expect(ratios[1] / ratios[0]).toBeGreaterThan(1.07);
    expect(ratios[1] / ratios[0]).toBeLessThan(1.13);
  }, 60_000);

  test('measure says which mode its figures are of', async () => {
    expect(autoMode(host)).toBe('hardware');
    const result = await measure(image, host, 'hardware', { int8: INT8, fp32: FP32, budgetMs: 300 });
    expect(result).toMatchObject({ mode: 'hardware', unit: 'ns', base: null, slowdown: null });
    await expect(measure(image, host, 'modelled', { int8: INT8, fp32: FP32 })).rejects.toThrow(/cannot be modelled/);
  });

  test('emulation is refused', async () => {
    expect(findQemu()).toMatch(/qemu-aarch64/);
    const options = { int8: INT8, fp32: FP32 };
    await expect(measureHardware(qemuDevice(), image, options)).rejects.toThrow(/says nothing about time/);
    if (process.arch === 'arm64') return;
    await expect(measure(image, aarch64, 'hardware', options)).rejects.toThrow(/need an ARM64 machine/);
  });
});
