import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrecision, descending, equalErrorRate } from '../../../src/gate/metrics/curves.ts';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import { figureOf, type Statistic } from '../../../src/gate/metrics/statistics.ts';
import { labelsOf, portOf } from './ports.ts';

/* scikit-learn 1.9.1, numpy 2.4.6:
     i = np.arange(40); y = ((i * 7 % 5 == 0) | (i % 11 == 3)).astype(int); s = ((i * 37) % 23 + 9 * y) / 16; w = i % 3
     average_precision_score(y, s), with sample_weight=w
     fpr, tpr, _ = roc_curve(y, s); brentq(lambda x: 1 - x - interp1d(fpr, tpr)(x), 0, 1)
     t = i * i % 4 + (i % 7 == 0); S[:, k] = ((i * (k + 3) * 5) % 17 + 5 * (t == k)) / 32
     np.mean([roc_auc_score(t == k, S[:, k]) for k in range(3)]), likewise average_precision_score */
const index = Array.from({ length: 40 }, (_, i) => i);
const positive = index.map((i) => (i * 7) % 5 === 0 || i % 11 === 3);
const scores = index.map((i) => (((i * 37) % 23) + (positive[i] ? 9 : 0)) / 16);
const weights = index.map((i) => i % 3);
const classes = index.map((i) => ((i * i) % 4) + (i % 7 === 0 ? 1 : 0));
const perClass = index.map((i) =>
  Float32Array.from([0, 1, 2], (k) => (((i * (k + 3) * 5) % 17) + (classes[i] === k ? 5 : 0)) / 32),
);

const ap = (of: readonly number[], kinds: readonly boolean[]): Statistic => averagePrecision(of, descending(of), kinds);
const rate = (of: readonly number[], kinds: readonly boolean[]): Statistic => equalErrorRate(of, descending(of), kinds);

describe('average precision and equal error rate', () => {
  it('are those of scikit-learn, ties and weights included', () => {
    expect(figureOf(ap(scores, positive), 40)).toBeCloseTo(0.46743306826862974, 12);
    expect(ap(scores, positive)(weights)).toBeCloseTo(0.38834920634920633, 12);
    expect(figureOf(rate(scores, positive), 40)).toBeCloseTo(0.47058823529411764, 12);
    expect(rate(scores, positive)(weights)).toBeCloseTo(0.4558823529411765, 12);
  });

  const drawn = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean(), fc.nat(3)), {
    minLength: 2,
    maxLength: 40,
  });
  const both = (of: readonly (readonly [number, boolean, number])[]) =>
    [true, false].every((kind) => of.some(([, p, w]) => p === kind && w > 0));

  it.each([
    ['ap', ap],
    ['eer', rate],
  ] as const)('%s: bounds, order of the samples, weights as repetitions', (_, of) => {
    fc.assert(
      fc.property(drawn.filter(both), (samples) => {
        const figure = (all: typeof samples) =>
          of(
            all.map(([s]) => s),
            all.map(([, p]) => p),
          )(all.map(([, , w]) => w));
        const found = figure(samples);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
        expect(figure([...samples].reverse())).toBeCloseTo(found, 12);
        const repeated = samples.flatMap(([s, p, w]) => new Array(w).fill([s, p, 1] as [number, boolean, number]));
        expect(figure(repeated)).toBeCloseTo(found, 12);
      }),
    );
  });

  it('are perfect where scores part the kinds, and as bad as guessing where they are all equal', () => {
    const kinds = [false, false, true, false, true];
    const parted = kinds.map((kind, i) => (kind ? 10 + i : i));
    expect([figureOf(ap(parted, kinds), 5), figureOf(rate(parted, kinds), 5)]).toEqual([1, 0]);
    expect(figureOf(ap([1, 1, 1, 1, 1], kinds), 5)).toBeCloseTo(2 / 5, 12);
    expect(figureOf(rate([1, 1, 1, 1, 1], kinds), 5)).toBeCloseTo(1 / 2, 12);
    const mirrored = parted.map((score) => -score);
    expect(figureOf(rate(mirrored, kinds), 5)).toBeCloseTo(1, 12);
    expect(figureOf(ap(parted, [false, false, false, false, false]), 5)).toBeNaN();
    expect(figureOf(rate(parted, [true, true, true, true, true]), 5)).toBeNaN();
  });
});

describe('one class against the rest', () => {
  const of = (name: string, average?: 'macro') =>
    makeMetric({
      ...{ name, labels: labelsOf(classes), inputs: [portOf([1, 4])], outputs: [portOf([1, 3])] },
      ...(average && { settings: { average } }),
    }).labelled!;

  it.each([
    ['auc', 0.7841758350422032],
    ['pr-auc', 0.6629034935034458],
  ])('%s is the mean over classes, as scikit-learn has it', (name, expected) => {
    const labelled = of(name, 'macro');
    const given = perClass.map((output, i) => labelled.score([output], output, i));
    expect(figureOf(labelled.statistic(given), 40)).toBeCloseTo(expected, 6);
    const { level, p } = labelled.chance(given);
    expect(level).toBeGreaterThan(0.3);
    expect(level).toBeLessThan(0.55);
    expect(p).toBeLessThan(0.01);
  });

  it('is asked for, because labels of several classes are usually a mistake', () => {
    expect(() => of('auc')).toThrow('has the label 2, but the model has 2 classes');
  });

  it('is refused where resampling would take hours', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => i % 100);
    const options = { labels: labelsOf(many), inputs: [portOf([1, 4])], outputs: [portOf([1, 100])] };
    expect(() => makeMetric({ name: 'auc', settings: { average: 'macro' }, ...options })).toThrow(
      'set data.limit to 2000',
    );
  });
});
