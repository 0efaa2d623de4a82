import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, scratch } from '../e2e/cli.ts';
import { sourcesAsJavaScript } from '../processes.ts';

const main = join(sourcesAsJavaScript(), 'cli', 'index.js');
const SHAPES = join(root, 'examples', 'shapes');
const LIMIT = 12;

function check(folder: string, ...more: string[]) {
  const at = (name: string) => join(SHAPES, name);
  const model = {
    ...{ name: 'shapes', int8: at('shapes_int8.tflite'), fp32: at('shapes_fp32.tflite'), metric: 'top1' },
    data: {
      ...{ inputs: at('data/*.png'), labels: at('data/labels.csv'), limit: LIMIT },
      preprocess: { mean: 114.75, std: 63.75 },
    },
  };
  writeFileSync(join(folder, 'gate.yml'), JSON.stringify({ version: 1, targets: ['host'], models: [model] }));
  const args = ['check', '--config', 'gate.yml', '--measure', 'none', '--reference', 'none', ...more];
  return spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });
}

test('--samples writes a line for every sample, to a file or to standard output', () => {
  const folder = scratch();
  const { status, stdout } = check(folder, '--samples', 'out/samples.jsonl');
  expect(status).toBe(0);
  expect(stdout).toContain('shapes');
  const text = readFileSync(join(folder, 'out', 'samples.jsonl'), 'utf8');
  const lines = text.trimEnd().split('\n');
  const samples = lines.map((line) => JSON.parse(line));
  expect(samples.map(({ index }) => index)).toEqual(Array.from({ length: LIMIT }, (_, i) => i));
  for (const { files, label } of samples) {
    expect(existsSync(files[0])).toBe(true);
    expect(label).toEqual({ class: expect.any(Number) });
  }
  expect(readdirSync(join(folder, 'out'))).toEqual(['samples.jsonl']);
  const streamed = check(folder, '--samples', '-');
  expect(streamed.stdout).toBe(text);
  expect(streamed.stderr).toContain('shapes');
}, 120_000);

test('--samples leaves nothing where a check ends early, or cannot be written', () => {
  const folder = scratch();
  const both = check(folder, '--samples', 'x', '--json', 'x');
  expect(both.status).toBe(2);
  expect(both.stderr).toContain('--samples and --json are both to be written to x');
  expect(existsSync(join(folder, 'x'))).toBe(false);
  mkdirSync(join(folder, 'taken'));
  const taken = check(folder, '--samples', 'taken');
  expect(taken.status).toBe(2);
  expect(taken.stderr).toContain('cannot write taken: it is a folder');
  expect(readdirSync(join(folder, 'taken'))).toEqual([]);
}, 120_000);
