import type { Build } from '../../compiler/build.ts';
import type { Features } from '../../compiler/targets/index.ts';
import { EnvironmentError } from '../../errors.ts';

/** How a runner process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The text of the runner's own "error" line. */
  readonly said: string | null;
  readonly stderr: string;
}

export const INSTALL_QEMU = 'install it: sudo apt-get install qemu-user';

/** What a target asks of the processor beyond plain ARMv8.0, in words. */
export function featureNames(features: Features): string[] {
  return Object.entries(features).flatMap(([name, wanted]) => (wanted ? [name] : []));
}

/** Turns a failed start of the runner (or of the emulator before it) into an EnvironmentError. */
export function explainSpawn(error: NodeJS.ErrnoException, program: string, emulated: boolean): EnvironmentError {
  const remedy = emulated && error.code === 'ENOENT' ? `; ${INSTALL_QEMU}` : '';
  return new EnvironmentError(`cannot start ${program}: ${error.message}${remedy}`, { cause: error });
}

/** Turns the end of a runner process into an EnvironmentError: what happened, to which build, and what to do. */
export function explainExit(exit: Exit, build: Build | null, emulated: boolean): EnvironmentError {
  const where = emulated ? 'under QEMU' : 'on this machine';
  const who = build ? `${build.name} (built for ${build.target.name}, ${where})` : `the runner (${where})`;
  const tail = exit.stderr.trim().split('\n').slice(-3).join(' | ');
  const heard = tail ? `; its last words: ${tail}` : '';
  return new EnvironmentError(`${who} ${reason(exit, build, emulated)}${heard}`.replace(/\s+/g, ' '));
}

const CRASHES: Partial<Record<NodeJS.Signals, string>> = {
  SIGSEGV: 'crashed with a memory access fault (SIGSEGV)',
  SIGBUS: 'crashed with a memory access fault (SIGBUS)',
  SIGFPE: 'crashed in arithmetic (SIGFPE)',
  SIGABRT: 'aborted (SIGABRT)',
  SIGTRAP: 'hit a trap (SIGTRAP)',
};

/** A shell or a container reports a signal as 128 + its number. */
const NUMBERS: Record<number, NodeJS.Signals> = {
  132: 'SIGILL',
  133: 'SIGTRAP',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
};

function reason(exit: Exit, build: Build | null, emulated: boolean): string {
  if (exit.said !== null) return `was refused by the runner: ${exit.said}`;
  const signal = exit.signal ?? NUMBERS[exit.code ?? -1] ?? null;
  if (signal === 'SIGILL') {
    const needs = build ? featureNames(build.target.features).join(' and ') : '';
    const lack = needs
      ? `the target needs ${needs}, this ${emulated ? 'emulator' : 'machine'} lacks it`
      : 'unknown here';
    return `stopped at an illegal instruction (SIGILL): ${lack}; choose a target that the processor supports`;
  }
  if (signal === 'SIGKILL') {
    const needs = build ? ` (its arena takes ${(build.arenaBytes / 2 ** 20).toFixed(1)} MiB)` : '';
    return `was killed from outside (SIGKILL), most likely because the machine ran out of memory${needs}`;
  }
  if (signal === 'SIGTERM' || signal === 'SIGINT') return `was ended from outside (${signal})`;
  const crash = signal && CRASHES[signal];
  if (crash) return `${crash}: a fault of the compiled code, please report it with the model`;
  if (signal) return `ended by ${signal}`;
  return `ended with status ${exit.code} before its work was done`;
}
