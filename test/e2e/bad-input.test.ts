import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, filesOf, int8Gate, pathWithout, root, scratch } from './cli.ts';
import { replaceOperators } from './corrupt.ts';

const INT8 = 'examples/shapes/shapes_int8.tflite';
const FP32 = 'examples/shapes/shapes_fp32.tflite';
const DATA = 'examples/shapes/data';
const CONFIG = `version: 1
targets: [host]
models:
  - name: shapes
    int8: ${INT8}
    fp32: ${FP32}
    data: { inputs: ${DATA}/0??.png, labels: ${DATA}/labels.csv }
    metric: top1
    thresholds: { max-accuracy-drop: 5 }
`;

/** A user's folder with a good configuration, models and forty pictures; `change` spoils it. */
function project(change: (folder: string) => void = () => {}): string {
  const folder = scratch();
  for (const name of [INT8, FP32]) cpSync(join(root, name), join(folder, name));
  mkdirSync(join(folder, DATA), { recursive: true });
  const labels = readFileSync(join(root, DATA, 'labels.csv'), 'utf8')
    .split('\n')
    .slice(0, 41);
  writeFileSync(join(folder, DATA, 'labels.csv'), `${labels.join('\n')}\n`);
  for (const line of labels.slice(1)) {
    const name = line.split(',')[0];
    cpSync(join(root, DATA, name), join(folder, DATA, name));
  }
  writeFileSync(join(folder, 'gate.yml'), CONFIG);
  change(folder);
  return folder;
}

const check = ['check', '--config', 'gate.yml', '--measure', 'none', '--json', 'out/report.json'];
const edit = (folder: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(join(folder, 'gate.yml'), 'utf8');
  expect(text).not.toBe(text.replace(from, to));
  writeFileSync(join(folder, 'gate.yml'), text.replace(from, to));
};

/** Runs a command that must end with `status`, say all of `words`, say them as a message, and leave nothing behind. */
async function refuses(
  folder: string,
  args: readonly string[],
  status: number,
  words: readonly (string | RegExp)[],
  env = {},
): Promise<Ended> {
  const before = filesOf(folder);
  const ended = await int8Gate(folder, args, env);
  expect(ended.status, ended.stderr).toBe(status);
  for (const word of words) expect(ended.stderr).toMatch(word);
  expect(ended.stderr).not.toMatch(/internal error|^\s+at .+:\d+:\d+\)?$/m);
  expect(ended.stdout).toBe('');
  expect(filesOf(folder)).toEqual(before);
  return ended;
}

describe('the project of these tests', () => {
  it('is good before it is spoilt', async () => {
    const folder = project();
    const ended = await int8Gate(folder, check);
    expect(ended.status, ended.stderr).toBe(0);
    expect(existsSync(join(folder, 'out', 'report.json'))).toBe(true);
  });
});

describe('a bad configuration', () => {
  it('is missing', () =>
    refuses(
      project((folder) => rmSync(join(folder, 'gate.yml'))),
      check,
      2,
      ['gate.yml', /no such|not found|missing/i],
    ));

  it('is not YAML', () =>
    refuses(
      project((folder) => edit(folder, 'targets: [host]', 'targets: [host')),
      check,
      2,
      [/gate\.yml:\d+:\d+: /],
    ));

  it('has unknown keys: each is named, with its place', async () => {
    const folder = project((folder) => {
      edit(folder, '    metric: top1', '    metrik: top1');
      edit(folder, 'max-accuracy-drop: 5', 'max-acuracy-drop: 5');
    });
    await refuses(folder, check, 2, [
      /gate\.yml:8:5: .*"metrik".*metric/,
      /gate\.yml:9:\d+: .*"max-acuracy-drop".*max-accuracy-drop/,
    ]);
  });

  it('has values of the wrong kind', () =>
    refuses(
      project((folder) => edit(folder, 'max-accuracy-drop: 5', 'max-accuracy-drop: few')),
      check,
      2,
      [/gate\.yml:9:\d+: .*few/],
    ));

  it('is empty', () =>
    refuses(
      project((folder) => writeFileSync(join(folder, 'gate.yml'), '')),
      check,
      2,
      ['gate.yml', 'empty'],
    ));

  it('names files that are not there: all of them at once, with their places', async () => {
    const folder = project((folder) => {
      edit(folder, `int8: ${INT8}`, 'int8: no/int8.tflite');
      edit(folder, `fp32: ${FP32}`, 'fp32: no/fp32.tflite');
      edit(folder, `${DATA}/0??.png`, 'no/*.png');
      edit(folder, `${DATA}/labels.csv`, 'no/labels.csv');
    });
    const { stderr } = await refuses(folder, check, 2, [
      /gate\.yml:5:5: shapes, int8: no\/int8\.tflite: no such file/,
      /gate\.yml:6:5: shapes, fp32: no\/fp32\.tflite: no such file/,
      /gate\.yml:7:13: shapes, data\.inputs: no\/\*\.png: matches no file/,
      /gate\.yml:7:\d\d: shapes, data\.labels: no\/labels\.csv: no such file/,
    ]);
    expect(stderr.match(/^.*gate\.yml:\d+:\d+: /gm)).toHaveLength(4);
  });

  it('names a target that there is not', () =>
    refuses(
      project((folder) => edit(folder, '[host]', '[cortex-z9]')),
      check,
      2,
      ['cortex-z9', 'cortex-a72'],
    ));

  it('lacks the model that --only names', () =>
    refuses(project(), [...check, '--only', 'shapez'], 2, ['shapez', 'shapes']));
});

