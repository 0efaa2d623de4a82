import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Build } from '../../compiler/build.ts';
import { killGroup, OWN_GROUP, undoOnInterrupt } from '../../compiler/toolchain/index.ts';
import { EnvironmentError } from '../../errors.ts';
import type { RunnerImage, Session, SessionOptions } from './device.ts';
import { explainExit, explainSpawn } from './failures.ts';
import { scratchError } from './scratch.ts';

/** A runner that says nothing for so long is taken to hang: no single inference takes longer, even emulated. */
const SILENCE_MS = 10 * 60_000;
const KEEP_STDERR = 2000;
/** What the runner says where the folder that it works in is full. */
const NO_ROOM = /no space left on device|disk quota exceeded|file too large/i;

interface Pending {
  readonly build: Build | null;
  readonly lines: string[];
  readonly onLine?: (line: string) => void;
  resolve(lines: string[]): void;
  reject(error: EnvironmentError): void;
}

/**
 * Starts the runner and speaks its line protocol (native/runner/runner.c). `launcher` are the words before the
 * executable: none on this machine, the emulator and its options under QEMU. File names in commands are relative to
 * `folder`. However the process ends early, the command in work fails with one EnvironmentError that says why.
 */
export function startSession(
  launcher: readonly string[],
  image: RunnerImage,
  folder: string,
  options: SessionOptions = {},
): Session {
  const [program, ...args] = [...launcher, image.executable];
  // Nothing of the environment matters to a build, and QEMU_* variables could change what is measured.
  const child = spawn(program, args, { cwd: folder, stdio: 'pipe', env: { PATH: process.env.PATH }, ...OWN_GROUP });
  const forget = undoOnInterrupt(() => killGroup(child));
  const queue: Pending[] = [];
  let failure: EnvironmentError | null = null;
  /** Whether the process was asked to end, and whether it has ended. */
  let closing = false;
  let over = false;
  let said: string | null = null;
  let stderr = '';
  let buffer = '';
  let timer: NodeJS.Timeout | undefined;

  const fail = (error: EnvironmentError) => {
    failure ??= error;
    if (!over) killGroup(child);
    clearTimeout(timer);
    for (const p of queue.splice(0)) p.reject(failure);
  };
  const about = () => queue[0]?.build ?? null;
  const nameOf = (build: Build | null) => (build ? `${build.name} (${build.target.name})` : 'the runner');
  const watch = () => {
    clearTimeout(timer);
    const ms = options.silenceMs ?? SILENCE_MS;
    if (queue.length === 0) return;
    timer = setTimeout(() => {
      fail(new EnvironmentError(`${nameOf(about())} gave no sign of life for ${ms / 1000} s and was stopped`));
    }, ms);
  };
  const onAbort = () => {
    fail(new EnvironmentError(`${nameOf(about())} did not finish within the time limit and was stopped`));
  };
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted) onAbort();

  const onLine = (line: string) => {
    const current = queue[0];
    if (line === 'ok' && current) {
      queue.shift();
      current.resolve(current.lines);
    } else if (line.startsWith('error ')) {
      said = line.slice(6);
    } else if (current && /^(model|input|output|done|dims|batch|pass) /.test(line)) {
      current.lines.push(line);
      current.onLine?.(line);
    } else {
      const seen = JSON.stringify(line.slice(0, 80));
      fail(new EnvironmentError(`${nameOf(about())} answered ${seen}, which is not the runner's protocol`));
    }
    watch();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    buffer += text;
    const lines = buffer.split('\n');
    buffer = lines.pop()!;
    for (const line of lines) onLine(line);
    if (buffer.length > 1 << 16) onLine(buffer);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEEP_STDERR);
  });
  child.stdin.on('error', () => {}); // EPIPE: the process has ended, and its exit says why
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      over = true;
      fail(explainSpawn(error, program, launcher.length > 0));
      resolve();
    });
    child.on('close', (code, signal) => {
      over = true;
      const early = queue.length > 0 || code !== 0 || !closing;
      if (early && said !== null && NO_ROOM.test(said)) fail(scratchError(said));
      if (early) fail(explainExit({ code, signal, said, stderr }, about(), launcher.length > 0));
      forget();
      options.signal?.removeEventListener('abort', onAbort);
      resolve();
    });
  });

  return {
    pid: child.pid,
    folder,
    write: (name, bytes) => writeFile(join(folder, name), bytes),
    read: (name) => readFile(join(folder, name)),
    send(command, build, onLine) {
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => {
        queue.push({ build: build ?? null, lines: [], onLine, resolve, reject });
        watch();
        child.stdin.write(`${command}\n`);
      });
    },
    async close() {
      closing = true;
      child.stdin.end();
      await ended;
      if (failure) throw failure;
    },
    async kill() {
      if (!over) killGroup(child);
      await ended;
    },
  };
}
