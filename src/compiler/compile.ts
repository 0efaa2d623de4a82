import { InputError } from '../errors.ts';
import type { Profile } from '../model/arithmetic/multiplier.ts';
import type { Model } from '../model/ir/graph.ts';
import type { Build } from './build.ts';
import { type Generated, generate } from './codegen/generate.ts';
import type { RefusedRecord } from './codegen/model_code.ts';
import type { Planner } from './codegen/storage.ts';
import type { RecordSource } from './emission/context.ts';
import { optimize } from './passes/pipeline.ts';
import type { Target } from './targets/target.ts';
import { type CompiledObject, type CompileOptions, compileModelSource, compilerName } from './toolchain/index.ts';

/** Threads that a model can be built for, at most. */
export const MAX_THREADS = 64;

export interface CompileModelOptions extends CompileOptions {
  readonly target: Target;
  /** What messages and reports call the build. */
  readonly name: string;
  /** C identifier, unique among the builds of one runner image. */
  readonly symbol: string;
  /** Default `tflite`. */
  readonly profile?: Profile;
  /** Into how many parts heavy operators are cut for threads; default 1. */
  readonly threads?: number;
  /** Tuning records: their schedules take the place of the defaults where they are legal. */
  readonly schedules?: RecordSource;
  /** Places what lies in the arena; default: by lifetime, in as little memory as is found. */
  readonly planner?: Planner;
}

/** A build together with what else the compiler left in its cache folder. */
export interface CompiledModel extends Build {
  readonly object: CompiledObject;
  /** Tuning records that were not used, and why. */
  readonly refused: readonly RefusedRecord[];
}

/** Memory of a build for its inputs, outputs and what lies between: a few bytes of a file can ask for any amount. */
const MOST_MEMORY = 4 * 2 ** 30;

type CodeOptions = Omit<CompileModelOptions, keyof CompileOptions>;

/**
 * The main graph of `model` as C. Pure.
 * @throws InputError that says why no build can be made of it
 */
export function writeCode(model: Model, options: CodeOptions): Generated {
  const { target, name, symbol, profile = 'tflite', threads = 1, schedules, planner } = options;
  const graphs = optimize(model).subgraphs;
  const code = generate(graphs[0], { target, name, symbol, profile, threads, schedules, planner, graphs });
  const bytes = [...code.inputs, ...code.outputs].reduce((sum, port) => sum + port.bytes, code.arenaBytes);
  if (bytes > MOST_MEMORY)
    throw new InputError(
      `${name} needs ${(bytes / 2 ** 30).toFixed(1)} GiB of memory to run, more than the ${MOST_MEMORY / 2 ** 30} GiB that a build may ask for`,
    );
  return code;
}

/**
 * Compiles the main graph of `model`: optimise, write C, compile; the result comes from the cache where it can.
 * @throws InputError when an operator cannot be compiled, EnvironmentError when the compiler is missing or fails.
 */
export async function compileModel(model: Model, options: CompileModelOptions): Promise<CompiledModel> {
  const { target, name, symbol, profile = 'tflite', threads = 1 } = options;
  const code = writeCode(model, options);
  const object = await compileModelSource(code, target, options);
  const { inputs, outputs, arenaBytes, macs, nodes, refused } = code;
  const common = { name, symbol, target, profile, threads, inputs, outputs, arenaBytes, macs, nodes };
  return { ...common, archive: object.archive, compiler: compilerName(object.compiler), object, refused };
}
