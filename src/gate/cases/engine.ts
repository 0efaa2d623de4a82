import type { Model } from '../../model/ir/graph.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';

/** The elements of each input of a model, or of each output. */
export type Sample = readonly TensorData[];

export interface RunSamples {
  /** Variables keep their values from one sample to the next, and are fresh before the first; else before each. */
  readonly keepState: boolean;
}

/** Models made ready to run. */
export interface Runner {
  /**
   * Runs samples through the model at `index` of those prepared; the result has one entry a sample. Rejects where this
   * model could not be prepared or run, which must not keep the others from running.
   */
  run(index: number, samples: readonly Sample[], options: RunSamples): Promise<Sample[]>;
  close(): Promise<void>;
}

/** Something that computes what models compute: the interpreter, or builds for one target. */
export interface Engine {
  /** What reports call it: `interpreter`, or the target of its builds. */
  readonly name: string;
  /** How many models it likes to prepare at once: builds share a compilation and a runner program. */
  readonly batch: number;
  /** Whether inputs that decide shapes must be bound to their values before a model is prepared. */
  readonly fixedShapes: boolean;
  prepare(models: readonly Model[]): Promise<Runner>;
}
