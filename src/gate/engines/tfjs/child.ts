import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nativePath } from '../../../compiler/toolchain/root.ts';

/** Resident memory that a model may take: beyond it the process is ended rather than the machine. */
const MOST_MEMORY = 6 * 2 ** 30;
const WATCH_MS = 500;
/** How much of what a process wrote before it died a message quotes. */
const MOST_QUOTED = 300;

/** What the process said, or how it ended: for the caller to put into words. */
export class ChildFault extends Error {
  override readonly name = 'ChildFault';
}

export interface Child {
  /** @throws ChildFault where the answer is an error, does not come in `limitMs`, or the process ends */
  ask(verb: 'open' | 'run', request: object, limitMs: number): Promise<unknown>;
  stop(): void;
}

/** Where the program and its WASM lie: beside the bundles, else in native/ with the libraries in node_modules. */
export function childProgram(): { readonly file: string; readonly wasm: string | null } {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'tfjs');
  const bundled = join(folder, 'index.cjs');
  return existsSync(bundled) ? { file: bundled, wasm: folder } : { file: nativePath('reference/tfjs.cjs'), wasm: null };
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** Starts a process that holds one model. It ends with this one. */
export function startChild(): Child {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE_PATH: process.env.NODE_PATH };
  const child = fork(childProgram().file, [], {
    ...{ serialization: 'advanced' as const, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    env: { ...env, TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-MOST_QUOTED);
  });
  const stop = () => void child.kill('SIGKILL');
  process.once('exit', stop);
  child.once('exit', () => process.removeListener('exit', stop));
  let next = 0;
  return {
    stop,
    ask(verb, request, limitMs) {
      const id = next++;
      keepAlive(child, true);
      return new Promise<unknown>((resolve, reject) => {
        const end = (settle: () => void): void => {
          clearTimeout(timer);
          clearInterval(watch);
          child.off('message', onMessage).off('exit', onExit).off('error', onError);
          keepAlive(child, false);
          settle();
        };
        const fail = (why: string) => end(() => reject(new ChildFault(why)));
        const onMessage = (answer: unknown): void => {
          const { id: of, result, error } = answer as Answer;
          if (of === id) error === undefined ? end(() => resolve(result)) : fail(error);
        };
        const onExit = (code: number | null, signal: string | null): void =>
          fail(`ended with ${signal ?? `status ${code}`}${said.trim() === '' ? '' : `: ${said.trim()}`}`);
        const onError = ({ message }: Error): void => fail(message);
        const timer = setTimeout(() => {
          stop();
          fail(`gave no answer in ${Math.round(limitMs / 1000)} s, and was ended`);
        }, limitMs);
        const watch = setInterval(() => {
          if (residentBytes(child) <= MOST_MEMORY) return;
          stop();
          fail(`took more than ${MOST_MEMORY / 2 ** 30} GiB of memory, and was ended`);
        }, WATCH_MS);
        child.on('message', onMessage).once('exit', onExit).once('error', onError);
        if (child.connected) child.send({ id, verb, request }, (error) => error && fail(error.message));
        else onExit(child.exitCode, child.signalCode);
      });
    },
  };
}

/** While nothing is asked, a process that waits keeps this one from ending no longer. */
function keepAlive(child: ChildProcess, alive: boolean): void {
  const method = alive ? 'ref' : 'unref';
  child[method]();
  child.channel?.[method]();
  (child.stderr as unknown as { ref(): void; unref(): void } | null)?.[method]?.();
}

/** 0 where the system does not tell. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  } catch {
    return 0;
  }
}
