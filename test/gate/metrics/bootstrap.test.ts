import { describe, expect, it } from 'vitest';
import { bootstrapOf } from '../../../src/gate/metrics/bootstrap.ts';
import { aucOf, meanOf } from '../../../src/gate/metrics/statistics.ts';

/** Sixty skewed numbers, of mean 32.22. */
const skewed = Array.from({ length: 60 }, (_, i) => ((((i * 37) % 101) + 1) / 20) ** 3);

describe('bootstrap bounds', () => {
  // scipy 1.17.1, stats.bootstrap(method='BCa', n_resamples=100000); the percentile interval is 23.31 to 41.84 and 28.23 to
  // 36.18. Each bound of 2,000 resamples scatters by about 0.3.
  it.each([
    [0.975, 23.82, 42.51],
    [0.8, 28.5, 36.48],
  ])('of a mean at %d are BCa', (confidence, low, high) => {
    const seeds = Array.from({ length: 12 }, (_, i) => bootstrapOf(meanOf(skewed), 60, 1 + i)!);
    const mean = (side: 'lower' | 'upper') => seeds.reduce((sum, b) => sum + b.bound(side, confidence), 0) / 12;
    expect(Math.abs(mean('lower') - low)).toBeLessThan(0.25);
    expect(Math.abs(mean('upper') - high)).toBeLessThan(0.25);
  });

  it('are the same every time, and widen with confidence', () => {
    const bound = (confidence: number) => bootstrapOf(meanOf(skewed), 60, 7)!.bound('upper', confidence);
    expect(bound(0.9)).toBe(bound(0.9));
    expect(bound(0.95)).toBeGreaterThan(bound(0.9));
  });

  it('are none for fewer than thirty samples, nor for a figure that hardly any resample has', () => {
    expect(bootstrapOf(meanOf(skewed), 29)).toBeNull();
    expect(bootstrapOf(aucOf(skewed, new Array(60).fill(true)), 60)).toBeNull();
  });

  it('of a constant are the constant', () => {
    const constant = bootstrapOf(meanOf(new Array(40).fill(3)), 40)!;
    expect([constant.bound('lower', 0.95), constant.bound('upper', 0.95)]).toEqual([3, 3]);
  });
});
