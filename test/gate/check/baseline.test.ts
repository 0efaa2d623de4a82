import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { reportSchema } from '../../../src/gate/verdict/report.ts';
import { TestRepository } from '../baseline/repository.ts';
import { branched, check, config, entry, labels, MERGE_BASE, model, rows, SAMPLES, targetOf } from './branches.ts';
import { argmaxModel, denseModel } from './models.ts';

const DROP = 'regression.max-accuracy-drop';

describe('against the merge base', () => {
  it('models are changed, unchanged, new, removed and renamed, each judged or said accordingly', async () => {
    const repository = branched({
      ...{
        'worse.tflite': model(),
        'same.tflite': model(0.01),
        'gone.tflite': model(0.05),
        'better.tflite': model(0.4),
      },
      'old.tflite': model(0.02),
      'gate.yml': config(['worse', 'same', 'better', 'gone', 'old'].map((name) => entry(name))),
    });
    const base = repository.git('rev-parse', 'HEAD');
    repository.commit({
      ...{ 'worse.tflite': model(0.3), 'better.tflite': model(), 'gone.tflite': null, 'fresh.tflite': model(0.03) },
      ...{ 'old.tflite': null, 'renamed.tflite': model(0.02) },
      'gate.yml': config(['worse', 'same', 'better', 'fresh', 'renamed'].map((name) => entry(name))),
    });
    const lines: string[] = [];
    const report = await check(repository, { progress: (line) => lines.push(line) });
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    expect(report.baseline).toEqual({ kind: 'merge-base', ref: 'main', commit: base, removed: ['gone'] });
    expect(report.notes.join()).toContain('and no longer in this one: gone.');

    const worse = targetOf(report, 'worse');
    expect(worse.model.base).toEqual({ status: 'changed', name: 'worse', int8: 'worse.tflite', sameData: true });
    // What a mixture of 0.7 and 0.3 answers, computed from the data alone.
    const right = (mixed: number) =>
      rows.filter((row, i) => {
        const scores = row.map((x, k) => x * (1 - mixed) + row[(k + 3) % 4] * mixed);
        return scores.indexOf(Math.max(...scores)) === labels[i];
      }).length / SAMPLES;
    const lost = worse.target.regression!.accuracy!;
    expect(lost.base).toBeGreaterThan(0.95);
    expect(lost.drop).toBeCloseTo(100 * (lost.base! - worse.target.accuracy!.int8!), 9);
    expect(Math.abs(lost.drop! - 100 * (1 - right(0.3)))).toBeLessThan(5);
    expect(lost.interval![0]).toBeGreaterThan(1);
    expect(lost.discordant!.baseOnly - lost.discordant!.headOnly).toBe(Math.round((lost.drop! * SAMPLES) / 100));
    expect(worse.statuses).toEqual({ [DROP]: 'fail' });
    expect(worse.reason(DROP)).toMatch(
      /^INT8 top1 drops .* points \(.* bounds .*\), from .* % at the baseline to .* %, 1\.00 points allowed/,
    );
    expect(report.verdict).toBe('fail');

    const same = targetOf(report, 'same');
    expect(same.model.base).toMatchObject({ status: 'unchanged' });
    expect(same.statuses).toEqual({ [DROP]: 'pass' });
    expect(same.target.regression).toMatchObject({ unchanged: true, accuracy: { drop: 0 } });
    expect(same.notes).toContain('unchanged since the baseline');

    const better = targetOf(report, 'better');
    expect(better.statuses).toEqual({ [DROP]: 'pass' });
    expect(better.target.regression!.accuracy!.drop).toBeLessThan(0);

    const fresh = targetOf(report, 'fresh');
    expect(fresh.model.base).toEqual({ status: 'new', name: null, int8: null, sameData: null });
    expect([fresh.statuses, fresh.target.regression]).toEqual([{}, null]);
    expect(fresh.notes).toContain('The model is new');

    const renamed = targetOf(report, 'renamed');
    expect(renamed.model.base).toMatchObject({ status: 'unchanged', name: 'old', int8: 'old.tflite' });
    expect(renamed.notes).toContain('was called "old" at the baseline');

    // The baseline's model is compiled where it changed, and nowhere else.
    const compiled = lines.filter((line) => line.includes('INT8 of the baseline')).map((line) => line.split(' ')[0]);
    expect(compiled).toEqual(['worse', 'better']);
  });

  it('the data of this checkout judge both, and that they changed is said', async () => {
    const files = { 'm.tflite': model(), 'gate.yml': config([entry('m'), entry('n', { int8: 'm.tflite' })]) };
    const repository = branched(files);
    // Other labels: what was right is wrong for both.
    const others = labels.map((label) => (label + 1) % 4).join('\n');
    repository.commit({ 'labels.txt': others, 'm.tflite': model(0.02) });
    const m = targetOf(await check(repository), 'm');
    expect(m.model.base).toMatchObject({ status: 'changed', sameData: false });
    expect(m.target.regression!.accuracy!.base).toBeLessThan(0.05);
    expect(m.notes).toContain('The data, or how they are read, changed since the baseline');
    // The same samples in another order of keys are the same data.
    repository.git('checkout', '--quiet', '-b', 'other', 'main');
    const reordered = { inputs: 'x.npy', labels: 'labels.txt' };
    const limited = { ...reordered, limit: 100 };
    repository.commit({
      'm.tflite': model(0.02),
      'gate.yml': config([
        entry('m', { data: { labels: 'labels.txt', inputs: 'x.npy' } }),
        entry('n', { int8: 'm.tflite', data: limited }),
      ]),
    });
    const report = await check(repository);
    expect(targetOf(report, 'm').model.base).toMatchObject({ sameData: true });
    expect(targetOf(report, 'n').model.base).toMatchObject({ sameData: false });
  });

  it('limits are those of the configuration, by key, and stand at their lines', async () => {
    const files = { 'm.tflite': model(), 'gate.yml': config([entry('m')]) };
    const repository = branched(files);
    const gate = config([entry('m', { regression: { 'max-accuracy-drop': 90 } })], {
      defaults: { regression: { 'max-accuracy-drop': 2, 'max-slowdown': '7%' } },
    });
    repository.commit({ 'm.tflite': model(0.3), 'gate.yml': gate });
    const m = targetOf(await check(repository), 'm');
    expect(m.statuses).toEqual({ [DROP]: 'pass' });
    const line = gate.split('\n').findIndex((text) => text.includes('"max-accuracy-drop": 90')) + 1;
    expect(m.target.checks[0]).toMatchObject({ threshold: 90, at: { file: 'gate.yml', line } });
  });

  it('without labels a twin of the changed model is no judge of the old one, and neither is another FP32', async () => {
    const unlabelled = { data: { inputs: 'x.npy' } };
    const models = [
      entry('twin', { ...unlabelled, fp32: undefined, int8: 'm.tflite' }),
      entry('pair', { ...unlabelled, int8: 'm.tflite' }),
      entry('asked', { ...unlabelled, fp32: undefined, int8: 'm.tflite', regression: { 'max-accuracy-drop': 1 } }),
    ];
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config(models) });
    repository.commit({ 'm.tflite': model(0.3) });
    const report = await check(repository);
    const [twin, pair, asked] = ['twin', 'pair', 'asked'].map((name) => targetOf(report, name));
    expect(twin.statuses).toEqual({});
    expect(twin.notes).toContain('Accuracy was not compared with the baseline: without labels');
    expect(asked.statuses[DROP]).toBe('inconclusive');
    expect(asked.reason(DROP)).toContain('a twin made of this very INT8 model');
    expect(pair.statuses[DROP]).toBe('fail');
    repository.commit({ 'fp32.tflite': denseModel('float32', 0.9) });
    const changed = targetOf(await check(repository), 'pair');
    expect(changed.statuses).toEqual({});
    expect(changed.notes).toContain('FP32, which changed too');
  });
});

