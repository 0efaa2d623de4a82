import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch } from '../e2e/cli.ts';
import type { TestRepository } from '../gate/baseline/repository.ts';
import { branched, config, entry, model } from '../gate/check/branches.ts';
import { busyIn, sourcesAsJavaScript } from '../processes.ts';

const main = join(sourcesAsJavaScript(), 'cli', 'index.js');

/** Topic with a model that answers worse than that of main. */
function worse(): TestRepository {
  const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
  repository.commit({ 'm.tflite': model(0.3) });
  return repository;
}

function start({ folder }: TestRepository, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const all = [main, 'check', '--config', 'gate.yml', '--measure', 'none', ...args];
  return spawn(process.execPath, all, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function check(repository: TestRepository, ...args: string[]) {
  const child = start(repository, args);
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.setEncoding('utf8').on('data', (chunk: string) => (text[stream] += chunk));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, ...text };
}

test('--baseline takes the merge base, a commit, a report or none', async () => {
  const repository = worse();
  const report = join(repository.folder, 'main.json');
  for (const [baseline, status, words] of [
    ['none', 0, 'nothing judged'],
    ['merge-base', 1, 'Base: INT8 of the merge base with main, '],
    ['main', 1, 'Base: INT8 of main, '],
    ['HEAD', 0, 'unchanged'],
  ] as const) {
    const ended = await check(repository, '--baseline', baseline, '--json', 'out.json');
    expect(ended.stdout, ended.stderr).toContain(words);
    expect(ended.status).toBe(status);
    const { baseline: about } = JSON.parse(readFileSync(join(repository.folder, 'out.json'), 'utf8'));
    expect(about?.commit ?? null).toBe(
      baseline === 'none' ? null : repository.git('rev-parse', baseline === 'HEAD' ? 'HEAD' : 'main'),
    );
  }
  repository.git('checkout', '--quiet', 'main');
  expect((await check(repository, '--json', report)).status).toBe(0);
  repository.git('checkout', '--quiet', 'topic');
  const recorded = await check(repository, '--baseline', report);
  expect(recorded.stdout).toContain(`Base: the figures of the report ${report}`);
  expect(recorded.status).toBe(1);
});

test.each([
  ['a commit that is not there', 'v9', 'baseline v9: there is no such commit in this clone'],
  ['an option of git', '--exec=x', '--baseline: give merge-base, a commit, the path of a report.json, or none'],
  ['a report that is not there', 'no.json', 'no.json: no such file'],
])('%s ends with status 2', async (_, baseline, words) => {
  const ended = await check(worse(), `--baseline=${baseline}`);
  expect(ended.stderr).toContain(words);
  expect(ended.status).toBe(2);
});

test('a clone that has no branch to compare with says so', async () => {
  const repository = worse();
  repository.git('update-ref', '-d', 'refs/heads/main');
  const ended = await check(repository, '--baseline', 'merge-base');
  expect(ended.stderr).toContain('nothing says which branch the changes shall go to');
  expect(ended.status).toBe(2);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s takes the files of the baseline with it', async (signal) => {
  const [repository, folder] = [worse(), scratch()];
  const [cache, temporary] = [join(folder, 'cache'), join(folder, 'tmp')];
  mkdirSync(temporary);
  const child = start(repository, ['--baseline', 'merge-base'], { INT8_GATE_CACHE: cache, TMPDIR: temporary });
  const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
  await expect.poll(() => busyIn(cache).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
  expect(readdirSync(temporary)).toHaveLength(1);
  child.kill(signal);
  expect(await ended).toBe(signal);
  expect(readdirSync(temporary)).toEqual([]);
  expect(repository.git('status', '--short')).toBe('');
});
