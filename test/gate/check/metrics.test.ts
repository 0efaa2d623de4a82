import { describe, expect, it } from 'vitest';
import type { CheckedSample } from '../../../src/gate/check/run.ts';
import { shareBound } from '../../../src/gate/metrics/intervals.ts';
import { writeNpy } from '../../../src/model/tensor/npy.ts';
import { renderMarkdown } from '../../../src/report/markdown.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { randomOf } from '../../model/graphs.ts';
import { denseModel, expModel, twoOutputModel } from './models.ts';
import { Project } from './project.ts';

// Metrics from configuration to verdict, on models of one layer: the data say what the figures have to be.
const project = new Project();
const random = randomOf(4);
const COUNT = 240;
const WIDTH = 4;
const npy = (name: string, data: Float32Array, ...shape: number[]) =>
  project.file(name, writeNpy({ dtype: 'float32', shape: [COUNT, ...shape], data }));

const data = Float32Array.from({ length: COUNT * WIDTH }, () => 2 * random() - 1);
const rows = Array.from({ length: COUNT }, (_, i) => [...data.subarray(i * WIDTH, (i + 1) * WIDTH)]);
const inputs = npy('values.npy', data, WIDTH);
const largest = rows.map((row) => row.indexOf(Math.max(...row)));
const lines = (name: string, of: readonly unknown[]) => project.file(name, `${of.join('\n')}\n`);
const classes = lines('classes.txt', largest);

const exact = project.file('exact.tflite', denseModel('float32', 1));
const fine = project.file('fine.tflite', denseModel('int8', 1));
/** A fifth of each value goes to the next class. */
const mixed = project.file('mixed.tflite', denseModel('int8', 1, 0.45));
const pair = (int8: string, labels: string, more: object) =>
  project.verdict({ ...{ int8, fp32: exact, data: { inputs, labels } }, ...more });

