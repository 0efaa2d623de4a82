import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { argmaxModel, denseModel, values } from './models.ts';
import { Project } from './project.ts';

// The cases of an audit in which a verdict said more than its data could tell, each as a real check on host builds.
const project = new Project();
const TONES = 'examples/tones';
const SHAPES = 'examples/shapes';
const labels = readFileSync(`${TONES}/data/labels.csv`, 'utf8').trim().split('\n').slice(1);
const classOf = (line: string) => Number(line.split(',')[1]);

/** The tones, which pass with their 240 samples; entries of `data` replace those of the example. */
const tones = (data: object = {}, more: object = {}) => ({
  ...{ int8: `${TONES}/tones_int8.tflite`, fp32: `${TONES}/tones_fp32.tflite`, metric: 'top1' },
  data: { inputs: `${TONES}/data/*.bin`, labels: `${TONES}/data/labels.csv`, dtype: 'float32', ...data },
  thresholds: { 'max-accuracy-drop': 5 },
  ...more,
});
const PIXELS = { scale: 1 / 255, mean: 0.45, std: 0.25 };
const shapes = (preprocess: object, more: object = {}) => ({
  ...{ int8: `${SHAPES}/shapes_int8.tflite`, fp32: `${SHAPES}/shapes_fp32.tflite`, metric: 'top1' },
  data: { inputs: `${SHAPES}/data/*.png`, labels: `${SHAPES}/data/labels.csv`, preprocess },
  thresholds: { 'max-accuracy-drop': 5 },
  ...more,
});
/** The labels of the tones, made over. */
const relabelled = (name: string, change: (label: number, i: number) => number) =>
  project.file(
    name,
    ['file,label', ...labels.map((line, i) => `${line.split(',')[0]},${change(classOf(line), i)}`)].join('\n'),
  );

async function refusal(model: object): Promise<string> {
  const error = await project.check(model).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message;
}

describe('samples', () => {
  it('240 of them, all different, decide', async () => {
    const { verdict, statuses } = await project.verdict(tones());
    expect([verdict, statuses]).toEqual(['pass', { 'max-accuracy-drop': 'pass' }]);
  });

  it.each([
    [
      1,
      '1 sample, at least 30 needed: even if both models answer all of them alike, the true drop may be 95.00 points',
    ],
    [2, 'the true drop may be 77.64 points'],
    [20, 'the true drop may be 13.91 points'],
    [29, 'the true drop may be 9.81 points'],
  ])('%i of them decide nothing', async (limit, words) => {
    const { verdict, statuses, reason } = await project.verdict(tones({ limit }));
    expect(verdict).toBe('inconclusive');
    expect(statuses).toMatchObject({ 'max-accuracy-drop': 'inconclusive', 'evidence-samples': 'inconclusive' });
    expect(reason('evidence-samples')).toContain(words);
  });

  it('30 of them do', async () => {
    expect((await project.verdict(tones({ limit: 30 }))).statuses).not.toHaveProperty('evidence-samples');
  });

  it('that are copies of one decide nothing', async () => {
    const bytes = readFileSync(`${TONES}/data/000.bin`);
    for (let i = 0; i < 40; i++) project.file(`copies/${i}.bin`, bytes);
    const copied = project.file('copies.txt', Array(40).fill(classOf(labels[0])).join('\n'));
    const found = await project.verdict(tones({ inputs: `${project.folder}/copies/*.bin`, labels: copied }));
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-distinct')).toBe('39 of 40 inputs repeat an earlier one; check data.inputs');
  });

  it('of which a few are copies are noted', async () => {
    const names = readdirSync(`${TONES}/data`).filter((name) => name.endsWith('.bin'));
    const lines = ['file,label'];
    for (const [i, name] of names.slice(0, 60).entries()) {
      const from = i < 5 ? 0 : i;
      project.file(`few/${name}`, readFileSync(`${TONES}/data/${names[from]}`));
      lines.push(`${name},${classOf(labels[from])}`);
    }
    const found = await project.verdict(
      tones({ inputs: `${project.folder}/few/*.bin`, labels: project.file('few.csv', lines.join('\n')) }),
    );
    expect(found.verdict).toBe('pass');
    expect(found.notes).toContain('4 of 60 inputs repeat an earlier one.');
  });
});

