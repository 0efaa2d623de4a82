import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweep } from '../../src/compiler/toolchain/index.ts';
import { EnvironmentError } from '../../src/errors.ts';
import type { RunnerImage } from '../../src/runtime/devices/device.ts';
import { explainExit, explainSpawn } from '../../src/runtime/devices/failures.ts';
import { linkRunner } from '../../src/runtime/devices/image.ts';
import { canRunHere, fingerprint, resolveTarget } from '../../src/runtime/devices/machine.ts';
import { findQemu, nativeDevice, openDevice } from '../../src/runtime/devices/open.ts';
import { splitJobs } from '../../src/runtime/devices/run.ts';
import { commandLines, sourcesAsJavaScript } from '../processes.ts';
import { aarch64, handBuild, host, scratchFolders, testFolder } from './helpers.ts';

const folder = testFolder();
// A temporary folder of our own: what is left in it was left by us.
process.env.TMPDIR = folder;
const sources = sourcesAsJavaScript();
const bytes = (n: number, f: (i: number) => number) => Uint8Array.from({ length: n }, (_, i) => f(i));
const failure = async (run: Promise<unknown>): Promise<Error> =>
  run.then(
    () => expect.fail('did not fail'),
    (e) => e,
  );

describe.each([host, aarch64])('builds for $name', (target) => {
  let image: RunnerImage;
  const NEGATE = 0;
  const COUNTER = 1;
  const CRASH = 2;
  const ILLEGAL = 3;
  const EXITS = 4;
  const HANGS = 5;
  const CHATTERS = 6;
  const OVERRUNS = 7;
  const REFUSES = 8;
  const KILLED = 9;
  beforeAll(async () => {
    const model = (symbol: string, run: string, init?: string) => handBuild(folder, target, { symbol, run, init });
    image = await linkRunner([
      model('negate', 'for (int i = 0; i < 4; i++) out[i] = (int8_t)-in[i];'),
      model('counter', 'for (int i = 0; i < 4; i++) out[i] = (int8_t)(in[i] + state[0]); state[0]++;', 'state[0] = 1;'),
      model('crash', '*(volatile int *)8 = 1;'),
      model('illegal', target.arch === 'host' && process.arch !== 'arm64' ? '__asm__("ud2");' : '__asm__(".inst 0");'),
      model('exits', 'exit(0);'),
      model('hangs', 'for (volatile int i = 0; ; i++) {}'),
      model('chatters', 'puts("hello"); fflush(stdout);'),
      model('overruns', 'out[n + 3] = 1;'),
      model('refuses', 'return 7;'),
      model('killed', 'kill(getpid(), SIGKILL);'),
    ]);
  });
  const inputs = [bytes(4 * 50, (i) => i % 100)];
  const run = async (build: number, options = {}) =>
    (await openDevice(target)).run(image, [{ build, inputs, samples: 50, reset: true }], options);
  afterAll(() => expect(scratchFolders()).toEqual([]));

  test('run gives the samples in order, however many processes share them', async () => {
    let done = 0;
    const device = await openDevice(target);
    const jobs = [
      { build: NEGATE, inputs, samples: 50, reset: true },
      { build: COUNTER, inputs, samples: 50, reset: true },
      { build: COUNTER, inputs, samples: 50, reset: false },
    ];
    const [negated, reset, kept] = await device.run(image, jobs, { onProgress: (n) => (done = n) });
    expect(negated.outputs).toEqual([bytes(200, (i) => -(i % 100))]);
    expect(reset.outputs).toEqual([bytes(200, (i) => (i % 100) + 1)]);
    expect(kept.outputs).toEqual([bytes(200, (i) => (i % 100) + 1 + Math.floor(i / 4))]);
    expect(done).toBe(150);
  });

  test('no samples give no output', async () => {
    const device = await openDevice(target);
    const [result] = await device.run(image, [{ build: NEGATE, inputs: [new Uint8Array()], samples: 0, reset: true }]);
    expect(result).toEqual({ outputs: [new Uint8Array()], shapes: null });
  });

  test.each([
    [CRASH, /^crash \(built for .*\) crashed with a memory access fault \(SIGSEGV\)/],
    [ILLEGAL, /^illegal \(built for .*\) stopped at an illegal instruction \(SIGILL\)/],
    [EXITS, /^exits \(built for .*\) ended with status 0 before its work was done/],
    [CHATTERS, /^chatters \(.*\) answered "hello", which is not the runner's protocol/],
    [OVERRUNS, /^overruns \(built for .*\) was refused by the runner: overruns wrote past the end of its output/],
    [REFUSES, /^refuses \(built for .*\) was refused by the runner: run of refuses returned 7/],
    [KILLED, /^killed \(built for .*\) was killed from outside \(SIGKILL\), most likely .* memory/],
  ])('build %i fails with one error that names it', async (build, message) => {
    const error = await failure(run(build));
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.message).toMatch(message);
  });

  test('a hanging build is stopped by the time limit, or by its silence', async () => {
    expect((await failure(run(HANGS, { timeoutMs: 300 }))).message).toMatch(/^hangs .*time limit/);
    const device = await openDevice(target);
    const silent = device.session(image, { silenceMs: 200 }, (s) =>
      s.send(`calibrate ${HANGS} 1`, image.builds[HANGS]),
    );
    expect((await failure(silent)).message).toMatch(/^hangs .* no sign of life for 0.2 s/);
  });

  test('describe tells arenas and ports', async () => {
    const device = await openDevice(target);
    const lines = await device.session(image, {}, (session) => session.send('describe'));
    expect(lines.slice(0, 3)).toEqual(['model 0 4 1 1 negate', 'input 9 4 in', 'output 9 4 out']);
    expect(lines).toHaveLength(3 * image.builds.length);
  });

  test.each([
    ['frobnicate', /unknown command frobnicate/],
    ['run', /run BUILD SAMPLES RESET/],
    ['run 99 1 1 a b', /there is no build 99/],
    ['run 0 1 1 only-one', /negate needs 2 files, not 1/],
    ['run 0 1 1 missing out', /cannot read missing: No such file/],
    ['run 0 3 1 short out', /short holds 8 bytes; 3 samples of 4 bytes are needed/],
    ['run 0 18446744073709551615 1 short out', /short holds 8 bytes/],
    ['run 0 -1 1 short out', /'-1' is not a number/],
    ['run 0 2 1 short no/such/folder', /cannot write no\/such\/folder/],
    ['load 0 0 short', /load takes 1 to 64 samples, once/],
    ['load 0 3 short', /short holds 8 bytes; 3 samples of 4 bytes are needed/],
    ['load 0 1', /negate has 1 inputs, not 0/],
    ['time 1 1 0', /'0' is not BUILD:BATCH/],
    ['instructions', /instructions BUILD/],
    ['slow 0', /slow BUILD PERMILLE/],
    ['count 0 counts', /unknown command count/],
    [`run ${'x '.repeat(5000)}`, /too many words/],
  ])('the runner refuses "%.40s"', async (command, message) => {
    const device = await openDevice(target);
    const refused = device.session(image, {}, (session) => {
      writeFileSync(join(session.folder, 'short'), new Uint8Array(8));
      return session.send(command, image.builds[NEGATE]);
    });
    expect((await failure(refused)).message).toMatch(message);
  });

  test('time answers two passes for each round, on each sample in turn', async () => {
    const device = await openDevice(target);
    const lines = await device.session(image, {}, async (session) => {
      writeFileSync(join(session.folder, 'two'), new Uint8Array(8));
      await session.send(`load ${NEGATE} 2 two`);
      return session.send(`time 5 3 ${NEGATE}:10 ${COUNTER}:1`);
    });
    expect(lines.shift()).toMatch(/^clock (thread|wall)$/);
    expect(lines.map((line) => line.split(' ', 2)[1])).toEqual(['0', '0', '1', '1', '0', '0']);
    for (const line of lines) expect(line).toMatch(/^pass [01]( [1-9]\d*){2}( \d+){4}$/);
  });
});