describe('a bad model', () => {
  const spoilt = (bytes: (good: Buffer) => Uint8Array | string) =>
    project((folder) => writeFileSync(join(folder, INT8), bytes(readFileSync(join(folder, INT8)))));
  const commands: [string, readonly string[]][] = [
    ['check', check],
    ['inspect', ['inspect', INT8]],
    ['build', ['build', INT8, '--target', 'host', '-o', 'out']],
  ];

  describe.each(commands)('given to %s', (_, args) => {
    it('is missing', () =>
      refuses(
        project((folder) => rmSync(join(folder, INT8))),
        args,
        2,
        [INT8, /no such|not found/i],
      ));

    it('is a Git LFS pointer', async () => {
      const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d'.repeat(32)}\nsize 41000\n`;
      await refuses(
        spoilt(() => pointer),
        args,
        2,
        [INT8, 'Git LFS', 'git lfs pull'],
      );
    });

    it('is not a .tflite', () =>
      refuses(
        spoilt(() => 'a text, say'.repeat(20)),
        args,
        2,
        [INT8, /not a (\.tflite|TFLite)/i],
      ));

    it('is a zip archive', async () => {
      await refuses(
        spoilt(() => 'PK\u0003\u0004'.padEnd(100)),
        args,
        2,
        [INT8, 'zip archive'],
      );
    });

    it('is empty', () =>
      refuses(
        spoilt(() => ''),
        args,
        2,
        [INT8],
      ));

    it.each([0.999, 0.9, 0.5, 0.1, 0.01])('is cut off at %f of its length', async (share) => {
      const folder = spoilt((good) => good.subarray(0, Math.floor(good.length * share)));
      await refuses(folder, args, 2, [INT8, /truncated|cut off|damaged|beyond|outside|past the end/i]);
    });
  });

  // CONV_2D (3) becomes SKIP_GRAM (30), SOFTMAX (25) becomes HASHTABLE_LOOKUP (10).
  const unsupported = () => spoilt((good) => replaceOperators(good, { 3: 30, 25: 10 }));
  const listed = [/#0 SKIP_GRAM .*int8\[1, 16, 16, 16\]/, /#2 SKIP_GRAM/, /#12 HASHTABLE_LOOKUP .*int8\[1, 8\]/];

  it.each(commands.filter(([name]) => name !== 'inspect'))(
    'given to %s has operators that are not supported: all are listed',
    async (_, args) => {
      await refuses(unsupported(), args, 2, [INT8, ...listed]);
    },
  );

  it('given to inspect has operators that are not supported: the listing says which', async () => {
    const { status, stdout } = await int8Gate(unsupported(), ['inspect', INT8]);
    expect(status).toBe(0);
    for (const words of listed) expect(stdout).toMatch(words);
  });

  it('has an FP32 partner with other inputs', () =>
    refuses(
      project((folder) => cpSync(join(root, 'examples/tones/tones_fp32.tflite'), join(folder, FP32))),
      check,
      2,
      [FP32, /input/, /32/, /49/],
    ));

  it('has a damaged FP32 partner', () =>
    refuses(
      project((folder) => truncateSync(join(folder, FP32), 20_000)),
      check,
      2,
      [FP32],
    ));
});

describe('bad data', () => {
  const labels = (folder: string) => join(folder, DATA, 'labels.csv');
  const relabel = (change: (lines: string[]) => string[]) =>
    project((folder) => {
      const lines = readFileSync(labels(folder), 'utf8').trimEnd().split('\n');
      writeFileSync(labels(folder), `${change(lines).join('\n')}\n`);
    });

  it('has fewer labels than inputs', () =>
    refuses(
      relabel((lines) => lines.slice(0, 8)),
      check,
      2,
      ['labels.csv', /00[789]\.png/],
    ));

  it('has labels of files that are not there', () =>
    refuses(
      relabel((lines) => lines.map((line) => line.replace('003.png', 'x.png'))),
      check,
      2,
      ['labels.csv', /003\.png|x\.png/],
    ));

  it('has a label that is no class of the model', () =>
    refuses(
      relabel((lines) => [...lines.slice(0, -1), '039.png,8']),
      check,
      2,
      [/labels/, /label 8\b/, /0 to 7/],
    ));

  it('has a label that is no number', () =>
    refuses(
      relabel((lines) => [...lines.slice(0, -1), '039.png,dog']),
      check,
      2,
      ['labels.csv', 'dog'],
    ));

  it('has no label file', () =>
    refuses(
      project((folder) => rmSync(labels(folder))),
      check,
      2,
      ['labels.csv', /no such/],
    ));

  it('has no samples', () =>
    refuses(
      project((folder) => edit(folder, '0??.png', '*.jpeg')),
      check,
      2,
      [/\*\.jpeg/, /no file/],
    ));

  it('has a picture that is none', () =>
    refuses(
      project((folder) => writeFileSync(join(folder, DATA, '004.png'), 'not a picture')),
      check,
      2,
      ['004.png'],
    ));

  it('has arrays of the wrong size', () =>
    refuses(
      project((folder) => {
        edit(folder, `{ inputs: ${DATA}/0??.png, labels: ${DATA}/labels.csv }`, '{ inputs: x/*.bin, dtype: float32 }');
        edit(folder, 'metric: top1', 'metric: agreement');
        mkdirSync(join(folder, 'x'));
        writeFileSync(join(folder, 'x', 'a.bin'), Buffer.alloc(1000));
      }),
      check,
      2,
      ['a.bin', '1000'],
    ));

  it('has arrays of the wrong shape', () =>
    refuses(
      project((folder) => {
        edit(folder, `{ inputs: ${DATA}/0??.png, labels: ${DATA}/labels.csv }`, '{ inputs: x.npy }');
        edit(folder, 'metric: top1', 'metric: agreement');
        writeFileSync(join(folder, 'x.npy'), npy([2, 16, 16, 3]));
      }),
      check,
      2,
      ['x.npy', /16/, /32/],
    ));

  it('has arrays of no samples', () =>
    refuses(
      project((folder) => {
        edit(folder, `{ inputs: ${DATA}/0??.png, labels: ${DATA}/labels.csv }`, '{ inputs: x.npy }');
        edit(folder, 'metric: top1', 'metric: agreement');
        writeFileSync(join(folder, 'x.npy'), npy([0, 32, 32, 3]));
      }),
      check,
      2,
      ['x.npy', /no samples|zero samples|empty/],
    ));
});

describe('a machine that lacks something', () => {
  const cache = () => ({ INT8_GATE_CACHE: scratch() });

  it('has no compiler', async () => {
    const PATH = pathWithout(/gcc|g\+\+|clang|^cc$|^c\+\+$|^c[89]9/);
    await refuses(project(), check, 3, [/compiler/, 'apt-get install'], { PATH, ...cache() });
  });

  it('has no emulator', async () => {
    const PATH = pathWithout(/^qemu-/);
    const args = [
      'check',
      '--config',
      'gate.yml',
      '--target',
      'cortex-a72',
      '--measure',
      'modelled',
      '--json',
      'out/report.json',
    ];
    await refuses(project(), args, 3, ['qemu', 'apt-get install', 'qemu-user'], { PATH, ...cache() });
  });
});

/** A .npy file of float32 zeros (format version 1.0). */
function npy(shape: readonly number[]): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const padded = header.padEnd(117, ' ').concat('\n');
  const head = Buffer.alloc(10);
  head.write('\x93NUMPY\x01\x00', 'latin1');
  head.writeUInt16LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded, 'latin1'), Buffer.alloc(4 * shape.reduce((a, b) => a * b, 1))]);
}
