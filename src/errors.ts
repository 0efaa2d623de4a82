/**
 * The two ways in which a run can end without a verdict. The command line and the action turn them into exit
 * status 2 and 3; everything else that is thrown is a bug of ours and keeps its stack.
 */

/** Exit statuses of the command and the action. */
export const EXIT = { passed: 0, failed: 1, input: 2, environment: 3, internal: 70 } as const;

/** A place in a text file; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The user's input is at fault: a configuration, a model, data. The message says what to do. Exit status 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Where the fault stands, when it stands in a text file; the action annotates that line. */
  readonly at?: Pick<Place, 'file'> & Partial<Place>;

  constructor(message: string, options?: ErrorOptions & { at?: InputError['at'] }) {
    super(message, options);
    this.at = options?.at;
  }
}

/** The environment is at fault: no compiler, no emulator, no space, a crashed or timed-out device. Exit status 3. */
export class EnvironmentError extends Error {
  override readonly name: string = 'EnvironmentError';
}

/** The exit status of a run that ended with this error. */
export const exitStatusOf = (error: unknown): 2 | 3 | 70 =>
  error instanceof InputError ? EXIT.input : error instanceof EnvironmentError ? EXIT.environment : EXIT.internal;

/** Whether the operating system refused something: an error of node:fs and the like, not a bug of ours. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && typeof (error as NodeJS.ErrnoException).code === 'string';

/** What a machine is short of or cannot do, whichever file is asked for. */
const SHORTAGES = ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

/** Whether the machine is at fault rather than the path: a full or read-only disk, no memory, too many open files. */
export const isShortage = (error: unknown): boolean => isSystemError(error) && SHORTAGES.includes(error.code as string);

/** What went wrong in the operating system's words: `ENOSPC: no space left on device, write` without code and call. */
export function reasonOf(error: unknown): string {
  const { message } = error as Error;
  return isSystemError(error) ? message.replace(/^[A-Z0-9]+: ([^,]+), .*$/s, '$1') : message;
}

/** The EnvironmentError that a system error nobody expected amounts to; null where it may be a bug of ours. */
export function faultOfSystem(error: unknown): EnvironmentError | null {
  if (!isShortage(error) && !(isSystemError(error) && /^(EACCES|EPERM)$/.test(String(error.code)))) return null;
  const { path, syscall } = error as NodeJS.ErrnoException;
  return new EnvironmentError(`the system refused to ${syscall} ${path ?? ''}: ${reasonOf(error)}`, { cause: error });
}
