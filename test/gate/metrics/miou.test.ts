import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import type { MetricOptions } from '../../../src/gate/metrics/metric.ts';
import { figureOf } from '../../../src/gate/metrics/statistics.ts';
import { labelsOf, portOf } from './ports.ts';

/* scikit-learn 1.9.1:
     i, y, x = np.mgrid[0:12, 0:5, 0:6]; t = (i * y + x) % 4; t = np.where((i + y * x) % 7 == 0, 255, t)
     a = (i * y + x + ((i * 3 + y * 5 + x) % 4 == 0)) % 5; v = t != 255; w = np.broadcast_to((i % 3), t.shape)
     jaccard_score(t[v], a[v], average='macro'); with v & (w > 0) and sample_weight; of all pixels
     m = confusion_matrix(t[v], a[v]); d = np.diag(m); (d / (m.sum(0) + m.sum(1) - d)).mean() is the first
     jaccard_score(t[v], np.full(v.sum(), np.bincount(t[v]).argmax()), average='macro') */
const [N, H, W] = [12, 5, 6];
const places = Array.from({ length: N * H * W }, (_, k) => ({
  ...{ i: Math.floor(k / (H * W)), y: Math.floor(k / W) % H, x: k % W },
}));
const masks = places.map(({ i, y, x }) => ((i + y * x) % 7 === 0 ? 255 : (i * y + x) % 4));
const answers = places.map(({ i, y, x }) => (i * y + x + ((i * 3 + y * 5 + x) % 4 === 0 ? 1 : 0)) % 5);
const weights = Array.from({ length: N }, (_, i) => i % 3);
const EXPECTED = { plain: 0.14350364407730573, weighted: 0.1336467525105329, all: 0.1097136634361013 };
const COMMONEST = 0.07305194805194805;

const indexes = (shape: readonly number[]) => ({ ...portOf(shape), dtype: 'int32' as const });
const options = (more: Partial<MetricOptions> = {}): MetricOptions => ({
  ...{ name: 'miou', labels: labelsOf(masks, H * W), inputs: [portOf([1, H, W, 3])], outputs: [indexes([1, H, W])] },
  ...more,
});
const scored = (more: Partial<MetricOptions>, output: (image: readonly number[]) => readonly number[]) => {
  const labelled = makeMetric(options(more)).labelled!;
  const scores = Array.from({ length: N }, (_, i) =>
    labelled.score([Float32Array.from(output(answers.slice(i * H * W, (i + 1) * H * W)))], new Float32Array(4), i),
  );
  return { statistic: labelled.statistic(scores), chance: labelled.chance(scores) };
};
const same = (image: readonly number[]) => image;
const oneHot = (image: readonly number[]) => image.flatMap((k) => [0, 1, 2, 3, 4].map((c) => (c === k ? 2 : c / 4)));