test('a program that is no runner, or none at all, is one clear error', async () => {
  const script = join(folder, 'not-a-runner');
  writeFileSync(script, '#!/bin/sh\nhead -c 200000 /dev/zero | tr "\\0" x\nsleep 5\n');
  chmodSync(script, 0o755);
  const send = (executable: string) =>
    nativeDevice().session({ executable, builds: [] }, {}, (session) => session.send('describe'));
  expect((await failure(send(script))).message).toMatch(/answered "x{80}", which is not the runner's protocol/);
  const missing = await failure(send(join(folder, 'missing')));
  expect(missing).toBeInstanceOf(EnvironmentError);
  expect(missing.message).toMatch(/^cannot start .*missing: .*ENOENT/);
});

test('a runner that ends before it is asked anything fails at once, and so does one that is empty', async () => {
  const started = Date.now();
  for (const text of ['', '#!/bin/sh\nexit 0\n']) {
    const file = join(folder, 'ends-at-once');
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    const late = nativeDevice().session({ executable: file, builds: [] }, {}, async (session) => {
      await setTimeout(300);
      return session.send('describe');
    });
    expect((await failure(late)).message).toMatch(/^the runner .* ended with status 0 before its work was done/);
  }
  expect(Date.now() - started).toBeLessThan(20_000);
});

test('a missing emulator is an error with the install command', () => {
  expect(() => findQemu(folder)).toThrow(/qemu-aarch64.* is missing; install it: sudo apt-get install qemu-user/);
  const enoent = Object.assign(new Error('spawn qemu-aarch64 ENOENT'), { code: 'ENOENT' });
  expect(explainSpawn(enoent, 'qemu-aarch64', true).message).toContain('sudo apt-get install qemu-user');
});

describe('a process that ends before its work is done', () => {
  const start = async () => {
    const build = handBuild(folder, host, { symbol: 'forever', run: 'for (;;) usleep(1000);' });
    const { executable } = await linkRunner([build]);
    const devices = join(sources, 'runtime/devices');
    const main = join(folder, 'main.mjs');
    writeFileSync(
      main,
      `import { withScratch } from ${JSON.stringify(join(devices, 'scratch.js'))};
import { startSession } from ${JSON.stringify(join(devices, 'session.js'))};
await withScratch(async (folder) => {
  const session = startSession([], { executable: ${JSON.stringify(executable)}, builds: [] }, folder);
  await session.send('describe');
  console.log('ready');
  await session.send('calibrate 0 1');
});`,
    );
    const runners = () => commandLines().filter((line) => line.startsWith(executable));
    const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect([runners().length, scratchFolders().length]).toEqual([1, 1]);
    return { child, ended, runners };
  };

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s takes its runners and their files with it',
    async (how) => {
      const { child, ended, runners } = await start();
      child.kill(how);
      expect(await ended).toBe(how);
      await expect.poll(() => runners().length).toBe(0);
      expect(scratchFolders()).toEqual([]);
    },
  );

  test('by SIGKILL takes its runners with it; the next process removes the files', async () => {
    const { child, ended, runners } = await start();
    child.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
    await expect.poll(() => runners().length).toBe(0);
    expect(scratchFolders()).toHaveLength(1);
    const { withScratch } = await import('../../src/runtime/devices/scratch.ts');
    const elsewhere = join(folder, 'int8-gate-run-0badcafe-1-live');
    mkdirSync(elsewhere); // of another machine that shares the folder
    sweep(folder, 'int8-gate-run');
    await withScratch(async (own) => {
      expect(
        scratchFolders()
          .map((name) => join(folder, name))
          .sort(),
      ).toEqual([elsewhere, own].sort());
    });
    rmSync(elsewhere, { recursive: true });
  });
});

