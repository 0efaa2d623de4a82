import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averaged, type Ratio, ratio } from '../../../src/gate/metrics/confusion.ts';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import type { MetricOptions } from '../../../src/gate/metrics/metric.ts';
import type { Average } from '../../../src/gate/metrics/settings.ts';
import { figureOf } from '../../../src/gate/metrics/statistics.ts';
import { labelsOf, portOf } from './ports.ts';

/* scikit-learn 1.9.1:
     i = np.arange(40); t = i * i % 4 + (i % 7 == 0); a = (i * 5 % 13) % 4; w = i % 3
     f1_score(t, a, average=…, zero_division=0), likewise precision_score and recall_score; sample_weight=w
   Answers know a class more than the labels. */
const index = Array.from({ length: 40 }, (_, i) => i);
const wanted = index.map((i) => ((i * i) % 4) + (i % 7 === 0 ? 1 : 0));
const answers = index.map((i) => ((i * 5) % 13) % 4);
const weights = index.map((i) => i % 3);
const RATIOS: Readonly<Record<string, Ratio>> = {
  f1: (right, answered, of) => ratio(2 * right, answered + of),
  precision: (right, answered) => ratio(right, answered),
  recall: (right, _, of) => ratio(right, of),
};

describe('averages over classes', () => {
  it.each([
    ['macro', 'f1', 0.21063218390804597, 0.24035303776683087],
    ['macro', 'precision', 0.25427350427350426, 0.26388888888888884],
    ['macro', 'recall', 0.22156862745098038, 0.29437564499484004],
    ['micro', 'f1', 0.275, 0.28205128205128205],
    ['micro', 'precision', 0.275, 0.28205128205128205],
    ['micro', 'recall', 0.275, 0.28205128205128205],
    ['weighted', 'f1', 0.32043103448275867, 0.3104079828217759],
    ['weighted', 'precision', 0.4267094017094017, 0.3974358974358974],
    ['weighted', 'recall', 0.275, 0.28205128205128205],
  ] as [Average, string, number, number][])('%s %s is that of scikit-learn', (average, name, plain, weighted) => {
    const of = averaged(wanted, answers, 4, RATIOS[name], average);
    expect(figureOf(of, 40)).toBeCloseTo(plain, 12);
    expect(of(weights)).toBeCloseTo(weighted, 12);
  });

  it('are 1 for right answers, within 0 and 1, and do not depend on the order of samples', () => {
    const samples = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { minLength: 1, maxLength: 40 });
    const average = fc.constantFrom<Average>('binary', 'macro', 'micro', 'weighted');
    fc.assert(
      fc.property(samples, average, fc.constantFrom(...Object.values(RATIOS)), (drawn, by, of) => {
        const figure = (pairs: readonly (readonly [number, number])[]) =>
          figureOf(
            averaged(
              pairs.map(([t]) => t),
              pairs.map(([, a]) => a),
              4,
              of,
              by,
            ),
            pairs.length,
          );
        const found = figure(drawn);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
        expect(figure([...drawn].reverse())).toBeCloseTo(found, 12);
        if (by !== 'binary' || drawn.some(([t]) => t === 1))
          expect(figure(drawn.map(([t]) => [t, t] as const))).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('f1, precision and recall', () => {
  // scikit-learn: b = (s >= 0.9) of the samples in curves.test.ts
  const positive = index.map((i) => ((i * 7) % 5 === 0 || i % 11 === 3 ? 1 : 0));
  const scores = index.map((i) => (((i * 37) % 23) + 9 * positive[i]) / 16);
  const options = (more: Partial<MetricOptions>): MetricOptions => ({
    ...{ name: 'f1', labels: labelsOf(positive), inputs: [portOf([1, 4])], outputs: [portOf([1, 1])] },
    ...more,
  });
  const figure = (more: Partial<MetricOptions>, outputs: readonly (readonly number[])[]) => {
    const labelled = makeMetric(options(more)).labelled!;
    const given = outputs.map((output, i) => labelled.score([Float32Array.from(output)], new Float32Array(4), i));
    return { value: figureOf(labelled.statistic(given), given.length), chance: labelled.chance(given), labelled };
  };

  it.each([
    ['f1', 0.35714285714285715],
    ['precision', 0.29411764705882354],
    ['recall', 0.45454545454545453],
  ])('%s of class 1 goes by a threshold', (name, expected) => {
    const settings = { threshold: 0.9 };
    const single = figure(
      { name, settings },
      scores.map((s) => [s]),
    );
    expect(single.value).toBeCloseTo(expected, 12);
    const third = figure(
      { name, settings, score: 2, outputs: [portOf([1, 5])] },
      scores.map((s) => [9, 9, s, 9, 9]),
    );
    expect(third.value).toBe(single.value);
    expect(single.labelled.deciding).toBe(11);
  });

  it('of two outputs goes by the larger one, of several by the mean over classes', () => {
    const two = figure(
      { outputs: [portOf([1, 2])] },
      positive.map((p) => [1 - p, p]),
    );
    expect(two.value).toBe(1);
    const several = figure(
      { labels: labelsOf(wanted), outputs: [portOf([1, 4])] },
      answers.map((a) => [0, 1, 2, 3].map((k) => (k === a ? 1 : 0))),
    );
    expect(several.value).toBeCloseTo(0.21063218390804597, 12);
  });

  it('tell chance from knowledge', () => {
    const knows = figure(
      {},
      positive.map((p) => [p]),
    );
    expect(knows.chance.p).toBe(1 / 1000);
    // 11 of 40 are positive, and as many are named: the mean over all orders is 11/40.
    expect(Math.abs(knows.chance.level - 11 / 40)).toBeLessThan(0.02);
    const always = figure(
      {},
      positive.map(() => [1]),
    );
    expect(always.value).toBeCloseTo(22 / 51, 12);
    expect(always.chance).toEqual({ level: expect.closeTo(22 / 51, 12), p: 1, by: 'guessing' });
  });

  it.each([
    [{ outputs: [portOf([1, 4])], inputs: [portOf([1, 4])], settings: { average: 'binary' } }, 'threshold: …'],
    [{ outputs: [portOf([1, 3])], settings: { threshold: 0.5 } }, 'say with "score: N" which one is the score'],
    [{ outputs: [portOf([2, 3])] }, 'metric f1 needs one score a class, but output "y" is [2, 3]'],
    [{ labels: labelsOf([1, 1]) }, 'metric f1 needs samples of both kinds, 0 (normal) and 1 (positive)'],
    [{ labels: labelsOf([0, 2]) }, 'has the label 2, but the model has 2 classes'],
    [{ labels: null }, 'metric f1 needs data.labels'],
  ] as [Partial<MetricOptions>, string][])('are refused: %j', (more, words) =>
    expect(() => makeMetric(options(more))).toThrow(words),
  );
});
