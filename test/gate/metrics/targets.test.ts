import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import { figureOf } from '../../../src/gate/metrics/statistics.ts';
import { labelsOf, portOf } from './ports.ts';

/* scikit-learn 1.9.1:
     i = np.arange(40); T = np.stack([i * i % 9 / 4, i % 5 / 2], 1); w = i % 3
     Y = T + np.stack([(i * 3 % 7 - 3) / 16, (i * 5 % 11 - 5) / 8], 1)
     r2_score(T, Y), r2_score(T, Y, sample_weight=w), np.sqrt(mean_squared_error(T, Y)) */
const index = Array.from({ length: 40 }, (_, i) => i);
const targets = index.flatMap((i) => [((i * i) % 9) / 4, (i % 5) / 2]);
const outputs = index.map((i) => [
  targets[2 * i] + (((i * 3) % 7) - 3) / 16,
  targets[2 * i + 1] + (((i * 5) % 11) - 5) / 8,
]);
const weights = index.map((i) => i % 3);

const scored = (name: string, of: readonly number[], given: readonly (readonly number[])[]) => {
  const width = given[0].length;
  const ports = { inputs: [portOf([1, 4])], outputs: [portOf([1, width])] };
  const labelled = makeMetric({ name, labels: labelsOf(of, width), ...ports }).labelled!;
  const scores = given.map((output, i) => labelled.score([Float32Array.from(output)], new Float32Array(4), i));
  return { statistic: labelled.statistic(scores), chance: labelled.chance(scores) };
};

describe('r2 and rmse', () => {
  it('are those of scikit-learn', () => {
    const { statistic, chance } = scored('r2', targets, outputs);
    expect(figureOf(statistic, 40)).toBeCloseTo(0.8222775805026296, 12);
    expect(statistic(weights)).toBeCloseTo(0.8090859965112066, 12);
    expect(chance).toMatchObject({ level: 0, by: 'the mean of the labels' });
    expect(chance.p).toBeLessThan(1e-6);
    expect(figureOf(scored('rmse', targets, outputs).statistic, 40)).toBeCloseTo(0.2967104807299533, 12);
  });

  it('of the targets themselves are perfect, of their mean 0 and the standard deviation', () => {
    const value = fc.integer({ min: -20, max: 20 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 30 }), (of) => {
        const n = of.length;
        const itself = of.map((t) => [t]);
        expect(figureOf(scored('r2', of, itself).statistic, n)).toBe(1);
        expect(figureOf(scored('rmse', of, itself).statistic, n)).toBe(0);
        const doubled = of.flatMap((t) => [t, -t]);
        const zero = doubled.map(() => [0]);
        const spread = Math.sqrt(doubled.reduce((sum, t) => sum + t * t, 0) / doubled.length);
        expect(figureOf(scored('rmse', doubled, zero).statistic, 2 * n)).toBeCloseTo(spread, 10);
        expect(scored('rmse', doubled, zero).chance.level).toBeCloseTo(spread, 10);
        expect(figureOf(scored('r2', doubled, zero).statistic, 2 * n)).toBeCloseTo(spread === 0 ? 1 : 0, 10);
      }),
    );
  });

  it('of a constant target is 1 where it is met and 0 where not, as scikit-learn has it', () => {
    expect(figureOf(scored('r2', [2, 2], [[2], [2]]).statistic, 2)).toBe(1);
    expect(figureOf(scored('r2', [2, 2], [[2], [3]]).statistic, 2)).toBe(0);
  });

  it('is refused where resampling would take hours', () =>
    expect(() => scored('r2', new Array(2_000_000).fill(0), [new Array(1000).fill(0)])).toThrow(
      'set data.limit to 100, or use rmse',
    ));
});
