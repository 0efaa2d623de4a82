import { describe, expect, test } from 'vitest';
import { centre, residuals, shift } from '../../../src/runtime/timing/centre.ts';
import { figuresOf, preciseTo } from '../../../src/runtime/timing/figures.ts';
import { normals, observed, type Synthetic } from './synthetic.ts';

const repeat = (n: number, what: (index: number) => Synthetic = () => ({})) =>
  Array.from({ length: n }, (_, i) => observed(what(i)));
/** The same small noise in every test. */
const noise = (seed: number, sd = 0.002) => {
  const normal = normals(seed);
  return () => Math.exp(sd * normal());
};

describe('the centre of launches', () => {
  test('is the median over passes of a launch, and of a sample over launches', () => {
    const launches = repeat(3, (l) => ({ factor: (slot, p) => (slot === 1 ? 1 + 0.1 * l + 0.001 * (p - 15.5) : 1) }));
    const { ofLaunches, ofSamples } = centre(residuals(launches, ({ logs }) => logs[1].map((x, i) => x - logs[0][i])));
    for (const [l, log] of ofLaunches.entries()) expect(Math.exp(log)).toBeCloseTo(2 * (1 + 0.1 * l), 2);
    expect(ofSamples).toHaveLength(1);
    expect(Math.exp(ofSamples[0])).toBeCloseTo(2.2, 1);
  });

  test('does not jump between samples of the data that differ, and tells their figures', () => {
    const normal = normals(2);
    const launches = repeat(5, () => ({
      samples: 2,
      factor: (slot, p) => (slot === 1 && Math.floor(p / 2) % 2 === 1 ? 1.21 : 1) * Math.exp(0.01 * normal()),
    }));
    const { ofLaunches, ofSamples } = centre(residuals(launches, ({ logs }) => logs[1].map((x, i) => x - logs[0][i])));
    // Half the passes at 2, half at 2.42: the geometric mean, 2.2, in every launch.
    for (const log of ofLaunches) expect(Math.abs(Math.exp(log) / 2.2 - 1)).toBeLessThan(0.01);
    expect(Math.exp(ofSamples[0])).toBeCloseTo(2, 1);
    expect(Math.exp(ofSamples[1])).toBeCloseTo(2.42, 1);
    const [low, high] = figuresOf(launches).speedupOfSamples;
    expect(high / low).toBeCloseTo(1.21, 1);
  });

  test('shifts where one build is slowed more now and then, not where both are', () => {
    const slowed = (slots: readonly number[]) =>
      repeat(5, () => ({ factor: (slot, p) => (p % 8 >= 3 && slots.includes(slot) ? 1.25 : 1) }));
    const shiftOf = (slots: readonly number[]) => {
      const [a, b] = [1, 0].map((slot) => residuals(slowed(slots), ({ logs }) => logs[slot]));
      return shift(a, b);
    };
    for (const log of shiftOf([1])) expect(Math.exp(log)).toBeCloseTo(1 / 1.25, 6);
    for (const log of shiftOf([0, 1, 2])) expect(log).toBeCloseTo(0, 9);
  });
});