describe('f1', () => {
  const metric = { name: 'f1', average: 'macro' };
  it('passes where classes stay, and fails where they are mixed up', async () => {
    const thresholds = { 'max-accuracy-drop': 3, 'min-accuracy': '90%' };
    const good = await pair(fine, classes, { metric, thresholds });
    expect(good.statuses).toEqual({ 'max-accuracy-drop': 'pass', 'min-accuracy': 'pass' });
    expect(good.target.accuracy).toMatchObject({ metric: 'f1', kind: 'share', fp32: 1, discordant: null });
    // 240 of 4 classes, shuffled: a quarter.
    expect(Math.abs(good.target.accuracy!.evidence.chance!.level - 1 / 4)).toBeLessThan(0.02);
    const bad = await pair(mixed, classes, { metric, thresholds });
    expect(bad.statuses).toEqual({ 'max-accuracy-drop': 'fail', 'min-accuracy': 'fail' });
    expect(bad.reason('max-accuracy-drop')).toMatch(/^f1 drops \d+\.\d\d points \(80 % bounds .*from 100\.00 % to /);
  }, 60_000);

  it('of one class goes by a threshold on an output', async () => {
    const labels = lines(
      'positive.txt',
      rows.map((row) => +(row[2] >= 0.25)),
    );
    const found = await pair(fine, labels, { metric: { name: 'f1', threshold: 0.25 }, score: 2 });
    expect(found.target.accuracy).toMatchObject({ metric: 'f1', fp32: 1 });
    // Steps of 1/64: at most one value in 128 may change sides.
    expect(found.target.accuracy!.int8).toBeGreaterThan(0.97);
  }, 60_000);
});

describe('min-accuracy-ratio', () => {
  const thresholds = { 'min-accuracy-ratio': '97%' };
  it('holds what INT8 keeps of FP32 against a share, by the pairs of top-N', async () => {
    const good = await pair(fine, classes, { thresholds });
    expect(good.statuses).toEqual({ 'min-accuracy-ratio': 'pass' });
    const bad = await pair(mixed, classes, { thresholds });
    expect(bad.statuses).toEqual({ 'min-accuracy-ratio': 'fail' });
    // FP32 is always right: the ratio is INT8's own share, and its bounds are Wilson's.
    const { int8, ratio, bounds } = bad.target.accuracy!;
    expect(ratio).toBe(int8);
    expect(bounds.ratio!.low).toBeCloseTo(shareBound(Math.round(int8! * COUNT), COUNT, 'lower', 0.8), 9);
    expect(bounds.ratio!.high).toBeCloseTo(shareBound(Math.round(int8! * COUNT), COUNT, 'upper', 0.8), 9);
    expect(bad.reason('min-accuracy-ratio')).toMatch(
      /^INT8 top1 over that of FP32 is \d+\.\d\d % \(80 % bounds .*\), \d+\.\d\d % of 100\.00 %, 97\.00 % required/,
    );
  }, 60_000);

  it('resamples other figures in pairs, and INT8 against FP32 by itself', async () => {
    const { accuracy } = (await pair(mixed, classes, { metric: { name: 'f1', average: 'macro' }, thresholds })).target;
    // FP32's F1 is 1 in every resample.
    expect(accuracy!.ratio).toBe(accuracy!.int8);
    expect(accuracy!.bounds.ratio!.low).toBeCloseTo(accuracy!.bounds.int8!.low, 12);
    const unlabelled = await project.verdict({
      ...{ int8: mixed, fp32: exact, data: { inputs } },
      metric: 'agreement',
      thresholds,
    });
    expect(unlabelled.statuses).toEqual({ 'min-accuracy-ratio': 'fail' });
    const { int8, ratio, bounds } = unlabelled.target.accuracy!;
    expect(ratio).toBe(int8);
    expect(bounds.ratio).toEqual(bounds.int8);
  }, 60_000);
});

describe('output', () => {
  const models = {
    int8: project.file('two.tflite', twoOutputModel('int8')),
    fp32: project.file('two_fp32.tflite', twoOutputModel('float32')),
  };
  const data = { inputs, labels: classes };
  const top1 = (more: object) => project.verdict({ ...models, data, metric: { name: 'top1', ...more } });

  it('is the one that a metric is on, by name or position; all are compared', async () => {
    const first = (await top1({})).target.accuracy!;
    // 0.55·x + 0.45·(the value before): what that answers follows from the data.
    const right = rows.filter((row, i) => {
      const scores = row.map((x, k) => 0.55 * x + 0.45 * row[(k + 3) % WIDTH]);
      return scores.indexOf(Math.max(...scores)) === largest[i];
    }).length;
    expect(first.fp32).toBeCloseTo(right / COUNT, 9);
    for (const output of [1, 'second']) {
      const { accuracy } = (await top1({ output })).target;
      expect(accuracy!.fp32).toBe(1);
      expect(accuracy!.int8).toBeGreaterThan(0.95);
      const { sqnr, cosine, mse } = accuracy!.comparison;
      expect(sqnr).toBeCloseTo(first.comparison.sqnr!, 9);
      expect(cosine).toBeCloseTo(first.comparison.cosine!, 9);
      expect(mse).toBeCloseTo(first.comparison.mse!, 9);
    }
  }, 60_000);

  it('is the one whose classes agree without labels, and that samples are listed of', async () => {
    const seen: CheckedSample[] = [];
    const entry = { ...models, data: { inputs }, metric: { name: 'agreement', output: 'second' } };
    await project.check(entry, {}, { onSample: (sample) => seen.push(sample) });
    expect(seen.map(({ fp32 }) => fp32.scores)).toEqual(rows);
    expect(seen.map(({ fp32 }) => fp32.answer)).toMatchObject(largest.map((k) => ({ class: k })));
  }, 60_000);

  it.each([
    [{ name: 'top1', output: 2 }, data, /output: 2 is none of the model's; write one of 0 "first", 1 "second"/],
    [{ name: 'top1', output: 'third' }, data, /output: "third" is none of the model's/],
    [{ name: 'mse', output: 1 }, { inputs }, /metric mse compares all outputs where there are no labels/],
  ])('%j that there is not, or that means nothing, is refused', async (metric, of, message) => {
    await expect(project.verdict({ ...models, data: of, metric })).rejects.toThrow(message);
  });
});

describe('classes', () => {
  it('that lose more than the others are named in the report', async () => {
    // INT8 halves the score of one class, and answers others in its place.
    const names = ['north', 'east', 'south', 'west'];
    const named = lines(
      'named.txt',
      largest.map((k) => names[k]),
    );
    const found = await project.verdict({
      ...{ int8: project.file('lame.tflite', denseModel('int8', 1, 0, 1)), fp32: exact },
      data: { inputs, labels: named, classes: names },
    });
    const { classes } = found.target.accuracy!;
    expect(classes).toMatchObject({ count: 4, significant: 1 });
    expect(classes!.worst[0]).toMatchObject({ class: 1, name: 'east', fp32: 1 });
    const sentence =
      /1 of 4 classes loses more than the others: east \(class 1\) from 100\.00 % to \d+\.\d\d % of \d+, p = /;
    expect(renderTerminal(found.report)).toMatch(sentence);
    expect(renderMarkdown(found.report)).toContain('1 of 4 classes loses more than the others&#58; east (class 1)');
  }, 60_000);
});

describe('eer', () => {
  // Positive as often as the value says: a score that ranks, with errors.
  const labels = lines(
    'drawn.txt',
    rows.map((row) => +(random() < 1 / (1 + Math.exp(-4 * row[1])))),
  );
  const check = (int8: string, thresholds: object) => pair(int8, labels, { metric: 'eer', score: 1, thresholds });

  it('is a rate that should be small', async () => {
    const good = await check(fine, { 'max-accuracy-drop': 2, 'max-error': 0.4 });
    expect(good.statuses).toEqual({ 'max-accuracy-drop': 'pass', 'max-error': 'pass' });
    const { int8, fp32, drop, kind } = good.target.accuracy!;
    expect(kind).toBe('rate');
    expect(drop).toBeCloseTo(100 * (int8! - fp32!), 10);
    expect(fp32).toBeGreaterThan(0.1);
    expect(fp32).toBeLessThan(0.35);
    expect(renderMarkdown(good.report)).toMatch(/eer \d+\.\d\d %/);
    const bad = await check(mixed, { 'max-accuracy-drop': 2, 'max-error': 0.1 });
    expect(bad.statuses).toEqual({ 'max-accuracy-drop': 'fail', 'max-error': 'fail' });
    expect(bad.reason('max-accuracy-drop')).toMatch(/^eer rises \d+\.\d\d points/);
  }, 60_000);
});

describe('psnr', () => {
  const metric = { name: 'psnr', range: 2 };
  it('holds images against targets, and INT8 against FP32 without them', async () => {
    // Targets 0.02 beside the FP32 outputs: 20·log10(2 / 0.02) = 40 dB.
    const targets = npy(
      'targets.npy',
      data.map((x, i) => x + (i % 2 === 0 ? 0.02 : -0.02)),
      WIDTH,
    );
    const good = await pair(fine, targets, { metric, thresholds: { 'min-psnr': '38dB', 'max-metric-drop': 1 } });
    expect(good.statuses).toEqual({ 'max-metric-drop': 'pass', 'min-psnr': 'pass' });
    expect(good.target.accuracy!.fp32).toBeCloseTo(40, 3);
    expect(good.target.accuracy!.evidence.chance!.by).toBe('the mean of the labels');
    expect(renderTerminal(good.report)).toMatch(/psnr 3\d\.\d dB/);
    const bad = await pair(mixed, targets, { metric, thresholds: { 'min-psnr': 38, 'max-metric-drop': 1 } });
    expect(bad.statuses).toEqual({ 'max-metric-drop': 'fail', 'min-psnr': 'fail' });
    expect(bad.reason('max-metric-drop')).toMatch(
      /^INT8 psnr is worse by \d+\.\d dB \(80 % bounds .* from 40\.0 dB to /,
    );
    const bare = await project.verdict({
      int8: fine,
      fp32: exact,
      data: { inputs },
      metric,
      thresholds: { 'min-psnr': 40 },
    });
    expect(bare.statuses).toEqual({ 'min-psnr': 'pass' });
    expect(bare.target.accuracy).toMatchObject({ metric: 'psnr', fp32: null, drop: null });
  }, 60_000);
});

describe('wer', () => {
  const [STEPS, TOKENS] = [12, 6];
  const names = [' ', 'a', 'b', 'c', 'd'];
  /** Two words of two letters: 12 steps with blanks (the last class) between letters. */
  const spoken = Array.from({ length: COUNT }, () =>
    [0, 0, -1, 0, 0].map((k) => (k < 0 ? 0 : 1 + Math.floor(random() * 4))),
  );
  const paths = spoken.map((tokens) => [5, ...tokens.flatMap((token) => [token, 5]), 5]);
  const logits = (of: readonly (readonly number[])[]) =>
    Float32Array.from(
      of.flatMap((path) =>
        path.flatMap((best) => Array.from({ length: TOKENS }, (_, k) => (k === best ? 1 : 0) + random() / 4)),
      ),
    );
  const int8 = project.file('ctc.tflite', expModel([1, STEPS, TOKENS]));
  const labels = lines(
    'said.txt',
    spoken.map((tokens) => tokens.map((k) => names[k]).join('')),
  );
  const check = (of: string, thresholds: object, more: object = {}) =>
    project.verdict({ int8, data: { inputs: of, labels, classes: names }, metric: 'wer', thresholds, ...more });

  it('decodes what the models say', async () => {
    const clear = npy('clear.npy', logits(paths), STEPS, TOKENS);
    const good = await check(clear, { 'max-error': 0.05, 'max-accuracy-drop': 1, 'min-agreement': '95%' });
    expect(good.target.accuracy).toMatchObject({ metric: 'wer', kind: 'error-rate', int8: 0, fp32: 0, drop: 0 });
    expect(good.statuses).toEqual({ 'max-accuracy-drop': 'pass', 'max-error': 'pass', 'min-agreement': 'pass' });
    // A third of the first words has a wrong first letter: an error in two words.
    const wrong = paths.map((path, i) => (i % 3 === 0 ? [5, (path[1] % 4) + 1, ...path.slice(2)] : path));
    const bad = await check(npy('wrong.npy', logits(wrong), STEPS, TOKENS), { 'max-error': 0.1 });
    expect(bad.target.accuracy!.int8).toBeCloseTo(1 / 6, 10);
    expect(bad.statuses).toEqual({ 'max-error': 'fail' });
    expect(bad.reason('max-error')).toMatch(/^INT8 wer is 16\.67 % \(80 % bounds .*, 10\.00 % allowed$/);
    const letters = await check(npy('wrong.npy', logits(wrong), STEPS, TOKENS), {}, { metric: 'cer' });
    expect(letters.target.accuracy!.int8).toBeCloseTo(1 / 15, 10);
  }, 60_000);

  it('of the wrong blank is said to be no better than chance', async () => {
    const clear = npy('clear.npy', logits(paths), STEPS, TOKENS);
    const found = await check(clear, { 'max-accuracy-drop': 5 }, { metric: { name: 'wer', blank: 0 } });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reason('evidence-chance')).toContain('is no better than guessing: wer');
  }, 60_000);
});
