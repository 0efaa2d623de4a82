import { describe, expect, it } from 'vitest';
import type { Port } from '../../../src/compiler/build.ts';
import { startEvaluation } from '../../../src/gate/metrics/evaluation.ts';
import { makeMetric } from '../../../src/gate/metrics/index.ts';
import type { Confidence } from '../../../src/gate/metrics/intervals.ts';
import type { Labels, MetricOptions } from '../../../src/gate/metrics/metric.ts';
import type { SampleRun } from '../../../src/gate/sides.ts';

const port = (size: number): Port => ({
  name: 'y',
  dtype: 'float32',
  shape: [1, size],
  bytes: 4 * size,
  quantization: null,
});
const labels = (values: number[], width = 1): Labels => ({ values: Float64Array.from(values), width });

/** A sample of [INT8 output, FP32 output, fed input], `inferences` in each. */
const run = (index: number, [int8, fp32, real = []]: number[][], inferences = 1): SampleRun => ({
  ...{ index, files: [], inferences, real: Float32Array.from(real), inputs: { int8: [], fp32: [] } },
  outputs: { int8: [Float32Array.from(int8)], fp32: [Float32Array.from(fp32)] },
});

/** What an evaluation of these outputs finds; each sample is [INT8 output, FP32 output, fed input]. */
function evaluate(
  options: Partial<MetricOptions> & { name: string },
  samples: number[][][],
  confidence: Confidence = 0.8,
) {
  const [[int8, , real]] = samples;
  const ports = { inputs: [port(real?.length ?? 4)], outputs: [port(int8.length)] };
  const metric = makeMetric({ labels: null, ...ports, ...options });
  const evaluation = startEvaluation(metric, ports.outputs, samples.length, false, confidence);
  for (const [i, sample] of samples.entries()) evaluation.add(run(i, sample));
  return evaluation.finish();
}

describe('labelled metrics', () => {
  const samples = [
    [
      [0.9, 0.1, 0],
      [0.9, 0.1, 0],
    ],
    [
      [0.5, 0.5, 0],
      [0.2, 0.8, 0],
    ],
    [
      [0, 0.2, 0.8],
      [0, 0.2, 0.8],
    ],
    [
      [0.1, 0.2, 0.7],
      [0.6, 0.2, 0.2],
    ],
  ];

  it('top1 counts right answers and pairs them', () => {
    const found = evaluate({ name: 'top1', labels: labels([0, 1, 2, 2]) }, samples);
    expect(found).toMatchObject({
      metric: 'top1',
      kind: 'share',
      samples: 4,
      inferences: 4,
      int8: 0.75,
      fp32: 0.75,
      drop: 0,
    });
    expect(found.discordant).toEqual({ int8Only: 1, fp32Only: 1, p: 1 });
    expect(found.resolution).toBe(25);
    expect(found.comparison.agreement).toBe(0.5);
  });

  it('top2 takes the second best too', () => {
    expect(evaluate({ name: 'top2', labels: labels([1, 0, 1, 0]) }, samples)).toMatchObject({
      int8: 0.75,
      fp32: 1,
      drop: 25,
    });
  });

  it('auc scores autoencoders by their reconstruction error, records over all their windows', () => {
    // Two windows of two values; squared errors: sample 0 → 0, sample 1 → 1 (INT8) or 4 (FP32), sample 2 → 1.
    const windows = [
      [
        [1, 2, 3, 4],
        [1, 2, 3, 4],
        [1, 2, 3, 4],
      ],
      [
        [2, 3, 4, 5],
        [3, 4, 5, 6],
        [1, 2, 3, 4],
      ],
      [
        [1, 1, 1, 1],
        [1, 1, 1, 1],
        [2, 2, 2, 2],
      ],
    ];
    const ports = { inputs: [port(2)], outputs: [port(2)] };
    const metric = makeMetric({ name: 'auc', labels: labels([0, 1, 0]), ...ports });
    const evaluation = startEvaluation(metric, ports.outputs, 3);
    for (const [i, window] of windows.entries()) evaluation.add(run(i, window, 2));
    // INT8: 1 beats 0 and ties 1. FP32: 4 beats both.
    expect(evaluation.finish()).toMatchObject({ inferences: 6, int8: 0.75, fp32: 1, drop: 25 });
  });

  it('auc scores classifiers by a class', () => {
    const found = evaluate({ name: 'auc', labels: labels([0, 1]) }, [
      [
        [0.9, 0.1],
        [0.9, 0.1],
      ],
      [
        [0.8, 0.2],
        [0.99, 0.01],
      ],
    ]);
    expect(found).toMatchObject({ int8: 1, fp32: 0, drop: -100 });
  });

  it('mse and mae compare with targets', () => {
    const targets = labels([1, 2, 3, 4], 2);
    const outputs = [
      [
        [1, 3],
        [1, 2],
      ],
      [
        [3, 4],
        [3, 6],
      ],
    ];
    expect(evaluate({ name: 'mse', labels: targets }, outputs)).toMatchObject({
      kind: 'error',
      int8: 0.25,
      fp32: 1,
      drop: -0.75,
    });
    expect(evaluate({ name: 'mae', labels: targets }, outputs)).toMatchObject({ int8: 0.25, fp32: 0.5, drop: -0.25 });
  });
});