describe('a baseline that is at fault keeps nothing else from being judged', () => {
  const ABSOLUTE = { thresholds: { 'min-accuracy': 0.9 } };
  const unknown = async (
    base: Readonly<Record<string, string | Uint8Array>>,
    head: Readonly<Record<string, string | Uint8Array>> = {},
  ) => {
    const repository = branched({ 'gate.yml': config([entry('m', ABSOLUTE)]), ...base });
    repository.commit({ 'm.tflite': model(), 'gate.yml': config([entry('m', ABSOLUTE)]), ...head });
    return targetOf(await check(repository), 'm');
  };

  it.each([
    [
      'a model that is none',
      { 'm.tflite': 'nonsense' },
      /^the model at the baseline [0-9a-f]{12} cannot be compared: m\.tflite: /,
    ],
    ['a model that is not there', {}, /cannot be compared: m\.tflite: no such file/],
    [
      'a broken configuration',
      { 'm.tflite': model(0.1), 'gate.yml': 'version: 2' },
      /^the configuration at the baseline [0-9a-f]{12} cannot be read: gate\.yml:1:1: version must be 1/,
    ],
    [
      'a model in Git LFS that was not downloaded',
      { 'm.tflite': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 5\n` },
      /m\.tflite is a Git LFS pointer at .*type: git lfs fetch origin [0-9a-f]{40}/,
    ],
  ] as const)('%s', async (_, base, words) => {
    const m = await unknown(base);
    expect(m.model.base).toMatchObject({ status: 'unknown' });
    expect(m.statuses).toEqual({ 'min-accuracy': 'pass', [DROP]: 'inconclusive' });
    expect(m.reason(DROP)).toMatch(words);
  });

  it('is noted where no check would say it', async () => {
    const figure = { metric: 'mse', data: { inputs: 'x.npy' } };
    const gate = { 'gate.yml': config([entry('m', figure)]) };
    const m = await unknown({ 'm.tflite': 'nonsense', ...gate }, gate);
    expect(m.statuses).toEqual({});
    expect(m.notes).toMatch(
      /Nothing was compared with the baseline: the model at the baseline .* cannot be compared: m\.tflite/,
    );
  });

  it('another network', async () => {
    const m = await unknown({ 'm.tflite': argmaxModel('int8') });
    expect(m.reason(DROP)).toMatch(
      /^the INT8 model at the baseline has the outputs "y" .*, and now "y" .*do not fit both$/,
    );
  });

  it('no configuration: every model is new', async () => {
    const repository = branched({ 'm.tflite': model() });
    repository.commit({ 'gate.yml': config([entry('m')]) });
    const report = await check(repository);
    expect(report.notes.join()).toMatch(/There is no gate\.yml at the baseline [0-9a-f]{12}: every model is new/);
    expect(report.verdict).toBe('pass');
  });
});

describe('a baseline that cannot be had', () => {
  it('ends the check with the command to type, unless it was only a default', async () => {
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    repository.git('branch', '--move', 'main', 'trunk');
    await expect(check(repository)).rejects.toThrow(InputError);
    const report = await check(repository, { baseline: { ...MERGE_BASE, optional: true } });
    expect(report.baseline).toBeNull();
    expect(report.notes.join()).toMatch(/^Nothing was compared with the merge base: .*name the commit/);
    // Who writes limits against it wants them judged.
    repository.commit({ 'gate.yml': config([entry('m')], { defaults: { regression: { 'max-slowdown': '5%' } } }) });
    await expect(check(repository, { baseline: { ...MERGE_BASE, optional: true } })).rejects.toThrow('name the commit');
  });

  it('is said to be HEAD where it is, as on the target branch itself', async () => {
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    repository.commit({ 'm.tflite': model(0.3) });
    expect((await check(repository)).notes.join()).not.toContain('HEAD itself');
    repository.git('checkout', '--quiet', 'main');
    const { notes, verdict } = await check(repository);
    expect(notes.join()).toMatch(/^The baseline is HEAD itself, [0-9a-f]{12}: only what is not committed can differ/);
    expect(verdict).toBe('pass');
  });

  it('is said where the configuration lies outside of the repository', async () => {
    const [repository, other] = [branched({ 'm.tflite': model() }), TestRepository.create()];
    other.write({ 'gate.yml': config([entry('m')]) });
    await expect(check(repository, { config: `${other.folder}/gate.yml` })).rejects.toThrow(
      'lies outside of the repository',
    );
  });
});

it('runs the samples of an unchanged model once: figures are kept by content', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'int8-gate-cache-'));
  const before = process.env.INT8_GATE_CACHE;
  process.env.INT8_GATE_CACHE = folder;
  onTestFinished(() => {
    if (before === undefined) delete process.env.INT8_GATE_CACHE;
    else process.env.INT8_GATE_CACHE = before;
    rmSync(folder, { recursive: true, force: true });
  });
  const kept = () =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('result.json'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  // Drift is kept beside accuracy.
  const results = () => kept().filter((value) => 'accuracy' in value).length;
  const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
  repository.commit({ 'README.md': 'x' });
  const first = targetOf(await check(repository), 'm');
  expect(results()).toBe(1);
  // Limits are judged anew; the figures stay.
  repository.commit({ 'gate.yml': config([entry('m', { thresholds: { 'min-accuracy': '99.9%' } })]) });
  const again = targetOf(await check(repository), 'm');
  expect(results()).toBe(1);
  expect(again.target.accuracy).toEqual(first.target.accuracy);
  expect(Object.keys(again.statuses)).toEqual(['min-accuracy', DROP]);
  // Data, and every other way to read them, are figures of their own.
  repository.commit({
    'gate.yml': config([entry('m', { data: { inputs: 'x.npy', labels: 'labels.txt', limit: 100 } })]),
  });
  expect(targetOf(await check(repository), 'm').target.accuracy?.samples).toBe(100);
  expect(results()).toBe(2);
  repository.commit({ 'labels.txt': labels.toReversed().join('\n') });
  expect(targetOf(await check(repository), 'm').target.accuracy?.samples).toBe(100);
  expect(results()).toBe(3);
});