describe('labels', () => {
  it('that are all wrong decide nothing: 0 % against 0 %', async () => {
    const found = await project.verdict(tones({ labels: relabelled('shifted.csv', (label) => (label + 1) % 8) }));
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-chance')).toMatch(
      /^FP32 is no better than .*: top1 \d\.\d\d % on 240 samples, .*; check data\.labels, data\.label-offset and data\.preprocess$/,
    );
  });

  it('that are all of one class decide nothing', async () => {
    const found = await project.verdict(tones({ labels: relabelled('one.csv', () => 3) }));
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-chance')).toContain('where always answering the commonest class reaches 100.00 %');
  });

  it('that are off by the offset of a background class decide nothing, and with the offset they do', async () => {
    // Nine classes, the tones being 1 to 8: the labels of the tones with class 7 taken as the models' last but one.
    const off = await project.verdict(tones({ labels: relabelled('off.csv', (label) => Math.max(0, label - 1)) }));
    expect(off.verdict).toBe('inconclusive');
    expect(off.reason('evidence-chance')).toContain('data.label-offset');
  });

  it('do not decide a metric that cannot miss', async () => {
    const cannot = await refusal(tones({}, { metric: 'top10' }));
    expect(cannot).toContain('metric top10 cannot miss: the model distinguishes 8 classes');
    expect(await refusal(tones({}, { metric: 'top8' }))).toContain('cannot miss');
    expect((await project.verdict(tones({}, { metric: 'top7' }))).target.accuracy?.metric).toBe('top7');
  });

  it('leave a missed limit on INT8 alone a failure, and speak of themselves', async () => {
    const wrong = relabelled('wrong.csv', (label) => (label + 1) % 8);
    const found = await project.verdict(
      tones({ labels: wrong }, { thresholds: { 'max-accuracy-drop': 5, 'min-accuracy': 0.5 } }),
    );
    expect(found.verdict).toBe('fail');
    expect(found.statuses).toEqual({
      'max-accuracy-drop': 'inconclusive',
      'min-accuracy': 'fail',
      'evidence-chance': 'inconclusive',
    });
  });
});

describe('preprocessing', () => {
  it('that is right decides', async () => {
    expect((await project.verdict(shapes(PIXELS))).verdict).toBe('pass');
  });

  it('that was forgotten decides nothing, and the clipping is said', async () => {
    const found = await project.verdict(shapes({}));
    expect(found.verdict).toBe('inconclusive');
    expect(found.statuses).toMatchObject({ 'max-accuracy-drop': 'inconclusive', 'evidence-range': 'inconclusive' });
    expect(found.reason('evidence-range')).toMatch(
      /^\d+\.\d\d % of the input values lie outside the range of the INT8 input and are cut off; check data\.preprocess/,
    );
  });

  it('that was forgotten decides nothing without labels either', async () => {
    const { data, ...rest } = shapes({}, { metric: 'agreement', thresholds: { 'min-agreement': '90%' } });
    const { labels: _labels, ...unlabelled } = data;
    const found = await project.verdict({ ...rest, data: unlabelled });
    expect(found.verdict).toBe('inconclusive');
    expect(found.statuses['min-agreement']).toBe('inconclusive');
  });

  it('does not excuse a range that INT8 was wrongly calibrated to', async () => {
    const found = await project.verdict(shapes(PIXELS, { int8: 'examples/broken/shapes_int8.tflite' }));
    expect(found.verdict).toBe('fail');
    expect(found.statuses['max-accuracy-drop']).toBe('fail');
    expect(`${found.notes}${found.reason('evidence-range')}`).toMatch(/% of the input values lie outside the range/);
  });
});

describe('FP32', () => {
  const data = { inputs: project.file('x.npy', values(40, 4)) };

  it('whose outputs are all zero is compared with nothing', async () => {
    const int8 = project.file('dense_int8.tflite', denseModel('int8', 1));
    const fp32 = project.file('zero_fp32.tflite', denseModel('float32', 0));
    const found = await project.verdict({ int8, fp32, data, metric: 'sqnr', thresholds: { 'min-sqnr': 20 } });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('min-sqnr')).toContain(
      'the outputs of FP32 are all zero, those of INT8 are not: SQNR is −∞ dB',
    );
    expect(found.reason('evidence-outputs')).toContain('FP32 gives the same output for every sample');
    expect(found.target.accuracy?.comparison).toMatchObject({ sqnr: null, noSqnr: 'no-signal', cosine: 0 });
    expect(renderTerminal(found.report)).toContain('sqnr −∞ dB');
  });

  it('that answers worse than INT8 is not the network that was quantized', async () => {
    const int8 = project.file('good_int8.tflite', denseModel('int8', 1));
    const fp32 = project.file('bad_fp32.tflite', denseModel('float32', 1, 0.8));
    const x = project.file('many.npy', values(240, 4));
    // The label is the largest of four values, which is what the undamaged network answers.
    const found = await project.verdict({
      ...{ int8, fp32, metric: 'top1', thresholds: { 'max-accuracy-drop': 1 } },
      data: { inputs: x, labels: project.file('many.txt', largest(values(240, 4), 4).join('\n')) },
    });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-order')).toMatch(
      /^FP32 is much worse than INT8: top1 .* check that fp32 is the network/,
    );
  });

  it('and INT8 that give class numbers are not judged by SQNR', async () => {
    const files = {
      int8: project.file('argmax_int8.tflite', argmaxModel('int8')),
      fp32: project.file('argmax_fp32.tflite', argmaxModel('float32')),
    };
    expect(await refusal({ ...files, data, metric: 'sqnr' })).toContain('class numbers; use agreement');
    const found = await project.verdict({
      ...{
        ...files,
        data,
        metric: 'agreement',
        thresholds: { 'min-sqnr': 20, 'min-cosine': 0.9, 'min-agreement': 0.9 },
      },
    });
    expect(found.statuses).toMatchObject({
      'min-sqnr': 'inconclusive',
      'min-cosine': 'inconclusive',
      'min-agreement': 'pass',
    });
    expect(found.target.accuracy?.comparison).toMatchObject({ sqnr: null, cosine: null, noSqnr: 'class-numbers' });
  });
});

