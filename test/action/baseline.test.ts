import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Report } from '../../src/gate/verdict/report.ts';
import { TestRepository } from '../gate/baseline/repository.ts';
import { branched, config, entry, model } from '../gate/check/branches.ts';
import { type Ended, runGate } from './gate.ts';

/** The merge of a pull request that makes a model worse, checked out as actions/checkout does by default. */
function pullRequest() {
  const repository = branched({ 'm.tflite': model(), 'gate.yml': config([entry('m')]) });
  const head = repository.commit({ 'm.tflite': model(0.3) });
  repository.git('checkout', '--quiet', 'main');
  const base = repository.commit({ 'README.md': 'main went on' });
  repository.git('merge', '--quiet', '--no-ff', '--no-edit', 'topic');
  const merge = repository.git('rev-parse', 'HEAD');
  const checkout = TestRepository.create();
  checkout.git('remote', 'add', 'origin', `file://${repository.folder}`);
  checkout.git('fetch', '--quiet', '--no-tags', '--depth=1', 'origin', merge);
  checkout.git('checkout', '--quiet', '--detach', merge);
  const text = JSON.stringify({ pull_request: { number: 7, base: { ref: 'main' }, head: { sha: head } } });
  return { checkout, base, event: { name: 'pull_request', text } };
}

const WITH = { config: 'gate.yml', measure: 'none', comment: 'never' };
const reportOf = ({ outputs }: Ended): Report => JSON.parse(readFileSync(outputs['report-json'], 'utf8'));

it('compares a pull request with what it is merged into, which it fetches', async () => {
  const { checkout, base, event } = pullRequest();
  const ended = await runGate(checkout.folder, { event, with: WITH });
  expect(ended.status, ended.log).toBe(1);
  expect(reportOf(ended).baseline).toEqual({ kind: 'merge-base', ref: 'main', commit: base, removed: [] });
  expect(ended.log).toContain('::error title=m on host%3A regression.max-accuracy-drop failed,file=gate.yml');
  expect(ended.summary).toContain('| Against base |');
});

it('compares with nothing where it is told so, and on other events', async () => {
  const { checkout, event } = pullRequest();
  for (const step of [
    { event, with: { ...WITH, baseline: 'none' } },
    { event: { name: 'push', text: '{}' }, with: WITH },
  ]) {
    const ended = await runGate(checkout.folder, step);
    expect(ended.status, ended.log).toBe(0);
    expect(reportOf(ended).baseline).toBeNull();
  }
});

it('goes on without a merge base that cannot be fetched, unless it was asked for', async () => {
  const { checkout, base, event } = pullRequest();
  checkout.git('remote', 'set-url', 'origin', 'file:///nowhere/at/all');
  const ended = await runGate(checkout.folder, { event, with: WITH });
  expect(ended.status, ended.log).toBe(0);
  expect(reportOf(ended).notes.join()).toContain(`type: git fetch --depth=1 origin ${base}`);
  const asked = await runGate(checkout.folder, { event, with: { ...WITH, baseline: 'merge-base' } });
  expect(asked.status).toBe(2);
  expect(asked.log).toContain('fetch-depth: 2 on actions/checkout');
});
