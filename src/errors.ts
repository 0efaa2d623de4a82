/**
 * The two ways in which a run can end without a verdict. The command line and the action turn them into exit
 * status 2 and 3; everything else that is thrown is a bug of ours and keeps its stack.
 */

/** The user's input is at fault: a configuration, a model, data. The message says what to do. Exit status 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Where the fault stands, when it stands in a text file; the action annotates that line. */
  readonly at?: { readonly file: string; readonly line?: number; readonly column?: number };

  constructor(message: string, options?: ErrorOptions & { at?: InputError['at'] }) {
    super(message, options);
    this.at = options?.at;
  }
}

/** The environment is at fault: no compiler, no emulator, a crashed or timed-out device. Exit status 3. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}