describe('metrics without labels', () => {
  const outputs = [
    [
      [1, 2, 2],
      [1, 0, 3],
    ],
    [
      [0, 1, 0],
      [0, 1, 0],
    ],
  ];
  it('compare INT8 with FP32', () => {
    expect(evaluate({ name: 'agreement' }, outputs)).toMatchObject({ int8: 0.5, fp32: 1, drop: 50 });
    expect(evaluate({ name: 'mse' }, outputs)).toMatchObject({ int8: 5 / 6, fp32: 0 });
    expect(evaluate({ name: 'cosine' }, outputs).int8).toBeCloseTo((1 + 7 / Math.sqrt(90)) / 2, 12);
    const sqnr = evaluate({ name: 'sqnr' }, outputs);
    expect(sqnr.int8).toBeCloseTo(10 * Math.log10(11 / 5), 12);
    expect(sqnr).toMatchObject({ kind: 'sqnr', fp32: null, drop: null, interval: null });
  });

  it('have no finite SQNR for equal outputs', () => {
    expect(evaluate({ name: 'sqnr' }, [[[1], [1]]])).toMatchObject({ int8: null, comparison: { mse: 0, sqnr: null } });
  });
});

describe('bounds', () => {
  /** 120 samples of two classes: FP32 answers class 0, INT8 too but for the first `wrong`. */
  const answers = (wrong: number, first: number[], other: number[]) =>
    Array.from({ length: 120 }, (_, i) => [i < wrong ? other : first, first]);

  it('of top-N are those of counts: Tango and Wilson, at the confidence', () => {
    // Only FP32 is right on 5, only INT8 on 3 of 120: the first three have label 1.
    const samples = answers(8, [1, 0], [0, 1]);
    const values = Array.from({ length: 120 }, (_, i) => (i < 3 ? 1 : 0));
    const { bounds, int8, drop } = evaluate({ name: 'top1', labels: labels(values) }, samples);
    expect([int8, drop]).toEqual([115 / 120, expect.closeTo(100 * (2 / 120), 10)]);
    // scipy and statsmodels, as in intervals.test.ts; with continuity correction for the drop.
    expect(bounds.drop!.low).toBeCloseTo(-0.7701, 3);
    expect(bounds.drop!.high).toBeCloseTo(4.2248, 3);
    expect(bounds.confidence).toBe(0.8);
    expect(bounds.int8!.low).toBeLessThan(115 / 120);
    // Eight of 120 answers differ.
    expect(bounds.agreement!.low).toBeLessThan(112 / 120);
    expect(bounds.agreement!.high).toBeGreaterThan(112 / 120);
  });

  it('are those of a 95 % interval where the point decides', () => {
    const values = new Array(120).fill(0);
    const { bounds, interval } = evaluate(
      { name: 'top1', labels: labels(values) },
      answers(4, [1, 0], [0, 1]),
      'point',
    );
    expect(bounds.confidence).toBeNull();
    expect([bounds.drop!.low, bounds.drop!.high]).toEqual(interval);
  });

  it('of an agreement on all samples are not its point', () => {
    const { bounds, interval, drop } = evaluate({ name: 'agreement' }, answers(0, [1, 0], [0, 1]));
    expect(drop).toBe(0);
    // The exact bound of 120 agreements is 0.2^(1/120) = 0.98668.
    expect(Math.abs(bounds.agreement!.low - 0.98668)).toBeLessThan(0.001);
    expect(bounds.drop!.high).toBeCloseTo(100 * (1 - bounds.agreement!.low), 10);
    expect(interval![1]).toBeGreaterThan(1);
  });

  it('of an AUC that is 1 for both are not [0, 0]', () => {
    const samples = Array.from({ length: 60 }, (_, i) => [
      [0, i],
      [0, i],
    ]);
    const values = Array.from({ length: 60 }, (_, i) => (i < 40 ? 0 : 1));
    const { bounds, drop } = evaluate({ name: 'auc', labels: labels(values) }, samples, 0.95);
    expect(drop).toBe(0);
    // The rarer kind has 20 samples: 100·(1 − 0.05^(1/20)).
    expect(bounds.drop!.high).toBeCloseTo(13.9108, 3);
    expect(bounds.int8).toMatchObject({ low: expect.closeTo(0.860892, 5), high: 1 });
  });

  it('of samples with several rows are those of a mean', () => {
    const rows = Array.from({ length: 60 }, (_, i) => [
      [0, 1, i % 3 === 0 ? 1 : 0, i % 3 === 0 ? 0 : 1],
      [0, 1, 0, 1],
    ]);
    const ports = [{ ...port(4), shape: [2, 2] }];
    const metric = makeMetric({ name: 'agreement', labels: null, inputs: [port(4)], outputs: ports });
    const evaluation = startEvaluation(metric, ports, 60, false, 0.95);
    for (const [i, sample] of rows.entries()) evaluation.add(run(i, sample));
    const { bounds } = evaluation.finish();
    // A third of the samples agrees on one of two rows: 5/6, standard error 0.5·√(2/9)/√60 = 0.0304.
    expect(Math.abs(bounds.agreement!.low - (5 / 6 - 1.645 * 0.0304))).toBeLessThan(0.015);
    expect(Math.abs(bounds.agreement!.high - (5 / 6 + 1.645 * 0.0304))).toBeLessThan(0.015);
  });

  it('are none of resampled figures below 30 samples', () => {
    const { bounds } = evaluate({ name: 'cosine' }, answers(3, [1, 0.5], [0.5, 1]).slice(0, 29));
    expect(bounds.cosine).toBeNull();
    expect(bounds.int8).toBeNull();
    expect(evaluate({ name: 'agreement' }, answers(3, [1, 0], [0, 1]).slice(0, 29)).bounds.agreement).not.toBeNull();
  });
});