describe('files', () => {
  const [int8, fp32] = [`${TONES}/tones_int8.tflite`, `${TONES}/tones_fp32.tflite`];
  const copy = project.file('copy.tflite', readFileSync(int8));

  it.each([
    ['one file twice', int8, int8, 'int8 and fp32 are the same file'],
    ['a copy', int8, copy, 'are the same file'],
    ['exchanged', fp32, int8, 'the two are exchanged'],
    ['a float model as int8', fp32, undefined, 'is a float model: nothing in it is quantized'],
    [
      'two quantized ones',
      `${SHAPES}/shapes_int8.tflite`,
      'examples/broken/shapes_int8.tflite',
      'is a quantized model',
    ],
  ])('%s: refused', async (_, a, b, words) => {
    const { fp32: _fp32, ...rest } = tones();
    expect(await refusal({ ...rest, int8: a, ...(b === undefined ? {} : { fp32: b }) })).toContain(words);
  });

  it('of dynamic range as fp32 are noted', async () => {
    const found = await project.verdict({
      int8: project.file('d_int8.tflite', denseModel('int8', 1)),
      fp32: project.file('d_hybrid.tflite', denseModel('hybrid', 1)),
      ...{ data: { inputs: project.file('y.npy', values(40, 4)) }, thresholds: { 'min-agreement': 0.9 } },
    });
    expect(found.notes).toContain('The FP32 side is a dynamic-range model');
  });
});

describe('a twin', () => {
  it('is called a twin wherever FP32 stands, with the consequence', async () => {
    const { fp32: _fp32, ...rest } = tones();
    const found = await project.verdict(rest);
    expect(found.verdict).toBe('pass');
    expect(found.target.accuracy?.twin).toBe(true);
    expect(found.reason('max-accuracy-drop')).toContain('% (twin) to ');
    expect(found.notes).toContain('FP32 is a twin: the INT8 model itself with its weights dequantized.');
    for (const text of [renderTerminal(found.report), renderMarkdown(found.report)]) {
      expect(text).toMatch(/\d % .?twin.?/);
      expect(text).toContain('does not show');
    }
    const named = await project.verdict(tones());
    expect(named.target.accuracy?.twin).toBe(false);
    expect(renderTerminal(named.report)).not.toContain('twin');
  });
});

describe('no threshold in force', () => {
  it.each([
    ['none at all', {}, {}],
    ['regression only', {}, { defaults: { regression: { 'max-accuracy-drop': 1 } } }],
    ['speed only, unmeasured', { 'min-speedup': 1.5 }, {}],
  ])('%s: said where the verdict stands', async (_, thresholds, head) => {
    const found = await project.verdict(tones({}, { thresholds }), head);
    expect(found.statuses).toEqual({});
    expect(found.notes).toContain('Nothing was judged: no threshold is in force.');
    expect(renderTerminal(found.report)).toMatch(/INT8 gate: nothing judged: no threshold is in force\n$/);
    expect(renderMarkdown(found.report)).toMatch(/^### ⚠️ INT8 gate: nothing judged/);
    expect(renderTerminal(found.report)).not.toContain('passed');
  });

  it('leaves doubts as notes', async () => {
    const found = await project.verdict(tones({ limit: 5 }, { thresholds: {} }));
    expect(found.notes).toContain('5 samples, at least 30 needed');
  });
});

/** Index of the largest of every `width` values of a .npy. */
function largest(npy: Uint8Array, width: number): number[] {
  const floats = new Float32Array(npy.slice(npy.length - 240 * width * 4).buffer);
  return Array.from({ length: 240 }, (_, i) => {
    const row = [...floats.subarray(i * width, (i + 1) * width)];
    return row.indexOf(Math.max(...row));
  });
}
