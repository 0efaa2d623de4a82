import fc from 'fast-check';
import { mean, median } from 'simple-statistics';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunnerImage } from '../../src/runtime/devices/device.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { findQemu, nativeDevice, qemuDevice } from '../../src/runtime/devices/open.ts';
import { autoMode, measure } from '../../src/runtime/measure.ts';
import { measureHardware } from '../../src/runtime/timing/index.ts';
import { randomSource } from '../../src/runtime/timing/random.ts';
import {
  type Pair,
  pairedRatio,
  pairsOf,
  parseRound,
  type Round,
  type Sample,
  uninterrupted,
  unthrottled,
} from '../../src/runtime/timing/statistics.ts';
import { aarch64, handBuild, host, testFolder } from './helpers.ts';

/** Standard normal numbers by Box and Muller. */
function normals(seed: number): () => number {
  const random = randomSource(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Log ratios around ln(ratio): noise within a launch, and a shift of each launch as a whole. */
function simulate(seed: number, ratio: number, noise: number, shift: number, launches = 3, pairs = 100): number[][] {
  const normal = normals(seed);
  return Array.from({ length: launches }, () => {
    const moved = Math.log(ratio) + shift * normal();
    return Array.from({ length: pairs }, () => moved + noise * normal());
  });
}

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

describe('the paired ratio', () => {
  test('its interval holds the true ratio about as often as it says', () => {
    const hits = Array.from({ length: 200 }, (_, seed) => {
      const { interval } = pairedRatio(simulate(seed + 1, 1.3, 0.03, 0), { resamples: 300 });
      return interval[0] <= 1.3 && 1.3 <= interval[1];
    }).filter(Boolean).length;
    expect(hits / 200).toBeGreaterThan(0.9);
  });

  test('three hundred pairs at 3 % noise are good to about half a percent', () => {
    const widths = Array.from({ length: 30 }, (_, seed) => {
      const { interval, ratio } = pairedRatio(simulate(seed + 1, 2, 0.03, 0));
      return (interval[1] - interval[0]) / 2 / ratio;
    });
    // Standard error of a median: 1.2533 σ / √n; 95 %: 1.96 of it.
    const expected = (1.96 * 1.2533 * 0.03) / Math.sqrt(300);
    expect(mean(widths) / expected).toBeGreaterThan(0.8);
    expect(mean(widths) / expected).toBeLessThan(1.5);
  });

  test('launches that differ from each other widen it', () => {
    const width = ({ interval }: { interval: readonly [number, number] }) => interval[1] - interval[0];
    const equal = pairedRatio(simulate(7, 1, 0.01, 0));
    const different = pairedRatio(simulate(7, 1, 0.01, 0.02));
    expect(width(different)).toBeGreaterThan(3 * width(equal));
  });

  test('a build against itself gives 1, and so does its interval', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.001, max: 0.05, noNaN: true }), (seed, noise) => {
        const random = randomSource(seed);
        // A/A: every pair also stands there the other way round.
        const half = Array.from({ length: 60 }, () => noise * (random() - 0.5));
        const { ratio, interval } = pairedRatio([[...half, ...half.map((x) => -x)]], { seed, resamples: 200 });
        expect(ratio).toBeCloseTo(1, 12);
        expect(interval[0]).toBeLessThanOrEqual(1);
        expect(interval[1]).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });

  test('is the median, lies in its interval, and turns over with its pairs', () => {
    const launches = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(launches, (logs) => {
        const result = pairedRatio(logs, { resamples: 100 });
        expect(result.ratio).toBeCloseTo(Math.exp(median(logs.flat())), 12);
        expect(result.interval[0]).toBeLessThanOrEqual(result.interval[1]);
        expect(pairedRatio(logs, { resamples: 100 })).toEqual(result);
        const turned = pairedRatio(
          logs.map((pairs) => pairs.map((x) => -x)),
          { resamples: 100 },
        );
        expect(turned.ratio * result.ratio).toBeCloseTo(1, 9);
        expect(turned.interval[0] * result.interval[1]).toBeCloseTo(1, 9);
      }),
      { numRuns: 50 },
    );
    expect(() => pairedRatio([[], []])).toThrow(RangeError);
  });
});

describe('rounds', () => {
  const sample = (ns: number, switches = 0): Sample => ({ ns, switches });

  test('are read from the runner lines', () => {
    const round = parseRound('round 500 10 0 20 1 30 0 40 2');
    expect(round).toEqual({
      alu: 500,
      slots: [
        [sample(10), sample(20, 1)],
        [sample(30), sample(40, 2)],
      ],
    });
    expect(pairsOf([round], 1, 0)).toEqual([
      [sample(30), sample(10)],
      [sample(40, 2), sample(20, 1)],
    ]);
  });

  test('throttled ones are left out', () => {
    const rounds = [100, 101, 150, 102].map((alu): Round => ({ alu, slots: [] }));
    expect(unthrottled(rounds).map(({ alu }) => alu)).toEqual([100, 101, 102]);
    expect(unthrottled([])).toEqual([]);
  });

  test('what was interrupted is left out while enough remains', () => {
    const quiet = Array.from({ length: 12 }, (_, i) => sample(i));
    const loud = Array.from({ length: 40 }, (_, i) => sample(1000 + i, 1));
    expect(uninterrupted([...quiet, ...loud])).toEqual(quiet);
    expect(uninterrupted([...quiet.slice(0, 5), ...loud])).toHaveLength(45);
    expect(uninterrupted(quiet.slice(0, 3))).toHaveLength(3);
    const pairs = quiet.map((a, i): Pair => [a, i < 2 ? loud[0] : a]);
    expect(uninterrupted(pairs)).toEqual(pairs.slice(2));
    expect(uninterrupted([])).toEqual([]);
  });
});

describe('on this machine', () => {
  let image: RunnerImage;
  const [INT8, FP32, BASE] = [0, 1, 2];
  const folder = testFolder();
  beforeAll(async () => {
    const work = (symbol: string, n: number) =>
      handBuild(folder, host, {
        symbol,
        run: `uint32_t x = (uint32_t)in[0] | 1; for (int i = 0; i < ${n}; i++) { x ^= x << 13; x ^= x >> 17; x ^= x << 5; } out[0] = (int8_t)x;`,
      });
    image = await linkRunner([work('once', 20_000), work('threefold', 60_000), work('twofold', 40_000)]);
  });

  test('three times the work takes three times as long', async () => {
    const result = await measureHardware(nativeDevice(), image, {
      ...{ int8: INT8, fp32: FP32, base: BASE, budgetMs: 1500 },
      inputs: new Map([[INT8, [new Uint8Array([1, 2, 3, 4])]]]),
    });
    // Wide: the test machine may be busy with other tests.
    expect(result.speedup).toBeGreaterThan(2.5);
    expect(result.speedup).toBeLessThan(3.5);
    expect(result.interval[0]).toBeLessThanOrEqual(result.speedup);
    expect(result.interval[1]).toBeGreaterThanOrEqual(result.speedup);
    expect(result.fp32.median / result.int8.median).toBeGreaterThan(2.3);
    expect(result.slowdown!.ratio).toBeGreaterThan(0.4);
    expect(result.slowdown!.ratio).toBeLessThan(0.6);
    expect(result.noise.ratio).toBeGreaterThan(0.8);
    expect(result.noise.ratio).toBeLessThan(1.25);
    expect(result.launches).toBeGreaterThanOrEqual(3);
    expect(result.pairs).toBeGreaterThanOrEqual(3 * 5);
    expect(result.int8.min).toBeGreaterThan(1000);
    expect(result.machine.arch).toBe(process.arch);
  });

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