test('a folder for temporary files that cannot be written is the environment’s fault', async () => {
  const { withScratch } = await import('../../src/runtime/devices/scratch.ts');
  const full = async (folder: string) => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
      folder,
    });
  };
  const error = await failure(withScratch(full));
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.message).toContain(`${folder}: no space left on device. Set TMPDIR to a folder`);
  expect(scratchFolders()).toEqual([]);
  process.env.TMPDIR = join(folder, 'no-such-folder');
  const absent = await failure(withScratch(async () => {}));
  process.env.TMPDIR = folder;
  expect(absent).toBeInstanceOf(EnvironmentError);
  expect(absent.message).toContain('no-such-folder: no such file or directory.');
});

test('signals that a container turned into a status read the same', () => {
  const build = handBuild(
    folder,
    { ...host, features: { dotprod: true, i8mm: false, fp16: false } },
    { symbol: 'b', run: '' },
  );
  const exit = { code: 132, signal: null, said: null, stderr: 'line one\nline two\n' };
  const { message } = explainExit(exit, build, false);
  expect(message).toContain('(SIGILL): the target needs dotprod, this machine lacks it');
  expect(message).toContain('its last words: line one | line two');
  expect(explainExit({ ...exit, code: 3 }, null, true).message).toMatch(
    /^the runner \(under QEMU\) ended with status 3/,
  );
});

