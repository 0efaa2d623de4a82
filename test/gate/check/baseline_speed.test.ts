import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import type { Report } from '../../../src/gate/verdict/report.ts';
import type { TestRepository } from '../baseline/repository.ts';
import { branched, check, config, entry, labels, model, targetOf } from './branches.ts';
import { denseModel } from './models.ts';

const SLOWDOWN = 'regression.max-slowdown';
const DROP = 'regression.max-accuracy-drop';
const MODELLED = { measure: 'modelled', targets: ['cortex-a53'] } as const;

describe('speed against the merge base', () => {
  it('is measured with all builds in one image, and only where something can have changed or a limit asks', async () => {
    const models = [
      entry('m'),
      entry('same'),
      entry('asked', { int8: 'same.tflite', thresholds: { 'min-speedup': 0.001 } }),
    ];
    const repository = branched({ 'm.tflite': model(), 'same.tflite': model(0.1), 'gate.yml': config(models) });
    repository.commit({ 'm.tflite': model(0.05) });
    const lines: string[] = [];
    const report = await check(repository, { measure: 'hardware', progress: (line) => lines.push(line) });
    const measured = lines.filter((line) => line.endsWith('measuring speed')).map((line) => line.split(' ')[0]);
    expect(measured).toEqual(['m', 'asked']);
    const [m, same, asked] = ['m', 'same', 'asked'].map((name) => targetOf(report, name));
    const { base, slowdown, interval } = m.target.regression!.latency!;
    expect(base).toBeGreaterThan(0);
    expect(interval![0]).toBeLessThanOrEqual(slowdown);
    expect(slowdown).toBeLessThanOrEqual(interval![1]);
    expect(Object.keys(m.statuses)).toEqual([DROP, SLOWDOWN]);
    expect(same.statuses).toEqual({ [DROP]: 'pass', [SLOWDOWN]: 'pass' });
    expect(same.target.latency).toBeNull();
    expect(same.notes).toContain('Speed was not measured: INT8 is the same as at the baseline');
    // Its own limit rests on a measurement of this very run, the one against the baseline on there being nothing to measure.
    expect(asked.target.latency?.mode).toBe('hardware');
    expect(asked.target.regression!.latency).toEqual({ base: asked.target.latency!.int8, slowdown: 1, interval: null });
    expect(asked.statuses[SLOWDOWN]).toBe('pass');
  });

  it('by modelled cycles is exact', async () => {
    const strict = entry('m', { regression: { 'max-slowdown': 0 } });
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    const alone = targetOf(await check(repository, { ...MODELLED, baseline: null }), 'm').target.latency!;
    // Activations in float make other code of the same layer.
    repository.commit({ 'gate.yml': config([strict]), 'm.tflite': denseModel('hybrid', 1) });
    const m = targetOf(await check(repository, MODELLED), 'm');
    const { base, slowdown, interval } = m.target.regression!.latency!;
    expect(base).toBe(alone.int8);
    expect(interval).toBeNull();
    expect(slowdown).toBe(m.target.latency!.int8 / alone.int8);
    expect(slowdown).not.toBe(1);
    expect(m.statuses[SLOWDOWN]).toBe(slowdown > 1 ? 'fail' : 'pass');
    // Other weights of the same layers cost the same.
    repository.commit({ 'm.tflite': model(0.2) });
    const other = targetOf(await check(repository, MODELLED), 'm');
    expect(other.target.regression!.latency!.slowdown).toBe(1);
    expect(other.statuses[SLOWDOWN]).toBe('pass');
  });

  it('has accuracy of both from the first of the targets that cannot differ', async () => {
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    repository.commit({ 'm.tflite': model(0.3) });
    const report = await check(repository, { measure: 'none', targets: ['cortex-a53', 'cortex-a72'] });
    const [first, second] = report.models[0].targets;
    expect(second.regression).toEqual(first.regression);
    expect(first.regression!.accuracy!.drop).toBeGreaterThan(10);
    const emulated = first.device === 'qemu';
    expect(second.notes.some((note) => note.startsWith('Accuracy was computed on cortex-a53'))).toBe(emulated);
  });

  it('is not judged by default where nothing can be measured', async () => {
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    repository.commit({ 'm.tflite': model(0.3) });
    expect(Object.keys(targetOf(await check(repository, { measure: 'modelled' }), 'm').statuses)).toEqual([DROP]);
    repository.commit({ 'gate.yml': config([entry('m', { regression: { 'max-slowdown': 5 } })]) });
    const asked = targetOf(await check(repository, { measure: 'modelled' }), 'm');
    expect(asked.statuses[SLOWDOWN]).toBe('inconclusive');
    expect(asked.reason(SLOWDOWN)).toBe('target host cannot be modelled');
  });
});

