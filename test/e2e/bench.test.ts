import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, scratch } from './cli.ts';

/** A clone that has been compiled, with nothing beside it. */
function clone(): string {
  const folder = join(scratch(), 'clone');
  mkdirSync(folder);
  cpSync(join(root, 'bench'), join(folder, 'bench'), { recursive: true });
  for (const name of ['native', 'examples', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name));
  const build = join(folder, 'build');
  const into = ['--outDir', join(build, 'js'), '--tsBuildInfoFile', join(build, 'build.tsbuildinfo')];
  const compile = ['tsc', '-p', 'tsconfig.build.json', ...into];
  execFileSync('npx', compile, { cwd: root });
  return folder;
}

const bench = (cwd: string, ...args: string[]) =>
  spawnSync(process.execPath, ['bench/index.mjs', ...args], { cwd, encoding: 'utf8' });

test('the bench measures the examples where no other models are at hand', () => {
  const folder = clone();
  const { status, stdout, stderr } = bench(
    folder,
    '--models',
    'tones_int8',
    '--cpus',
    'cortex-a72',
    '--json',
    'b.json',
  );
  expect([stderr, status]).toEqual([expect.stringContaining('tones_int8 on cortex-a72'), 0]);
  const { results, times } = JSON.parse(readFileSync(join(folder, 'b.json'), 'utf8'));
  const [{ int8, fp32, speedup, peak }] = results;
  // An FMLA of four lanes a cycle, or an SMULL of eight.
  expect(peak).toEqual({ fp32: 4, int8: 8 });
  for (const side of [int8, fp32]) {
    expect(side.rate * side.cycles).toBeCloseTo(side.macs, 3);
    expect(side.instructions).toBeGreaterThan(side.macs / 16);
    expect(side.ratio).toBeNull();
    expect(side.binaryBytes).toBeGreaterThan(side.arenaBytes / 100);
  }
  expect(int8.macs).toBe(fp32.macs);
  expect(int8.shareOfPeak).toBeCloseTo(int8.rate / 8, 12);
  expect(speedup).toBeCloseTo(fp32.cycles / int8.cycles, 9);
  const [time] = times;
  for (const stage of ['import', 'generate', 'cold', 'warm', 'run']) expect(time[stage]).toBeGreaterThan(0);
  expect(stdout).toMatch(/^ {2}tones_int8 +[\d,]+ +[\d,]+ +\d+\.\d\d +\d+ % +– /m);

  const unknown = bench(folder, '--models', 'no_such_model', '--no-times');
  expect(unknown.status).not.toBe(0);
  expect(unknown.stderr).toMatch(/no_such_model is no file and none of shapes_int8, tones_int8/);
});
