import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import { OutputPair } from '../../../src/gate/metrics/outputs.ts';
import { psnrOf } from '../../../src/gate/metrics/psnr.ts';
import { ssimOf } from '../../../src/gate/metrics/ssim.ts';
import { figureOf } from '../../../src/gate/metrics/statistics.ts';
import { labelsOf, portOf } from './ports.ts';

/* scikit-image 0.26.0:
     y, x = np.mgrid[0:16, 0:20]; a = ((x * 13 + y * 29) % 64) / 64; b = a + ((x * 7 + y * 3) % 16 - 8) / 128
     A = np.stack([a, a[:, ::-1], a[::-1]], -1); B = np.stack([b, a[:, ::-1], b[::-1] * 0.5], -1)
     peak_signal_noise_ratio(a, b, data_range=1), (A, B, data_range=2)
     structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False),
     (A, B, data_range=2, channel_axis=-1, …) */
const [H, W] = [16, 20];
const places = Array.from({ length: H * W }, (_, i) => ({ y: Math.floor(i / W), x: i % W }));
const a = places.map(({ x, y }) => ((x * 13 + y * 29) % 64) / 64);
const b = places.map(({ x, y }, i) => a[i] + (((x * 7 + y * 3) % 16) - 8) / 128);
const at = (of: readonly number[], y: number, x: number) => of[y * W + x];
const colours = (last: readonly number[], first: readonly number[], gain: number) =>
  places.flatMap(({ x, y }) => [at(first, y, x), at(a, y, W - 1 - x), gain * at(last, H - 1 - y, x)]);
const [A, B] = [colours(a, a, 1), colours(b, b, 0.5)];
const gray = { height: H, width: W, channels: 1 };
const rgb = { ...gray, channels: 3 };

describe('psnr and ssim', () => {
  it('are those of scikit-image', () => {
    expect(psnrOf(b, a, 1)).toBeCloseTo(28.819814793801314, 10);
    expect(psnrOf(B, A, 2)).toBeCloseTo(21.606134780707865, 10);
    expect(ssimOf(b, a, gray, 1)).toBeCloseTo(0.9923027246168935, 10);
    expect(ssimOf(B, A, rgb, 2)).toBeCloseTo(0.8781562408271464, 10);
  });

  it('are best for equal images, and do not care which is which', () => {
    const image = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 132, maxLength: 132 });
    const shape = { height: 11, width: 12, channels: 1 };
    fc.assert(
      fc.property(image, image, (one, other) => {
        expect(psnrOf(one, one, 255)).toBe(100);
        expect(ssimOf(one, one, shape, 255)).toBeCloseTo(1, 10);
        expect(psnrOf(one, other, 255)).toBe(psnrOf(other, one, 255));
        const found = ssimOf(one, other, shape, 255);
        expect(ssimOf(other, one, shape, 255)).toBeCloseTo(found, 10);
        expect(Math.abs(found)).toBeLessThanOrEqual(1 + 1e-10);
        // Both know nothing of the scale that pixels are written in.
        const halves = [one, other].map((pixels) => pixels.map((x) => x / 2));
        expect(psnrOf(halves[0], halves[1], 127.5)).toBeCloseTo(psnrOf(one, other, 255), 8);
        expect(ssimOf(halves[0], halves[1], shape, 127.5)).toBeCloseTo(found, 8);
      }),
      { numRuns: 30 },
    );
  });

  const options = (name: string, shape: readonly number[], more: object = {}) => ({
    ...{ name, labels: null, inputs: [portOf([1, 4])], outputs: [portOf(shape)], settings: { range: 2 } },
    ...more,
  });

  it('score each image against its target', () => {
    const labels = labelsOf([...A, ...B], A.length);
    for (const [name, expected, best] of [
      ['psnr', 21.606134780707865, 100],
      ['ssim', 0.8781562408271464, 1],
    ] as const) {
      const labelled = makeMetric(options(name, [1, H, W, 3], { labels })).labelled!;
      const scores = [0, 1].map((i) => labelled.score([Float32Array.from(A)], new Float32Array(4), i));
      expect(scores[0]).toBeCloseTo(best, 6);
      expect(scores[1]).toBeCloseTo(expected, 4);
      expect(figureOf(labelled.statistic(scores), 2)).toBeCloseTo((best + expected) / 2, 4);
      expect(labelled.chance(scores)).toMatchObject({ by: 'the mean of the labels' });
    }
  });

  it('compare INT8 with FP32 without labels', () => {
    const ports = [portOf([H, W])];
    const pair = new OutputPair([Float32Array.from(b)], [Float32Array.from(a)], ports);
    const of = (name: string) => makeMetric(options(name, [H, W], { settings: { range: 1 } })).against!;
    expect(of('psnr').score(pair)).toBeCloseTo(28.819814793801314, 6);
    expect(of('ssim').score(pair)).toBeCloseTo(0.9923027246168935, 6);
  });

  it.each([
    [
      options('psnr', [1, 16, 16, 3], { settings: {} }),
      'needs the range of pixel values: metric: { name: psnr, range: 255 }',
    ],
    [options('ssim', [1, 16, 16, 3], { settings: undefined }), 'metric ssim needs the range of pixel values'],
    [options('ssim', [1, 10, 16, 3]), 'its window has 11 × 11 pixels, the output 10 × 16; use psnr'],
    [options('ssim', [2, 16, 16, 3]), 'needs an image [1, height, width, channels]'],
    [options('ssim', [1, 16]), 'its window has 11 × 11 pixels, the output 1 × 16'],
    [options('psnr', [1, 4], { labels: labelsOf([1, 2]) }), '1 values a sample, but output "y" [1, 4] has 4'],
  ])('are refused: %#', (given, words) => expect(() => makeMetric(given)).toThrow(words));
});