describe('a report as the baseline', () => {
  type Recorded = { report: Report; repository: TestRepository };
  /** The report of main, and topic with a model that answers worse. */
  async function recorded(): Promise<Recorded> {
    const repository = branched({
      'm.tflite': model(),
      'gone.tflite': model(0.5),
      'gate.yml': config([entry('m'), entry('gone')]),
    });
    const report = await check(repository, { ...MODELLED, baseline: null });
    repository.commit({ 'm.tflite': model(0.3), 'gate.yml': config([entry('m'), entry('n', { int8: 'm.tflite' })]) });
    return { report, repository };
  }
  /** Checks against the report after a change of it. */
  async function against({ report, repository }: Recorded, change: (report: Report) => void = () => {}, more = {}) {
    const copy = structuredClone(report);
    change(copy);
    writeFileSync(join(repository.folder, 'report.json'), JSON.stringify(copy));
    const found = await check(repository, { ...MODELLED, baseline: { kind: 'report', file: 'report.json' }, ...more });
    return { found, ...targetOf(found, 'm') };
  }

  it('gives cycles of the same table and tools, and accuracy on the same data', async () => {
    const all = await recorded();
    const m = await against(all);
    const was = all.report.models[0].targets[0];
    expect(m.found.baseline).toEqual({ kind: 'report', ref: 'report.json', commit: null, removed: ['gone'] });
    expect(m.model.base).toMatchObject({ status: 'recorded', name: 'm' });
    expect(targetOf(m.found, 'n').model.base).toMatchObject({ status: 'new' });
    expect(m.target.regression!.latency).toEqual({ base: was.latency!.int8, slowdown: 1, interval: null });
    const { base, drop } = m.target.regression!.accuracy!;
    expect(base).toBe(was.accuracy!.int8);
    expect(drop).toBeCloseTo(100 * (was.accuracy!.int8! - m.target.accuracy!.int8!), 9);
    expect(m.statuses).toEqual({ [DROP]: 'fail', [SLOWDOWN]: 'pass' });

    const basis = (change: object) => (report: Report) => {
      const { latency } = report.models[0].targets[0];
      report.models[0].targets[0].latency = { ...latency!, basis: { ...latency!.basis!, ...change } };
    };
    const cases: [(report: Report) => void, string][] = [
      [basis({ table: 0 }), `the cycles of the report have another table (0, and now ${was.latency!.basis!.table})`],
      [basis({ compiler: 'clang 1.0' }), 'another compiler (clang 1.0, and now '],
      [basis({ disassembler: 'Capstone 4' }), 'another disassembler (Capstone 4, and now '],
      [
        ({
          models: [
            {
              targets: [target],
            },
          ],
        }) => (target.latency!.cpu = 'cortex-a72'),
        'those of cortex-a72, and these of cortex-a53',
      ],
      [
        ({
          models: [
            {
              targets: [target],
            },
          ],
        }) => (target.latency!.mode = 'hardware'),
        'never with a report',
      ],
      [
        ({
          models: [
            {
              targets: [target],
            },
          ],
        }) => (target.latency = null),
        'the report has no speed of this model',
      ],
      [
        ({
          models: [
            {
              targets: [target],
            },
          ],
        }) => (target.target = 'cortex-a72'),
        'no figures of this model on target cortex-a53',
      ],
    ];
    for (const [change, words] of cases) {
      const other = await against(all, change);
      expect(other.statuses[SLOWDOWN]).toBe('inconclusive');
      expect(other.reason(SLOWDOWN)).toContain(words);
    }
    const old = await against(all, ({ models: [first] }) => delete first.digests);
    expect(old.reason(DROP)).toContain('does not say which data');
    // Other labels are other data.
    all.repository.write({ 'labels.txt': labels.toReversed().join('\n') });
    const changed = await against(all);
    expect(changed.statuses).toMatchObject({ [DROP]: 'inconclusive', [SLOWDOWN]: 'pass' });
    expect(changed.reason(DROP)).toContain('of other data');
  });

  it.each([
    ['no JSON', '{', 'is no JSON'],
    ['another file', '{"schema":"other@1"}', 'its schema is not int8-gate/report@1'],
    ['a damaged one', '{"schema":"int8-gate/report@1","verdict":"pass"}', 'is no report of int8-gate (models: '],
    ['no file', null, 'report.json: no such file'],
  ])('that is %s is refused', async (_, text, words) => {
    const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
    if (text !== null) repository.write({ 'report.json': text });
    const run = check(repository, { baseline: { kind: 'report', file: 'report.json' } });
    await expect(run).rejects.toThrow(InputError);
    await expect(run).rejects.toThrow(words);
  });
});
