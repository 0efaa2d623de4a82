import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { root } from './cli.ts';

it('npm run demo shows a configuration that passes and one that fails, and why', () => {
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'demo'], { cwd: root, encoding: 'utf8' });
  expect(status, stdout).toBe(0);
  expect(stdout).toMatch(/check --config examples\/passing\.yml[\s\S]*exit status 0: passed/);
  expect(stdout).toMatch(
    /check --config examples\/failing\.yml[\s\S]*max-accuracy-drop[\s\S]*exit status 1: the gate failed/,
  );
});