describe('miou', () => {
  it.each([
    ['class numbers', [1, H, W], same],
    ['class numbers of one channel', [1, H, W, 1], same],
    ['scores', [1, H, W, 5], oneHot],
  ] as const)('of %s is that of scikit-learn', (what, shape, output) => {
    const outputs = [what === 'scores' ? portOf(shape) : indexes(shape)];
    const { statistic, chance } = scored({ outputs }, output);
    expect(figureOf(statistic, N)).toBeCloseTo(EXPECTED.plain, 12);
    expect(statistic(weights)).toBeCloseTo(EXPECTED.weighted, 12);
    expect(chance.level).toBeCloseTo(COMMONEST, 12);
    expect(chance.by).toBe('the commonest class');
  });

  it('counts every pixel where the label to ignore is another', () => {
    const { statistic } = scored({ settings: { ignore: -1 } }, same);
    expect(figureOf(statistic, N)).toBeCloseTo(EXPECTED.all, 12);
  });

  it('of one score a pixel goes by a threshold', () => {
    // Two images of four pixels: class 1 has 2 of 4, class 0 has 4 of 6.
    const labels = labelsOf([1, 1, 1, 0, 0, 0, 0, 0], 4);
    const given = { labels, outputs: [portOf([1, 2, 2, 1])], settings: { threshold: 0.75 } };
    const labelled = makeMetric(options(given)).labelled!;
    const scores = [
      [0.75, 0.9, 0.7, 0],
      [0.8, 0.1, 0.74, 0],
    ].map((image, i) => labelled.score([Float32Array.from(image)], new Float32Array(4), i));
    expect(figureOf(labelled.statistic(scores), 2)).toBeCloseTo((2 / 4 + 4 / 6) / 2, 12);
    expect(labelled.statistic(scores)([0, 1])).toBeCloseTo(3 / 4 / 2, 12);
  });

  it('tells chance from knowledge', () => {
    const knows = makeMetric(options()).labelled!;
    const right = Array.from({ length: N }, (_, i) =>
      knows.score([Float32Array.from(masks.slice(i * H * W, (i + 1) * H * W))], new Float32Array(4), i),
    );
    expect(figureOf(knows.statistic(right), N)).toBe(1);
    expect(knows.chance(right).p).toBeLessThan(1e-6);
    const always = scored({}, (image) => image.map(() => 0));
    expect(figureOf(always.statistic, N)).toBeCloseTo(COMMONEST, 12);
    expect(always.chance.p).toBe(1);
  });

  it('weighs an image as often as it is repeated', () => {
    const image = fc.array(fc.tuple(fc.constantFrom(0, 1, 2, 255), fc.nat(2)), { minLength: 4, maxLength: 4 });
    const counted = fc.tuple(image, fc.nat(3));
    fc.assert(
      fc.property(fc.array(counted, { minLength: 1, maxLength: 6 }), (drawn) => {
        const images = [
          ...drawn,
          [
            [
              [0, 0],
              [1, 1],
              [2, 1],
              [1, 2],
            ],
            1,
          ] as const,
        ];
        const figure = (of: readonly (readonly (readonly [number, number])[])[], by: readonly number[]) => {
          const labels = labelsOf(
            of.flatMap((pixels) => pixels.map(([label]) => label)),
            4,
          );
          const labelled = makeMetric(options({ labels, outputs: [indexes([1, 2, 2])] })).labelled!;
          const scores = of.map((pixels, i) =>
            labelled.score([Float32Array.from(pixels, ([, answer]) => answer)], new Float32Array(4), i),
          );
          return labelled.statistic(scores)(by);
        };
        const repeated = images.flatMap(([pixels, times]) => new Array(times).fill(pixels));
        const found = figure(
          images.map(([pixels]) => pixels as [number, number][]),
          images.map(([, times]) => times),
        );
        expect(found).toBeCloseTo(figure(repeated, new Array(repeated.length).fill(1)), 12);
        expect(found).toBeGreaterThanOrEqual(0);
        expect(found).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    [{ outputs: [portOf([1, H, W])] }, 'needs scores [1, height, width, classes] or class numbers [1, height, width]'],
    [{ outputs: [portOf([2, H, W, 5])] }, 'but output "y" is [2, 5, 6, 5]'],
    [{ outputs: [indexes([1, H, W, 2])] }, 'but output "y" is [1, 5, 6, 2]'],
    [{ outputs: [indexes([1, H, 7])] }, '30 pixels a sample, but the output has 35'],
    [{ outputs: [portOf([1, H, W, 3])] }, 'sample 0 has the label 3 at pixel 9, but the model has 3 classes, 0 to 2'],
    [{ outputs: [portOf([1, 1, 1, 3])], labels: labelsOf([255, 255]) }, 'needs pixels that count, but all are 255'],
    [{ outputs: [indexes([1, 1, 1])], labels: labelsOf([0.5]) }, 'sample 0 has the label 0.5 at pixel 0'],
    [{ labels: null }, 'metric miou needs data.labels'],
  ] as [Partial<MetricOptions>, string][])('is refused: %#', (more, words) =>
    expect(() => makeMetric(options(more))).toThrow(words),
  );
});