describe('the figures of launches', () => {
  test('are times, ratios and their intervals', () => {
    const jitter = noise(1);
    const figures = figuresOf(repeat(6, () => ({ ns: [100, 250, 100, 80], factor: jitter })));
    expect(figures.int8.median).toBeCloseTo(100, 0);
    expect(figures.fp32.median).toBeCloseTo(250, 0);
    expect(figures.base!.median).toBeCloseTo(80, 0);
    expect(figures.speedup).toBeCloseTo(2.5, 1);
    expect(figures.slowdown!.value).toBeCloseTo(1.25, 2);
    expect(figures.noise.value).toBeCloseTo(1, 2);
    expect(figures.interval[0]).toBeLessThan(2.5);
    expect(figures.interval[1]).toBeGreaterThan(2.5);
    expect(figures).toMatchObject({ unfit: null, launches: 6, disturbed: 0, pairs: 6 * 32 });
    expect(preciseTo(figures, 0.01)).toBe(true);
    expect(preciseTo(figures, 1e-5)).toBe(false);
    expect(figuresOf(repeat(5))).toMatchObject({ base: null, slowdown: null });
  });

  test('the interval holds what the ratio is while a frequent neighbour is away', () => {
    const jitter = noise(4);
    const launches = repeat(12, () => ({
      passes: 60,
      factor: (slot, p) => jitter() * (p % 10 < 6 ? [1.05, 1.25, 1.05][slot] : 1),
    }));
    const { interval, speedup } = figuresOf(launches);
    expect(speedup).toBeGreaterThan(2.3);
    expect(interval[0]).toBeLessThan(2.02);
  });

  test('leave out launches that a neighbour of the memory disturbed, and are unfit where those are most', () => {
    const jitter = noise(5);
    const some = (bad: number) =>
      repeat(10, (l) => ({ factor: jitter, memory: () => (l < bad ? 1.3 : 1), ns: [100, l < bad ? 300 : 200, 100] }));
    expect(figuresOf(some(3))).toMatchObject({ unfit: null, launches: 7, disturbed: 3 });
    expect(figuresOf(some(3)).speedup).toBeCloseTo(2, 1);
    expect(figuresOf(some(6)).unfit).toMatch(/^6 of 10 launches were disturbed/);
    const waiting = repeat(6, (l) => ({ factor: jitter, waited: l < 4 ? 0.2 : 0.01 }));
    expect(figuresOf(waiting).unfit).toMatch(/^4 of 6 launches/);
    const now = repeat(6, () => ({ factor: jitter, memory: (p) => (p % 3 === 0 ? 1.4 : 1) }));
    expect(figuresOf(now).unfit).toMatch(/^6 of 6 launches/);
  });

  test('of a disturbed machine are of all launches, and as much less sure as it was disturbed', () => {
    const jitter = noise(8);
    const memory = (p: number) => (p % 10 < 6 ? 1.25 : 1);
    const slowed = (slot: number, p: number) => (slot === 1 && p % 10 < 6 ? 1.1 : 1) * jitter();
    const quiet = figuresOf(repeat(8, () => ({ factor: jitter })));
    const found = figuresOf(repeat(8, () => ({ factor: slowed, memory })));
    expect(quiet.stretch).toBe(1);
    expect(found).toMatchObject({ launches: 8, disturbed: 8 });
    expect(found.stretch).toBeGreaterThanOrEqual(1.1 ** 2);
    expect(found.stretch).toBeLessThan(1.22);
    // The median is a disturbed one; what the ratio is undisturbed is inside, too.
    expect(found.speedup).toBeCloseTo(2.2, 1);
    const [low, high] = found.interval;
    expect(low).toBeLessThan(2 / 1.2);
    expect(high).toBeCloseTo(2.2 * 1.1 ** 2, 1);
  });

  test('of a disturbed machine whose builds do not notice are hardly less sure', () => {
    const jitter = noise(8);
    const memory = (p: number) => (p % 10 < 6 ? 1.25 : 1);
    const found = figuresOf(repeat(8, () => ({ factor: jitter, memory })));
    expect(found).toMatchObject({ launches: 8, disturbed: 8 });
    for (const [low, high] of [found.interval, found.int8.interval]) expect(high / low).toBeLessThan(1.01);
  });

  test('of launches that are disturbed from end to end are as much less sure as the walk was slower', () => {
    const jitter = noise(8);
    const found = figuresOf(repeat(8, (l) => ({ factor: jitter, memory: () => (l < 6 ? 1.25 : 1) })));
    expect(found).toMatchObject({ launches: 8, disturbed: 6 });
    expect(found.stretch).toBeCloseTo(1.25 ** (2 * (6 / 8)), 2);
  });

  test('latencies, not ratios, leave open what a slower clock did to them', () => {
    const jitter = noise(9);
    const slow = (l: number) => (l < 4 ? 1 : 1.2);
    const found = figuresOf(repeat(8, (l) => ({ factor: () => slow(l) * jitter(), alu: () => slow(l) })));
    expect(found.throttled).toBeCloseTo(Math.sqrt(1.2) - 1, 2);
    expect(found.int8.interval[0]).toBeLessThan(101);
    expect(found.interval[1] / found.interval[0]).toBeLessThan(1.01);
  });

  test('are unfit where a copy of the INT8 build is not as fast as the build', () => {
    const jitter = noise(6);
    const apart = figuresOf(repeat(8, () => ({ ns: [100, 200, 103], factor: jitter })));
    expect(apart.unfit).toMatch(/^a copy of the INT8 build differs from the build itself by 3\.\d %/);
    expect(apart.stretch).toBeCloseTo(1.03 ** 2, 2);
    expect(figuresOf(repeat(8, () => ({ ns: [100, 200, 100.5], factor: jitter }))).unfit).toBeNull();
  });
});