test('a target runs here when the processor has all it needs', () => {
  const arm = { arm64: true, cpu: null, features: { dotprod: true, i8mm: false, fp16: false } };
  const i8mm = { ...aarch64, features: { dotprod: true, i8mm: true, fp16: false } };
  expect(canRunHere(host, { ...arm, arm64: false })).toBe(true);
  expect(canRunHere(aarch64, { ...arm, arm64: false })).toBe(false);
  expect(canRunHere(aarch64, arm)).toBe(true);
  expect(canRunHere(i8mm, arm)).toBe(false);
  expect(fingerprint()).toMatchObject({ arch: process.arch, os: process.platform });
});

test('a user may name this machine', () => {
  expect(resolveTarget('cortex-a72')).toMatchObject({ cpu: 'cortex-a72' });
  const native = () => resolveTarget('native');
  if (process.arch === 'arm64') expect(canRunHere(native())).toBe(true);
  else expect(native).toThrow(/this machine is not ARM64/);
});

test('splitting jobs loses no sample and keeps their order', () => {
  const jobs = fc.array(fc.record({ samples: fc.nat(200), reset: fc.boolean() }), { maxLength: 5 });
  fc.assert(
    fc.property(jobs, fc.integer({ min: 1, max: 64 }), (list, workers) => {
      const chunks = splitJobs(list, workers);
      for (const [index, job] of list.entries()) {
        const own = chunks.filter((chunk) => chunk.job === index);
        expect(own.length).toBeGreaterThanOrEqual(1);
        expect(own.length).toBeLessThanOrEqual(job.reset ? workers : 1);
        let next = 0;
        for (const { first, samples } of own) {
          expect(first).toBe(next);
          next += samples;
        }
        expect(next).toBe(job.samples);
      }
    }),
  );
});

test('a request that does not fit the build is refused before anything starts', async () => {
  const builds = [handBuild(folder, host, { symbol: 'fits', run: '' })];
  const image = { executable: '/nonexistent', builds };
  const job = { build: 0, inputs: [new Uint8Array(4)], samples: 1, reset: true };
  const device = nativeDevice();
  await expect(device.run(image, [{ ...job, build: 1 }])).rejects.toThrow(/holds 1 builds, not build 1/);
  await expect(device.run(image, [{ ...job, inputs: [] }])).rejects.toThrow(/takes 1 inputs, not 0/);
  await expect(device.run(image, [{ ...job, samples: 2 }])).rejects.toThrow(/takes 2 samples of 4 bytes, not 4 bytes/);
  await expect(linkRunner([builds[0], builds[0]])).rejects.toThrow(/a symbol of its own/);
});
