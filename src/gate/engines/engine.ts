import type { Port } from '../../compiler/build.ts';
import type { EnvironmentError, InputError } from '../../errors.ts';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Model } from '../../model/ir/graph.ts';
import type { TensorData } from '../../model/tensor/dtype.ts';
import { type BySide, mapSides, sidesOf, valuesOf } from '../sides.ts';

/** The elements of each input of a model, or of each output. */
export type Tensors = readonly TensorData[];

export interface InferenceOptions {
  /** Variables keep their values from one inference to the next, and are fresh before the first; else before each. */
  readonly keepState?: boolean;
  /** Lengths of records that follow each other: variables keep their values within one, and are fresh before each. Goes before `keepState`. */
  readonly records?: readonly number[];
  /** Called with the number of finished inferences, now and then. */
  readonly onProgress?: (done: number) => void;
}

/** The lengths of the runs of inferences in which variables keep their values; null where they are fresh before each. */
export const runsOf = (
  inferences: number,
  { keepState = false, records }: InferenceOptions,
): readonly number[] | null => records ?? (keepState ? [inferences] : null);

/** A model made ready to run. */
export interface Runner {
  /** What reports call what runs it: `interpreter`, or the target of a build. */
  readonly engine: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Runs inferences; the result has one entry for each. Rejects where the model crashes or cannot be run. */
  run(inferences: readonly Tensors[], options?: InferenceOptions): Promise<Tensors[]>;
}

/** A model that another library runs: nothing of it is compiled. */
export interface ForeignRunner extends Runner {
  /** What decides its outputs: the library, its version, and the digest of the model. */
  readonly identity: string;
  /** SHA-256 of the model's files, in hex. */
  readonly digest: string;
}

/** A model to prepare. */
export interface ModelSource {
  readonly model: Model;
  /** What messages call it. */
  readonly name: string;
  /** A C identifier, unique among the models that are prepared together. */
  readonly symbol: string;
  /** Rounding of quantized arithmetic; `tflite` when absent. */
  readonly profile?: Profile;
  /** The .tflite file that the model was read from, for engines that read it themselves; they write the model where it is absent. */
  readonly file?: Uint8Array;
  /** The signature that was entered, where one was asked for. */
  readonly signature?: string;
}

/** Why a model cannot run. */
export type Fault = InputError | EnvironmentError;

/** What computes what models compute: the interpreter, builds for one target, or another runtime. */
export interface Engine<R extends Runner = Runner> {
  readonly name: string;
  /** How many models it likes to prepare at once: builds share a compilation and a runner program. */
  readonly batch: number;
  /** Whether inputs that decide shapes must be bound to their values before a model is prepared. */
  readonly fixedShapes: boolean;
  /** For each source its runner, or why there is none, which keeps no other from running. */
  prepare(sources: readonly ModelSource[]): Promise<(R | Fault)[]>;
}

/**
 * Prepares the models of several sides together.
 * @throws the fault of the first that cannot run
 */
export async function prepareSides<R extends Runner>(
  engine: Engine<R>,
  sources: BySide<ModelSource>,
): Promise<BySide<R>> {
  return sidesFrom(sources, await engine.prepare(valuesOf(sources)));
}

/**
 * What was prepared, by side.
 * @throws the fault of the first that cannot run
 */
export function sidesFrom<R extends Runner>(sources: BySide<ModelSource>, prepared: readonly (R | Fault)[]): BySide<R> {
  const sides = sidesOf(sources);
  return mapSides(sources, (_, side) => runnerOrThrow(prepared[sides.indexOf(side)]));
}

/** @throws the fault, where it is one */
export function runnerOrThrow<R extends Runner>(prepared: R | Fault): R {
  if (prepared instanceof Error) throw prepared;
  return prepared;
}
