import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { streamBeside, writeFiles, writeOutput } from '../../src/cli/write_files.ts';
import { EnvironmentError, InputError } from '../../src/errors.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'int8-gate-outputs-'));
  const mine = folder;
  onTestFinished(() => rmSync(mine, { recursive: true, force: true }));
});
const path = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(path(name), 'utf8');
const failure = async (run: Promise<unknown>): Promise<Error> =>
  run.then(
    () => expect.fail('did not fail'),
    (error) => error,
  );

/**
 * A character device of our own, for one of the machine's must not be at stake: a node in the test's folder where that is
 * allowed (as root), else a terminal.
 */
async function characterDevice(): Promise<string> {
  const node = path('null');
  if (spawnSync('mknod', [node, 'c', '1', '3']).status === 0) {
    try {
      writeFileSync(node, '');
      return node;
    } catch {
      rmSync(node); // the folder's file system obeys no devices
    }
  }
  const terminal = spawn('script', ['-qc', 'tty; exec cat', '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    terminal.kill('SIGKILL');
  });
  let shown = '';
  terminal.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part));
  await expect.poll(() => /^\/dev\/pts\/\d+\s/m.test(shown)).toBe(true);
  return shown.trim();
}

describe('an output', () => {
  test('is made with its folders, and replaces a file of the same mode', async () => {
    await writeOutput(path('a/b/report.json'), 'one');
    chmodSync(path('a/b/report.json'), 0o640);
    await writeOutput(path('a/b/report.json'), Buffer.from('two'));
    expect(read('a/b/report.json')).toBe('two');
    expect(statSync(path('a/b/report.json')).mode & 0o777).toBe(0o640);
    expect(readdirSync(path('a/b'))).toEqual(['report.json']);
  });

  test('goes where a symbolic link leads, relative or not, to a file or to none', async () => {
    mkdirSync(path('real'));
    writeFileSync(path('real/old.json'), 'old');
    symlinkSync('real/old.json', path('relative'));
    symlinkSync(path('relative'), path('chain'));
    symlinkSync('real/new.json', path('dangling'));
    symlinkSync(path('real'), path('folder'));
    await writeOutput(path('chain'), 'one');
    await writeOutput(path('dangling'), 'two');
    await writeOutput(path('folder/three.json'), 'three');
    expect([read('real/old.json'), read('real/new.json'), read('real/three.json')]).toEqual(['one', 'two', 'three']);
    for (const link of ['relative', 'chain', 'dangling', 'folder'])
      expect(lstatSync(path(link)).isSymbolicLink()).toBe(true);
    expect(readlinkSync(path('dangling'))).toBe('real/new.json');
  });

  test('is written into a pipe, whoever comes first, and however much it is', async () => {
    const text = 'x'.repeat(300_000); // more than a pipe holds
    for (const readerFirst of [true, false]) {
      const pipe = path(`pipe-${readerFirst}`);
      execFileSync('mkfifo', [pipe]);
      const written = readerFirst ? null : writeOutput(pipe, text);
      if (!readerFirst) await new Promise((resolve) => setTimeout(resolve, 200));
      const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
      let got = '';
      reader.stdout.setEncoding('utf8').on('data', (part: string) => (got += part));
      const end = new Promise((resolve) => reader.on('close', resolve));
      await (written ?? writeOutput(pipe, text));
      await end;
      expect(got.length).toBe(text.length);
      expect(statSync(pipe).isFIFO()).toBe(true);
    }
  });

  test('is written to a character device, which stays one', async () => {
    const device = await characterDevice();
    const { rdev } = statSync(device);
    await writeOutput(device, 'for the device\n');
    expect(statSync(device).isCharacterDevice()).toBe(true);
    expect(statSync(device).rdev).toBe(rdev);
  });

  test('called "-" is standard output, where nothing else goes then', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => write.mockRestore());
    await writeOutput('-', 'text');
    expect(write).toHaveBeenCalledWith('text');
    expect(existsSync('-')).toBe(false);
    expect(await streamBeside('-')).toBe(process.stderr);
    expect(await streamBeside(path('file'))).toBe(process.stdout);
    expect(await streamBeside(undefined)).toBe(process.stdout);
  });
});

describe('an output that cannot be written', () => {
  test.each<[string, (name: string) => void, RegExp]>([
    ['is a folder', (name) => mkdirSync(name), /it is a folder/],
    [
      'is read-only',
      (name) => {
        writeFileSync(name, 'old');
        chmodSync(name, 0o444);
      },
      /it is read-only; make it writable/,
    ],
    ['is a link to itself', (name) => symlinkSync(name, name), /too many symbolic links/],
  ])('because it %s is the input’s fault', async (_, make, words) => {
    make(path('out'));
    const error = await failure(writeOutput(path('out'), 'new'));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toContain(path('out'));
    expect(error.message).toMatch(words);
    expect(readdirSync(folder)).toEqual(['out']);
  });

  test('because it is a socket is the input’s fault', async () => {
    const server = createServer().listen(path('socket'));
    await new Promise((resolve) => server.on('listening', resolve));
    onTestFinished(() => {
      server.close();
    });
    expect((await failure(writeOutput(path('socket'), ''))).message).toMatch(/a block device or a socket/);
  });

  test('because its folder is a file is the input’s fault', async () => {
    writeFileSync(path('file'), '');
    const error = await failure(writeOutput(path('file/report.json'), ''));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/report\.json: not a directory; give a path/);
  });

  test('because the disk is full is the environment’s fault; the old file stays', async () => {
    const error = Object.assign(new Error('EFBIG: file too large, write'), { code: 'EFBIG', syscall: 'write' });
    writeFileSync(path('old.json'), 'old');
    const content = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) };
    const failed = await failure(writeOutput(path('old.json'), content as unknown as string));
    expect(failed).toBeInstanceOf(EnvironmentError);
    expect(failed.message).toContain(`make room in ${folder}`);
    expect(read('old.json')).toBe('old');
    expect(readdirSync(folder)).toEqual(['old.json']);
  });

  test('keeps all others of its kind from appearing', async () => {
    writeFileSync(path('b'), 'old');
    chmodSync(path('b'), 0o444);
    const pair = writeFiles(folder, [
      ['a', 'new'],
      ['b', 'new'],
    ]);
    expect(await failure(pair)).toBeInstanceOf(InputError);
    expect(readdirSync(folder)).toEqual(['b']);
    expect(read('b')).toBe('old');
  });
});

test.each(['fifo', 'file'])('a folder of results is not looked for in a %s', async (name) => {
  if (name === 'fifo') execFileSync('mkfifo', [path(name)]);
  else writeFileSync(path(name), 'old');
  const error = await failure(writeFiles(path(name), [['report.json', '{}']]));
  expect(error).toBeInstanceOf(InputError);
  const kind = name === 'fifo' ? 'a pipe' : 'a file';
  expect(error.message).toBe(`cannot write into ${path(name)}: it is ${kind}, no folder; give the path of a folder`);
});
