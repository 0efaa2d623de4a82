import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importModel } from '../../src/model/tflite/importer.ts';
import { root, scratch } from '../e2e/cli.ts';
import { sourcesAsJavaScript } from '../processes.ts';

const main = join(sourcesAsJavaScript(), 'cli', 'index.js');
const run = (...args: string[]) =>
  spawnSync(process.execPath, [main, 'remedies', '--config', 'examples/failing.yml', ...args], {
    ...{ cwd: root, encoding: 'utf8', timeout: 240_000 },
  });

describe('remedies', () => {
  test('says what a layer gains in other numbers, and writes the models', () => {
    const folder = scratch();
    const json = join(folder, 'tried.json');
    const { status, stdout, stderr } = run(
      ...[
        '--model',
        'shapes',
        '--layer',
        '0',
        '--target',
        'host',
        '--measure',
        'none',
        '--write',
        folder,
        '--json',
        json,
      ],
    );
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^running INT8 and FP32 …\n/),
    });
    expect(stdout).toMatch(/^shapes: top1 of INT8 93\.33 %, of FP32 94\.58 %; the greatest gain first$/m);
    expect(stdout).toMatch(/^ {2}layer 0 in float32: (no gain|[+−]\d+\.\d\d points)/m);
    expect(stdout).toMatch(/^ {2}layers 0 and 1 in int16x8: /m);
    const files = readdirSync(folder).filter((name) => name.endsWith('.tflite'));
    expect(files.toSorted()).toEqual([
      'shapes_int8_layer0_float32.tflite',
      'shapes_int8_layers0-1_float32.tflite',
      'shapes_int8_layers0-1_int16x8.tflite',
    ]);
    for (const name of files) importModel(readFileSync(join(folder, name)), name);
    const { remedies } = JSON.parse(readFileSync(json, 'utf8'));
    expect(remedies).toHaveLength(3);
  }, 240_000);

  test.each([
    [['--layer', '1'], /examples\/failing\.yml has several models: name one with --model: shapes, shapes-wrong-calib/],
    [['--model', 'shape'], /has no such model; did you mean "shapes"\?/],
    [
      ['--model', 'shapes', '--layer', '99'],
      /--layer 99: .*shapes_int8\.tflite has the operators 0 to 12; int8-gate inspect/,
    ],
    [['--model', 'shapes', '--layer', 'x'], /--layer x: give a whole number/],
  ])('refuses %j and says what to do', (args, message) => {
    const { status, stderr } = run(...args);
    expect({ status, stderr }).toMatchObject({ status: 2, stderr: expect.stringMatching(message) });
  });
});