describe('what does not fit', () => {
  const outputs = [
    [
      [1, 2, 3],
      [1, 2, 3],
      [0, 0, 0, 0],
    ],
  ];
  it.each([
    [{ name: 'top1' }, 'needs data.labels'],
    [
      { name: 'top1', labels: labels([3]) },
      'sample 0 has the label 3, but the model has 3 classes, 0 to 2; see data.label-offset',
    ],
    [{ name: 'top1', labels: labels([0.5]) }, 'sample 0 has the label 0.5'],
    [{ name: 'top1', labels: labels([1, 2], 2) }, 'a class label is one number'],
    [{ name: 'auc', labels: labels([1, 1]) }, 'needs samples of both kinds'],
    [{ name: 'auc', labels: labels([0, 1]) }, 'say with "score: N" which one'],
    [{ name: 'auc', labels: labels([0, 1]), score: 'reconstruction' as const }, 'output of the size of the input'],
    [{ name: 'auc', labels: labels([0, 1]), score: 3 }, 'score: 3, but the model has 3 outputs'],
    [{ name: 'mse', labels: labels([1]) }, '1 values a sample, but output "y" [1, 3] has 3'],
    [{ name: 'agreement', labels: labels([1]) }, 'uses no labels'],
  ])('is refused: %j', (options, words) => {
    expect(() => evaluate(options, outputs)).toThrow(words);
  });

  it('NaN outputs are reported, not counted', () => {
    expect(() => evaluate({ name: 'agreement' }, [[[1], [Number.NaN]]])).toThrow(
      "the FP32 model's output for sample 0 is NaN",
    );
  });
});
