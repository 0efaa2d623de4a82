import type { Build } from '../../compiler/build.ts';

/** A runner program with several builds linked in: one process can run and time all of them. */
export interface RunnerImage {
  readonly executable: string;
  readonly builds: readonly Build[];
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

export interface RunOptions {
  /** For the whole call. A device that does not answer by then is killed and reported as an EnvironmentError. */
  readonly timeoutMs?: number;
  /** Called with the number of finished samples, now and then. */
  readonly onProgress?: (done: number) => void;
}

/** Something that runs runner images. */
export interface Device {
  readonly kind: 'native' | 'qemu';
  /** For each job, for each model output: the samples' elements one after another. */
  run(image: RunnerImage, jobs: readonly Job[], options?: RunOptions): Promise<Uint8Array[][]>;
}
