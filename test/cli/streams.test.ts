import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, scratch } from '../e2e/cli.ts';
import { busyIn, sourcesAsJavaScript } from '../processes.ts';

const main = join(sourcesAsJavaScript(), 'cli', 'index.js');
const SHAPES = 'examples/shapes';
const INT8 = `${SHAPES}/shapes_int8.tflite`;

/** A folder with the shapes model and two configurations of it, one that passes and one that fails. */
function project(): string {
  const folder = scratch();
  cpSync(join(root, SHAPES), join(folder, SHAPES), { recursive: true });
  for (const [name, limit] of [
    ['pass', '50%'],
    ['fail', '100%'],
  ]) {
    writeFileSync(
      join(folder, `${name}.yml`),
      `version: 1
targets: [host]
models:
  - name: shapes
    int8: ${INT8}
    fp32: ${SHAPES}/shapes_fp32.tflite
    data:
      inputs: ${SHAPES}/data/*.png
      labels: ${SHAPES}/data/labels.csv
      preprocess: { mean: 114.75, std: 63.75 }
      limit: 40
    metric: top1
    thresholds: { min-accuracy: ${limit} }
`,
    );
  }
  return folder;
}

/** Runs a line of bash in which $GATE is the command. */
const bash = (cwd: string, line: string, env: NodeJS.ProcessEnv = {}) =>
  spawnSync('bash', ['-c', line], {
    ...{ cwd, env: { ...process.env, GATE: `${process.execPath} ${main}`, ...env }, encoding: 'utf8' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** The exit status of a command whose streams are as `redirection` says, and what it left on standard error. */
function statusOf(cwd: string, args: string, redirection: string, env: NodeJS.ProcessEnv = {}) {
  const { stderr } = bash(cwd, `{ $GATE ${args}; echo $? > status; } ${redirection}`, env);
  return { status: Number(readFileSync(join(cwd, 'status'), 'utf8')), stderr };
}

describe('standard output that nobody reads, and none', () => {
  const CHECK = (name: string) => `check --config ${name}.yml --measure none`;
  test.each([
    [CHECK('pass'), 0],
    [CHECK('fail'), 1],
    [`inspect ${INT8}`, 0],
    [`build ${INT8} --target host -o out`, 0],
    ['--help', 0],
    ['inspect missing.tflite', 2],
  ])('leave the status of "%s" at %d', (args, status) => {
    const folder = project();
    for (const redirection of ['2> >(true) | head -c 1 >/dev/null', '>&- 2>&-']) {
      const ended = statusOf(folder, args, redirection);
      expect([redirection, ended.status]).toEqual([redirection, status]);
      expect(ended.stderr).not.toMatch(/EPIPE|Unhandled|\bat .*:\d+:\d+/);
    }
  });

  test('that is full ends a run that would have passed with status 3', () => {
    const folder = project();
    // The limit on a file's size is a full disk that needs no root: output past it is refused.
    const ended = bash(folder, `(ulimit -f 1; trap '' XFSZ; $GATE inspect ${INT8} --ir > out.txt; echo $? > status)`);
    expect(Number(readFileSync(join(folder, 'status'), 'utf8'))).toBe(3);
    expect(ended.stderr).toMatch(/^int8-gate: cannot write the results to standard output: file too large$/m);
  });
});

describe('machine-readable results on standard output', () => {
  test.each(['-', '/dev/stdout'])('--json %s is all that is there', (file) => {
    const folder = project();
    const { stdout, stderr } = bash(folder, `$GATE check --config pass.yml --measure none --json ${file}`);
    expect(JSON.parse(stdout).verdict).toBe('pass');
    expect(stderr).toContain('INT8 gate: passed');
    expect(readdirSync(folder)).not.toContain('-');
  });

  test('in a file that standard output leads to as well', () => {
    const folder = project();
    bash(folder, '$GATE check --config pass.yml --measure none --json out.json > out.json');
    expect(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')).verdict).toBe('pass');
  });
});

describe('a full disk', () => {
  const limited = (command: string) => `(ulimit -f 8; trap '' XFSZ; ${command}; echo $? > status)`;

  test('for the cache ends with status 3, the folder and no stack', () => {
    const folder = project();
    const env = { INT8_GATE_CACHE: join(folder, 'cache') };
    const { stderr } = bash(folder, limited(`$GATE build ${INT8} --target host -o out`), env);
    expect(Number(readFileSync(join(folder, 'status'), 'utf8'))).toBe(3);
    expect(stderr).toContain(`cannot write to the cache folder ${env.INT8_GATE_CACHE}: file too large.`);
    expect(stderr).not.toMatch(/internal error|^\s+at /m);
    expect(existsSync(join(folder, 'out'))).toBe(false);
    expect(bash(folder, `$GATE build ${INT8} --target host -o out`, env).status).toBe(0);
  });

  test('for a cache below a file neither: the same', () => {
    const folder = project();
    const ended = bash(folder, `$GATE build ${INT8} --target host -o out`, {
      INT8_GATE_CACHE: join(folder, INT8, 'x'),
    });
    expect(ended.status).toBe(3);
    expect(ended.stderr).toContain(`cannot write to the cache folder ${join(folder, INT8, 'x')}`);
    expect(ended.stderr).not.toMatch(/internal error|^\s+at /m);
  });

  test('for a report leaves the old one as it was', () => {
    const folder = project();
    writeFileSync(join(folder, 'old.json'), 'old');
    const module = join(dirname(main), 'write_files.js');
    const script = `import(${JSON.stringify(module)}).then((m) => m.writeOutput("old.json", "x".repeat(99999)))`;
    const { stderr } = bash(folder, limited(`${process.execPath} -e '${script}'`));
    expect(stderr).toMatch(/EnvironmentError: cannot write old\.json: file too large\. Nothing there was changed/);
    expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a command that is told to stop', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('by %s takes compilers and files with it', async (signal) => {
    const folder = project();
    const [cache, temporary] = [join(folder, 'cache'), join(folder, 'tmp')];
    mkdirSync(temporary);
    const env = { ...process.env, INT8_GATE_CACHE: cache, TMPDIR: temporary };
    const child = spawn(process.execPath, [main, 'check', '--config', 'pass.yml'], {
      cwd: folder,
      env,
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', (_, by) => resolve(by)));
    await expect.poll(() => busyIn(cache).length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(0);
    child.kill(signal);
    expect(await ended).toBe(signal);
    await expect.poll(() => busyIn(cache).length, { timeout: 1000 }).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
    expect(readdirSync(cache).filter((name) => name.startsWith('work-'))).toEqual([]);
  });
});

test('a verdict is printed even where its files cannot be written', () => {
  const cwd = project();
  mkdirSync(join(cwd, 'folder'));
  const { stdout, stderr, status } = bash(cwd, '$GATE check --config pass.yml --measure none --json folder');
  expect(stdout).toMatch(/INT8 gate: passed\n$/);
  expect(stderr).toContain('cannot write folder: it is a folder');
  expect(status).toBe(2);
});
