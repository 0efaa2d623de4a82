import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { EnvironmentError, reasonOf } from '../../errors.ts';
import { undoOnInterrupt } from './interrupt.ts';

export interface ToolOptions {
  readonly cwd?: string;
  /** Variables to set, or to take away (undefined), in this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default 10 minutes: a compiler that has not finished by then will not. */
  readonly timeoutMs?: number;
}

export interface ToolResult {
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT = 1 << 20;

/** A program ran and failed; the message holds its own words. */
export class ToolError extends EnvironmentError {
  override readonly name = 'ToolError';
}

/** How every child process is started: at the head of a group of its own, so that what it starts ends with it. */
export const OWN_GROUP = { detached: true } as const;

/** Ends a process of OWN_GROUP and all that it started, at once. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return; // it never started
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // the group has ended
  }
}

/**
 * Runs a program to its end and returns what it said, whatever its exit status; null when there is no such program.
 * No shell is involved. Output past 1 MiB is dropped.
 * @throws EnvironmentError when it cannot be started or runs out of time.
 */
export function tryTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult | null> {
  const timeoutMs = options.timeoutMs ?? 600_000;
  return new Promise((resolve, reject) => {
    const { cwd } = options;
    // Compilers put their temporary files where their results go: there they are cleared away whatever happens.
    const env = { ...process.env, ...(cwd !== undefined && { TMPDIR: cwd }), ...options.env };
    const child = spawn(command, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], ...OWN_GROUP });
    const forget = undoOnInterrupt(() => killGroup(child));
    const text = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        if (text[stream].length < MAX_OUTPUT) text[stream] += chunk;
      });
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child);
    }, timeoutMs);
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      forget();
      if (error.code === 'ENOENT') resolve(null);
      else reject(new EnvironmentError(`cannot start ${command}: ${reasonOf(error)}`, { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      forget();
      if (late) reject(new EnvironmentError(`${basename(command)} did not finish within ${timeoutMs / 1000} s`));
      else resolve({ code, signal, ...text });
    });
  });
}

/** The part of a tool's complaint that is worth showing. */
export function trimOutput(text: string, lines = 20): string {
  const all = text.trim().split('\n');
  const shown = all.slice(0, lines).map((line) => line.slice(0, 400));
  return all.length > lines ? `${shown.join('\n')}\n… ${all.length - lines} more lines` : shown.join('\n');
}

/**
 * Runs a program that has to succeed.
 * @throws EnvironmentError with the beginning of its stderr when it is absent, fails or runs out of time.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolResult> {
  const result = await tryTool(command, args, options);
  if (result === null) throw new EnvironmentError(`there is no program ${command}`);
  if (result.code !== 0) {
    const how = result.code === null ? `was ended by ${result.signal}` : `failed with exit status ${result.code}`;
    throw new ToolError(`${basename(command)} ${how}:\n${trimOutput(result.stderr || result.stdout)}`);
  }
  return result;
}
