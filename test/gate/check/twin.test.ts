import { describe, expect, it } from 'vitest';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { type Damage, MobileNet, patterns } from './mobilenet.ts';
import { overflowingModel, values } from './models.ts';
import { Project } from './project.ts';

// A MobileNet V2 as converters of 2018 made it: its ReLU6 are ranges alone. There is no FP32 file.
const project = new Project();
const net = new MobileNet();
const samples = patterns(240, 11);
const inputs = project.file(
  'images.npy',
  writeNpy({
    dtype: 'float32',
    shape: [240, 16, 16, 3],
    data: Float32Array.from(samples.flatMap((s) => [...s.image])),
  }),
);
const labels = project.file('labels.txt', samples.map(({ label }) => label).join('\n'));
const float = project.file('float.tflite', net.file(null));

let count = 0;
const check = (damage: Damage, more: object = {}, data: object = { labels }) =>
  project.verdict({
    int8: project.file(`net${count++}.tflite`, net.file(damage)),
    data: { inputs, ...data },
    thresholds: { 'max-accuracy-drop': 5 },
    ...more,
  });

describe('a network of 2018 without its FP32 model', () => {
  it('passes, its twin reading what the float network reads', async () => {
    const found = await check({});
    const named = await check({}, { fp32: float });
    expect(found.verdict).toBe('pass');
    expect(named.verdict).toBe('pass');
    const { accuracy } = found.target;
    expect(accuracy).toMatchObject({ metric: 'top1', samples: 240, twin: true });
    expect(Math.abs(accuracy!.fp32! - named.target.accuracy!.fp32!)).toBeLessThan(0.02);
    expect(accuracy!.fp32).toBeGreaterThan(0.9);
    expect(accuracy!.comparison.agreement).toBeGreaterThan(0.95);
  });

  it.each([
    ['destroyed', { range: { layer: 'block2/depthwise', high: 0.5 } }],
    ['hurt', { range: { layer: 'last', high: 0.7 } }],
    ['hurt in a linear layer', { range: { layer: 'block3/project', high: 1 } }],
  ])('fails where calibration has %s it', async (_, damage) => {
    const found = await check(damage);
    expect(found.verdict).toBe('fail');
    expect(found.statuses).toEqual({ 'max-accuracy-drop': 'fail' });
    expect(found.target.accuracy!.fp32).toBeGreaterThan(0.9);
  });

  it('is left undecided without labels where its twin does not follow it, and the twin is named', async () => {
    const thresholds = { 'min-agreement': '80%' };
    const damaged = { range: { layer: 'block2/depthwise', high: 0.5 } };
    const found = await check(damaged, { thresholds }, {});
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-twin')).toMatch(
      /^the dequantized twin that stands for FP32 does not follow the INT8 model: it agrees on .*name the FP32 model as fp32$/,
    );
    expect(found.reason('evidence-twin')).not.toContain('preprocess');
    expect((await check({}, { thresholds }, {})).verdict).toBe('pass');
  });

  it('with a background class passes with label-offset, and is undecided without', async () => {
    const background = { background: true };
    expect((await check(background, {}, { labels, 'label-offset': 1 })).verdict).toBe('pass');
    const found = await check(background);
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-chance')).toContain('check data.labels, data.label-offset and data.preprocess');
  });
});

it('a twin that is infinite where INT8 is not decides nothing, and is what is blamed', async () => {
  const found = await project.verdict({
    int8: project.file('overflow.tflite', overflowingModel()),
    data: { inputs: project.file('large.npy', values(40, 4, 1000)) },
    ...{ metric: 'agreement', thresholds: { 'min-agreement': '50%', 'min-sqnr': 10, 'max-accuracy-drop': 5 } },
  });
  expect(found.verdict).toBe('inconclusive');
  expect(found.statuses).toEqual({
    ...{ 'max-accuracy-drop': 'inconclusive', 'min-agreement': 'inconclusive', 'min-sqnr': 'inconclusive' },
    'evidence-twin': 'inconclusive',
  });
  expect(found.reason('evidence-twin')).toMatch(
    /gives NaN or infinite values for \d+ of 40 samples, where INT8 does not/,
  );
  expect(found.target.accuracy).toMatchObject({ fp32: null, drop: null, interval: null });
  expect(found.target.accuracy?.evidence.notFinite).toBeGreaterThan(20);
});
