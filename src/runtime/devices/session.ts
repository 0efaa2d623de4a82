import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Build } from '../../compiler/build.ts';
import { killGroup, OWN_GROUP, undoOnInterrupt } from '../../compiler/toolchain/index.ts';
import { EnvironmentError } from '../../errors.ts';
import { Commands } from './commands.ts';
import type { RunnerImage, Session, SessionOptions } from './device.ts';
import { explainExit, explainSpawn } from './failures.ts';
import { scratchError } from './scratch.ts';

/** A runner that says nothing for so long is taken to hang: no single inference takes longer, even emulated. */
const SILENCE_MS = 10 * 60_000;
const KEEP_STDERR = 2000;
/** What the runner says where the folder that it works in is full. */
const NO_ROOM = /no space left on device|disk quota exceeded|file too large/i;

/** A line that is longer ends here: no protocol of ours has such. */
const LONGEST_LINE = 1 << 16;

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
  let failure: EnvironmentError | null = null;
  /** Whether the process was asked to end, and whether it has ended. */
  let closing = false;
  let over = false;
  let said: string | null = null;
  let stderr = '';

  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const commands = new Commands(silenceMs, () =>
    stop(`gave no sign of life for ${silenceMs / 1000} s and was stopped`),
  );
  const fail = (error: EnvironmentError) => {
    failure ??= error;
    if (!over) killGroup(child);
    commands.fail(failure);
  };
  /** Fails with what the build in work did. */
  const stop = (what: string) => fail(new EnvironmentError(`${nameOf(commands.build)} ${what}`));
  const onAbort = () => stop('did not finish within the time limit and was stopped');
  options.signal?.addEventListener('abort', onAbort);
  if (options.signal?.aborted) onAbort();

  onLines(child.stdout, (line) => {
    if (line.startsWith('error ')) said = line.slice(6);
    else if (!commands.take(line))
      stop(`answered ${JSON.stringify(line.slice(0, 80))}, which is not the runner's protocol`);
    commands.heard();
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
      const early = commands.due || code !== 0 || !closing;
      if (early && said !== null && NO_ROOM.test(said)) fail(scratchError(said));
      if (early) fail(explainExit({ code, signal, said, stderr }, commands.build, launcher.length > 0));
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
      const answer = commands.add(build ?? null, onLine);
      child.stdin.write(`${command}\n`);
      return answer;
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

/** How messages name what the runner is at. */
const nameOf = (build: Build | null): string => (build ? `${build.name} (${build.target.name})` : 'the runner');

/** Calls `onLine` with every line of a text that comes in pieces. */
function onLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
    if (rest.length > LONGEST_LINE) onLine(rest);
  });
}
