import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, scratch } from '../e2e/cli.ts';
import { sourcesAsJavaScript } from '../processes.ts';

const main = join(sourcesAsJavaScript(), 'cli', 'index.js');
const MODEL = join(root, 'examples', 'shapes', 'shapes_int8.tflite');

/** Runs the command in `cwd`; no run may take long: what is wrong is seen before any work. */
function int8Gate(args: readonly string[], cwd = scratch()) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr, left: readdirSync(cwd) };
}

describe('a command that is not there', () => {
  test.each([
    [['chek', '--help'], 'did you mean "check"?'],
    [['chek'], 'did you mean "check"?'],
    [['chek', '--version'], 'did you mean "check"?'],
    [['help', 'bild'], 'did you mean "build"?'],
    [['frobnicate', '--help'], 'known: help, check, inspect, build, run, verify, measure, drift, remedies, cache'],
  ])('is refused, whatever else is asked: %j', (args, hint) => {
    const { status, stdout, stderr } = int8Gate(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^int8-gate: there is no command "(chek|bild|frobnicate)"; /);
    expect(stderr).toContain(hint);
  });

  test.each([[['--help']], [['help']], [['help', 'check']], [['check', '--help']]])('is none of %j', (args) => {
    expect(int8Gate(args)).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: int8-gate') });
  });
});

test.each([
  [['check', '--json', ''], '--json'],
  [['check', '--report='], '--report'],
  [['check', '--config', ''], '--config'],
  [['verify', '--cases', ''], '--cases'],
  [['measure', MODEL, '--target', 'host', '--fp32', ''], '--fp32'],
  [['build', MODEL, '--target', 'host', '-o', ''], '--output'],
  [['run', MODEL, '--target', 'host', '-o', ''], '--output'],
  [['inspect', ''], 'model'],
])('an empty path is refused before any work: %j', (args, name) => {
  expect(int8Gate(args)).toEqual({
    status: 2,
    stdout: '',
    stderr: `int8-gate: ${name}: the path is empty; give a path\n`,
    left: [],
  });
});

test('who has no configuration is told of the command’s option', () => {
  const { status, stderr } = int8Gate(['check', '--config', 'no.yml']);
  expect(status).toBe(2);
  expect(stderr).toMatch(/no\.yml: there is no such configuration .*give the path of yours \(--config\)/);
  expect(stderr).not.toContain('action');
});

test('a configuration in UTF-16 is read as such', () => {
  const cwd = scratch();
  writeFileSync(join(cwd, 'gate.yml'), Buffer.from('\ufeffversion: 2\nmodels: []\n', 'utf16le'));
  expect(int8Gate(['check', '--config', 'gate.yml'], cwd).stderr).toMatch(
    /gate\.yml:1:\d+: version must be 1; found 2/,
  );
});
