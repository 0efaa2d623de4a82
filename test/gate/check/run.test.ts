import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { type CheckOptions, runCheck } from '../../../src/gate/check/run.ts';
import { reportSchema } from '../../../src/gate/verdict/report.ts';
import { DISASSEMBLER, MODEL_VERSION } from '../../../src/runtime/modelled/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-gate-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TONES = `
    int8: examples/tones/tones_int8.tflite
    data: { inputs: examples/tones/data/*.bin, labels: examples/tones/data/labels.csv, dtype: float32, limit: 60 }`;

let count = 0;
/** Checks a configuration with these models on target host. */
function check(models: string, options: Partial<CheckOptions> = {}, head = '') {
  const config = join(folder, `gate${count++}.yml`);
  writeFileSync(
    config,
    `version: 1\n${head.includes('targets:') ? '' : 'targets: [host]\n'}${head}models:\n${models}\n`,
  );
  return runCheck({ now: new Date(), root: process.cwd(), config, measure: 'none', ...options });
}

describe('a check', () => {
  it.each([
    ['without thresholds of speed', '{ min-sqnr: 1 }', 'pass'],
    ['with one', '{ min-speedup: 1 }', 'inconclusive'],
  ])('says that speed was not measured where it cannot be modelled: %s', async (_, thresholds, verdict) => {
    const report = await check(`  - name: tones${TONES}\n    thresholds: ${thresholds}`, { measure: 'modelled' });
    const [target] = report.models[0].targets;
    expect(target.latency).toBeNull();
    expect(target.verdict).toBe(verdict);
    expect(target.notes.join('\n')).toMatch(/^Speed was not measured: cycles cannot be modelled for target host\./m);
  });

  it('makes the FP32 partner where there is none, times both, and reports by the published schema', async () => {
    const lines: string[] = [];
    const models = `  - name: tones${TONES}\n    threads: 2\n    thresholds: { max-latency: 1s, min-speedup: 0.001, min-accuracy: 0.5, min-sqnr: 1 }`;
    const report = await check(models, { measure: 'auto', progress: (line) => lines.push(line) });
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const [{ fp32, targets }] = report.models;
    expect(fp32).toBeNull();
    expect(targets[0]).toMatchObject({ target: 'host', device: 'native', neon: false });
    expect(targets[0].latency).toMatchObject({ mode: 'hardware', unit: 'ns' });
    expect(targets[0].accuracy).toMatchObject({ metric: 'top1', samples: 60, inferences: 60, fp32Target: 'host' });
    const compiler = expect.stringMatching(/^(Apple )?(clang|gcc) \d+\.[\d.]+$/);
    expect(targets[0].latency?.basis).toEqual({ compiler, table: null, disassembler: null });
    expect(targets[0].checks.map(({ id }) => id)).toEqual(['min-accuracy', 'min-sqnr', 'min-speedup', 'max-latency']);
    expect(targets[0].checks.every(({ status }) => status !== 'fail')).toBe(true);
    expect(targets[0].notes).toContain('Both builds ran on 2 threads.');
    expect(lines.some((line) => line.startsWith('tones on host: '))).toBe(true);
  }, 120_000);

  it('fails on hardware what is missed by far, however busy this machine is', async () => {
    const models = `  - name: tones${TONES}\n    tolerance: 4%\n    thresholds: { min-speedup: 1000, max-latency: 1ns }`;
    const [{ checks }] = (await check(models, { measure: 'hardware' })).models[0].targets;
    expect(checks.map(({ id, status }) => [id, status])).toEqual([
      ['min-speedup', 'fail'],
      ['max-latency', 'fail'],
    ]);
    for (const { reason } of checks) expect(reason).toMatch(/; a second measurement says the same$/);
  }, 120_000);

  it('gives the same accuracy every time, and without labels agreement', async () => {
    const models = `  - name: tones${TONES.replace(/labels: \S+, /, '')}`;
    const [first, second] = [await check(models), await check(models)];
    const accuracy = first.models[0].targets[0].accuracy;
    expect(accuracy).toMatchObject({ metric: 'agreement', fp32: 1 });
    expect(accuracy?.comparison.sqnr).toBeGreaterThan(10);
    expect(second.models).toEqual(
      first.models.map((m) => ({ ...m, at: { ...m.at, file: second.environment.config } })),
    );
  });

  it('refuses results that are complex numbers', async () => {
    const files = 'test/fixtures/cases/files/rfft2d-square';
    const models = `  - { name: spectrum, int8: ${files}.tflite, data: { inputs: ${files}/set0.input0.npy } }`;
    await expect(check(models)).rejects.toThrow(/spectrum: "out0" among the outputs is complex64, .* COMPLEX_ABS/);
  });

  it('leaves speed thresholds out where no speed is measured, and says so', async () => {
    const report = await check(`  - name: tones${TONES}\n    thresholds: { min-speedup: 1000 }`);
    expect(report.verdict).toBe('pass');
    expect(report.models[0].targets[0].checks).toEqual([]);
    expect(report.models[0].targets[0].notes.join()).toContain('Nothing was judged');
    expect(report.models[0].targets[0].notes.join()).toContain('Speed was not measured');
  });

  it('cannot model target host, which leaves its speed undecided', async () => {
    const report = await check(`  - name: tones${TONES}\n    thresholds: { min-speedup: 1 }`, { measure: 'modelled' });
    expect(report.verdict).toBe('inconclusive');
  });

  it('runs INT8 in the emulator and FP32 as a portable build', async () => {
    const report = await check(`  - name: tones${TONES}`, { targets: ['aarch64'], measure: 'modelled' });
    const [target] = report.models[0].targets;
    expect(target).toMatchObject({ target: 'aarch64', neon: true });
    expect(target.latency?.basis).toMatchObject({ table: MODEL_VERSION, disassembler: DISASSEMBLER });
    const wanted = target.device === 'qemu' ? 'host' : 'aarch64';
    expect(target.accuracy?.fp32Target).toBe(wanted);
  });

  it('fails at the line of the threshold', async () => {
    const report = await check(`  - name: tones${TONES}\n    thresholds: { min-accuracy: 100% }`);
    expect(report.verdict).toBe('fail');
    expect(report.models[0].targets[0].checks[0]).toMatchObject({
      id: 'min-accuracy',
      status: 'fail',
      at: { line: 7, column: 19 },
    });
  });

  it.each([
    ['2027-01-31', {}, 'pass', /accepted to 20\.00 % until 2027-01-31 by Jo: why$/],
    ['2027-02-01', {}, 'fail', /Jo accepted \S+ % until 2027-01-31, which is over$/],
    ['2027-01-31', { targets: ['cortex-a72'] }, 'fail', /required$|clear$/],
    ['2027-01-31', { targets: ['host'] }, 'pass', /by Jo: why$/],
  ])('on %s accepts what is accepted until 2027-01-31, %j: %s', async (day, more, verdict, reason) => {
    const accepted = { threshold: 'min-accuracy', worst: 0.2, until: '2027-01-31', by: 'Jo', reason: 'why', ...more };
    const entry = `  - name: tones${TONES}\n    thresholds: { min-accuracy: 100% }\n    accept: [${JSON.stringify(accepted)}]`;
    const head = 'targets: [host, cortex-a72]\n';
    const options = { now: new Date(`${day}T12:00:00Z`), targets: ['host'] };
    const report = await check(entry, options, head);
    expect(report.verdict).toBe(verdict);
    expect(report.models[0].targets[0].checks[0].reason).toMatch(reason);
  });

  it('checks the models asked for, and notes regression limits where nothing is compared with', async () => {
    const models = `  - name: one${TONES}\n  - name: two${TONES}`;
    const report = await check(models, { only: ['two'] }, 'defaults: { regression: { max-slowdown: 5% } }\n');
    expect(report.models.map(({ name }) => name)).toEqual(['two']);
    expect(report.notes.join()).toContain('not judged: the check was given no baseline');
  });
});

describe('bad input', () => {
  it.each([
    ['an unknown model', TONES, { only: ['b'] }, 'has no model "b"'],
    ['an unknown target', TONES, { targets: ['cortex-a99'] }, 'there is no target "cortex-a99"'],
    ['a folder of labels', TONES.replace('labels.csv', ''), {}, 'a, data.labels: examples/tones/data/: is a folder'],
    ['a folder as model', TONES.replace(/int8: \S+/, 'int8: examples'), {}, 'a, int8: examples: is a folder'],
    ['a missing model', TONES.replace('tones_int8', 'none'), {}, 'a, int8: examples/tones/none.tflite: no such file'],
    ['no model', TONES.replace('tones_int8.tflite', 'data/labels.csv'), {}, 'a: examples/tones/data/labels.csv'],
    ['another network', `${TONES}\n    fp32: examples/shapes/shapes_fp32.tflite`, {}, 'fp32 must be the same network'],
    ['labels out of range', TONES.replace('limit: 60', 'label-offset: 100'), {}, 'the model has 8 classes'],
  ] as [string, string, Partial<CheckOptions>, string][])('%s is an InputError', async (_, model, options, words) => {
    const error = await check(`  - name: a${model}`, options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(words);
  });

  it('shows where the configuration names targets that are none, all at once', async () => {
    const config = join(folder, 'targets.yml');
    writeFileSync(config, `version: 1\ntargets:\n  - cortex-a99\n  - host\n  - z80\nmodels:\n  - name: a${TONES}\n`);
    const error = await runCheck({ now: new Date(), root: process.cwd(), config, measure: 'none' }).catch(
      (e: unknown) => e,
    );
    expect((error as InputError).message).toMatch(
      /^\S+:3:5: there is no target "cortex-a99".*\n\S+:5:5: there is no target "z80"/,
    );
    expect((error as InputError).at).toMatchObject({ line: 3, column: 5 });
  });

  it('names the faults of all models at once', async () => {
    const models = `  - name: a${TONES.replace('tones_int8', 'none')}\n  - name: b${TONES.replace('data/*.bin', 'data/*.wav')}`;
    const error = (await check(models).catch((e: unknown) => e)) as InputError;
    expect(error.message).toMatch(
      /^\S+:5:5: a, int8: .*no such file.*\n\S+:\d+:\d+: b, data\.inputs: .*matches no file/,
    );
    expect(error.at).toMatchObject({ line: 5 });
  });
});
