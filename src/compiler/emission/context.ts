import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { Target } from '../targets/target.ts';

/** Elements of a constant. */
export type Constant =
  | (Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array)
  | (Float32Array | Float64Array | BigInt64Array | BigUint64Array);

/** The tuning record of a key, not yet parsed or checked; undefined: none. */
export type RecordSource = (key: string) => unknown;

/** The context of an emitter while it writes one node's C. */
export interface EmitContext {
  readonly target: Target;
  readonly profile: Profile;
  /** Largest number of parts of an operator. */
  readonly threads: number;
  /** Tuning records; legal ones replace default schedules. */
  readonly schedules?: RecordSource;
  /** Called for each refused record, with the reason. */
  refuse(key: string, reason: string): void;
  /** C expression: pointer to the elements of operand `i` (`const int8_t *` and so on), constants included. */
  input(i: number): string;
  /** C expression: pointer to the elements of result `i`. */
  output(i: number): string;
  /** C expression: pointer to the variable at operand `i`, for reading and writing; excludes `input(i)`. */
  state(i: number): string;
  /**
   * Puts packed weights, tables, multipliers … into the model's blob (equal bytes are stored once) and returns a C
   * expression of type `const <element type> *`. 64-byte aligned.
   */
  constant(data: Constant): string;
  /**
   * Emits a static function before the node's and returns its name. `symbol`: its name in the object file, by which profiles attribute
   * it to the node.
   */
  define(write: (name: string, symbol: string) => string): string;
  /** C expression: `void *` to `bytes` of 64-byte aligned scratch memory, valid until the node returns. */
  scratch(bytes: number): string;
  /**
   * C expressions: the range of the operator's `count` outer steps for this call. `groups` of `each` steps are distributed among
   * threads, each with its own scratch memory. Steps beyond them run with the last group, since they overlap its results. Calling this
   * declares that groups may run in any order.
   */
  steps(count: number, groups: number, each?: number): readonly [from: string, to: string];
  /** Another graph of the model, for operators that run graphs. */
  graph(index: number): CalledGraph;
  /** Runs another graph of the model once, when the model is initialised. */
  initialise(graph: number): void;
  /** C expression: `void *` to the `bytes` of the variable of the model that the handle in operand `i` names. */
  resource(i: number, bytes: number): string;
  /**
   * C expression: `int32_t *` to the first extent of result `i` after this run; the result's shape is its upper bound. The result must
   * be an output of the model that nothing else reads.
   */
  extent(i: number): string;
}

/** A called graph, for the emitter of its caller. */
export interface CalledGraph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** By output: the input that it passes through unchanged, or -1. */
  readonly passes: readonly number[];
  /** Bytes of memory that it needs while it runs. */
  readonly arenaBytes: number;
  /** C expression: runs it; its value is 0 or an error code. `inputs`, `outputs`: arrays of pointers, as for `run`. */
  call(arena: string, inputs: string, outputs: string): string;
}

/** The C of one node. */
export interface Emission {
  /** Files of native/kernels to include, e.g. `softmax.h`. */
  readonly includes: readonly string[];
  /** C functions that the body calls, shared between nodes: equal texts are emitted once. */
  readonly functions?: readonly string[];
  /** Statements that compute the node: the body of its static function. */
  readonly body: string;
  /** Whether the body may `return` an error code of int8_gate.h, which ends the run. */
  readonly fallible?: boolean;
  /** Operands that the first result may overlap; none of the kernels involved declares the two `restrict`. */
  readonly inPlace?: readonly InPlace[];
  /** The same for the node's scratch memory, which is then requested in one call. */
  readonly scratchInPlace?: readonly InPlace[];
}

/** An operand whose memory may be written to while the node reads it. */
export interface InPlace {
  readonly operand: number;
  /**
   * Bytes by which the written buffer must start before the operand, so that no write reaches an element that is yet to be read
   * (lead.ts). -Infinity: all of the operand is read before the first write.
   */
  readonly lead: number;
}

/** Writes the C of one operator kind; pure except for its calls of `ctx`. */
export type Emitter<K extends OpKind> = (op: OpView<K>, ctx: EmitContext) => Emission;
export type EmitterTable<Family> = { readonly [K in keyof Family & OpKind]: Emitter<K> };

/** What to do where a build would need a size that is data. */
export const SIZE_REMEDY =
  'bind the inputs that decide it (build --bind NAME=VALUE), or export the model with that size fixed';
