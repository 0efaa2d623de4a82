import type { Build } from '../../compiler/build.ts';
import type { Shape } from '../../model/tensor/shape.ts';

export interface LinkOptions {
  readonly cacheDir?: string;
  readonly family?: 'gcc' | 'clang';
  /** Further flags, after all others. */
  readonly flags?: readonly string[];
  /** For counting what is executed: memory functions are our own, not libc's, which vary with its version and the processor. */
  readonly counted?: boolean;
  /** Index of a build that the program holds a second time, under another name, as its last. */
  readonly copyOf?: number;
  /** Other numbers put the builds' code into another order, with other gaps between. */
  readonly layout?: number;
}

/** A runner program with several builds linked in: one process can run and time all of them. */
export interface RunnerImage {
  readonly executable: string;
  readonly builds: readonly Build[];
  /** How it was linked, and would be linked again. */
  readonly link?: LinkOptions;
}

/** Run one build over many samples. */
export interface Job {
  /** Index into the image's builds. */
  readonly build: number;
  /** For each model input, the samples' elements one after another, `samples · port.bytes` long. */
  readonly inputs: readonly Uint8Array[];
  readonly samples: number;
  /** Whether state (variables, LSTM cells) starts afresh before every sample. */
  readonly reset: boolean;
}

/** What came out of a job. */
export interface JobResult {
  /** For each model output: the samples' elements one after another. */
  readonly outputs: readonly Uint8Array[];
  /**
   * For each sample, for each output: its shape in that run, whose elements are the first of the sample's. null for a
   * build all of whose outputs always have the shapes of its ports.
   */
  readonly shapes: readonly (readonly Shape[])[] | null;
}

export interface RunOptions {
  /** For the whole call. A device that does not answer by then is killed and reported as an EnvironmentError. */
  readonly timeoutMs?: number;
  /** Called with the number of finished samples, now and then. */
  readonly onProgress?: (done: number) => void;
}

export interface SessionOptions {
  /** When it fires, the process is killed and the command in work fails. */
  readonly signal?: AbortSignal;
  /** How long the runner may be silent while a command is in work; the default is ten minutes. */
  readonly silenceMs?: number;
}

/** A runner process that is obeying commands; the commands stand in native/runner/runner.c. */
export interface Session {
  /** The process; undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Where file names in commands are looked up. */
  readonly folder: string;
  /** Puts a file into the folder. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** The contents of a file of the folder. */
  read(name: string): Promise<Uint8Array>;
  /**
   * Sends one command; the result is the lines it answers with before "ok". `build` is named in errors.
   * Throws an EnvironmentError if the process crashes, hangs, refuses or talks nonsense.
   */
  send(command: string, build?: Build, onLine?: (line: string) => void): Promise<string[]>;
  /** Lets the process end; throws if it does not end well. */
  close(): Promise<void>;
  /** Ends the process at once. */
  kill(): Promise<void>;
}

/** Something that runs runner images. */
export interface Device {
  readonly kind: 'native' | 'qemu';
  run(image: RunnerImage, jobs: readonly Job[], options?: RunOptions): Promise<JobResult[]>;
  /** Starts a runner process of the image and gives it to `use`; process and files are gone afterwards. */
  session<T>(image: RunnerImage, options: SessionOptions, use: (session: Session) => Promise<T>): Promise<T>;
}
