import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/gate/verdict/report.ts';
import { FAILING, FAILING_LINE, FOLDERS, PASSING } from './configs.ts';
import { runGate, workspace } from './gate.ts';
import { startGitHub } from './github.ts';

describe('the action', () => {
  it('passes a good model: outputs, report, summary and comment', async () => {
    const github = await startGitHub();
    const folder = workspace({ 'gate.yml': PASSING }, FOLDERS);
    const ended = await runGate(folder, { github, with: { config: 'gate.yml', measure: 'none' } });
    expect(ended.status, ended.log).toBe(0);
    expect(ended.outputs.verdict).toBe('pass');
    const report = reportSchema.parse(JSON.parse(readFileSync(ended.outputs['report-json'], 'utf8')));
    expect(report.models.map(({ name, verdict }) => [name, verdict])).toEqual([['shapes', 'pass']]);
    expect(JSON.parse(ended.outputs.summary)).toMatchObject({
      verdict: 'pass',
      models: [{ name: 'shapes', verdict: 'pass' }],
    });
    expect(ended.summary).toContain('shapes');
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0].body).toContain('shapes');
    expect(github.comments[0].body).toContain('https://github.example/org/app/actions/runs/42');
    expect(ended.outputs['comment-url']).toBe(github.comments[0].html_url);
    expect(ended.log).not.toContain('::error');
    expect(ended.log).not.toContain('::warning');
  });

  it('fails a bad model after it has reported, and points at the threshold', async () => {
    const github = await startGitHub();
    const folder = workspace({ 'gate.yml': FAILING }, FOLDERS);
    const ended = await runGate(folder, { github, with: { config: 'gate.yml', measure: 'none' } });
    expect(ended.status, ended.log).toBe(1);
    expect(ended.outputs.verdict).toBe('fail');
    expect(ended.log).toMatch(
      new RegExp(`::error title=badly-calibrated on host[^:]*,file=gate\\.yml,line=${FAILING_LINE},col=\\d+::`),
    );
    expect(ended.log).toContain("::error::the gate's verdict is fail: badly-calibrated");
    expect(ended.summary).toContain('badly-calibrated');
    expect(github.gates().map(({ body }) => body.includes('badly-calibrated'))).toEqual([true]);
    const { models } = JSON.parse(readFileSync(ended.outputs['report-json'], 'utf8'));
    expect(models.map((model: { verdict: string }) => model.verdict)).toEqual(['pass', 'fail']);
  });

  it('leaves the step green on a red verdict where fail-on is never', async () => {
    const folder = workspace({ 'gate.yml': FAILING }, FOLDERS);
    const ended = await runGate(folder, {
      with: { config: 'gate.yml', measure: 'none', comment: 'never', 'fail-on': 'never' },
    });
    expect(ended.status, ended.log).toBe(0);
    expect(ended.outputs.verdict).toBe('fail');
  });

  it('checks only the models and targets that the inputs name, in the working directory', async () => {
    const folder = workspace(
      {},
      FOLDERS.map((name) => name),
    );
    const inner = workspace({ 'gate.yml': FAILING.replace('[host]', '[cortex-a72]') }, FOLDERS);
    const ended = await runGate(folder, {
      with: {
        config: 'gate.yml',
        models: 'shapes',
        targets: 'host',
        measure: 'none',
        comment: 'never',
        'working-directory': inner,
      },
    });
    expect(ended.status, ended.log).toBe(0);
    const report = reportSchema.parse(JSON.parse(readFileSync(ended.outputs['report-json'], 'utf8')));
    expect(report.models.map(({ name, targets }) => [name, targets.map(({ target }) => target)])).toEqual([
      ['shapes', ['host']],
    ]);
  });

  it('fails on a configuration that is not there, with status 2, and says so everywhere', async () => {
    const github = await startGitHub();
    const ended = await runGate(workspace({}), { github });
    expect(ended.status).toBe(2);
    expect(ended.outputs).toMatchObject({ verdict: 'error', 'report-json': '' });
    expect(ended.log).toMatch(/::error::.*\.github\/int8-gate\.yml/);
    expect(ended.summary).toContain('.github/int8-gate.yml');
    expect(github.gates()).toHaveLength(1);
    expect(github.gates()[0].body).toContain('.github/int8-gate.yml');
    expect(ended.log).not.toContain('at main');
  });

  it('annotates the line of a configuration that is malformed', async () => {
    const ended = await runGate(
      workspace({ 'gate.yml': 'version: 1\nmodels:\n  - nam: kws\n    int8: a.tflite\n    data: { inputs: a }\n' }),
      {
        with: { config: 'gate.yml', comment: 'never' },
      },
    );
    expect(ended.status).toBe(2);
    expect(ended.log).toMatch(/::error title=INT8 gate,file=gate\.yml,line=3,col=\d+::/);
    expect(ended.log).toContain('nam');
  });

  it('refuses inputs that it cannot serve, all of them at once', async () => {
    const ended = await runGate(workspace({}), {
      with: { measure: 'sometimes', 'fail-on': 'warn', baseline: '--all', shard: '1/4', comment: 'never' },
    });
    expect(ended.status).toBe(2);
    for (const name of ['measure', 'fail-on', 'baseline', 'shard']) expect(ended.log).toContain(`input ${name}: `);
    expect(ended.log).not.toContain('input comment');
  });

  it('says so where the working directory does not exist', async () => {
    const ended = await runGate(workspace({}), { with: { 'working-directory': 'no/such/folder', comment: 'never' } });
    expect(ended.status).toBe(2);
    expect(ended.log).toContain('no/such/folder');
  });

  it.each([
    ['passing', PASSING, 0, 'pass'],
    ['failing', FAILING, 1, 'fail'],
  ])('writes what it can of a %s check where there is no folder for the report', async (_, config, status, verdict) => {
    const github = await startGitHub();
    const folder = workspace({ 'gate.yml': config, file: '' }, FOLDERS);
    const nowhere = join(folder, 'file'); // no folder, so nothing can be made in it, not even by root
    const step = { github, with: { config: 'gate.yml', measure: 'none' } };
    const elsewhere = await runGate(folder, { ...step, env: { RUNNER_TEMP: nowhere } });
    expect(elsewhere.status, elsewhere.log).toBe(status);
    expect(JSON.parse(readFileSync(elsewhere.outputs['report-json'], 'utf8')).verdict).toBe(verdict);
    rmSync(dirname(elsewhere.outputs['report-json']), { recursive: true });

    const outputs = join(folder, 'no', 'such', 'outputs');
    const ended = await runGate(folder, { ...step, env: { RUNNER_TEMP: nowhere, GITHUB_OUTPUT: outputs } });
    expect(ended.status, ended.log).toBe(status);
    expect(ended.log).toContain('::warning::cannot write the output verdict');
    expect(ended.summary).toContain('shapes');
    expect(github.comments).toHaveLength(1);
    expect(github.comments[0].body).toContain('shapes');
    expect(ended.log).toContain(`INT8 gate: ${verdict === 'pass' ? 'passed' : 'failed'}`);
    expect(ended.log).not.toMatch(/internal error|^\s+at /m);
  });

  it('ends with status 3 where there is no folder for temporary files either', async () => {
    const folder = workspace({ 'gate.yml': PASSING, file: '' }, FOLDERS);
    // With a cache of its own: what is kept there of an earlier run needs no such folder.
    const INT8_GATE_CACHE = join(folder, 'cache');
    const env = { RUNNER_TEMP: join(folder, 'file'), TMPDIR: join(folder, 'file'), INT8_GATE_CACHE };
    const ended = await runGate(folder, { with: { config: 'gate.yml', measure: 'none', comment: 'never' }, env });
    expect(ended.status, ended.log).toBe(3);
    expect(ended.outputs.verdict).toBe('error');
    expect(ended.log).toMatch(/::error::cannot write to the folder for temporary files .*file: not a directory/);
  });

  it('does without a summary file', async () => {
    const ended = await runGate(workspace({}), { with: { comment: 'never' }, env: { GITHUB_STEP_SUMMARY: '' } });
    expect(ended.status).toBe(2);
    expect(ended.log).toContain('::warning::cannot write the job summary');
    expect(ended.log).toContain("give the path of yours (the action's input config)");
  });
});
