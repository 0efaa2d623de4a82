import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import type { OpView } from '../../model/ops/definition.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { Target } from '../targets/target.ts';

/** Elements of a constant, whatever buffer they lie in. */
export type Constant =
  | (Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array)
  | (Float32Array | Float64Array | BigInt64Array | BigUint64Array);

/** Finds the tuning record of a workload's key, unread and unchecked; undefined where there is none. */
export type RecordSource = (key: string) => unknown;

/** What an emitter may ask for while it writes one node's C. */
export interface EmitContext {
  readonly target: Target;
  readonly profile: Profile;
  /** Into how many parts heavy operators are to be cut. */
  readonly threads: number;
  /** Tuning records: their schedules take the place of the defaults where they are legal. */
  readonly schedules?: RecordSource;
  /** Hears of each record that is not used, and why. */
  refuse(key: string, reason: string): void;
  /** C expression: pointer to the elements of operand `i` (`const int8_t *` and so on), constants included. */
  input(i: number): string;
  /** C expression: pointer to the elements of result `i`. */
  output(i: number): string;
  /** C expression: pointer to the variable that operand `i` is, to read and write; not to be mixed with `input(i)`. */
  state(i: number): string;
  /**
   * Puts packed weights, tables, multipliers … into the model's blob (equal bytes are stored once) and returns a C
   * expression of type `const <element type> *`. 64-byte aligned.
   */
  constant(data: Constant): string;
  /**
   * Puts a static function before the node's own and returns its name. `symbol`: what the object file is to call it, so that
   * profiles count it with the node.
   */
  define(write: (name: string, symbol: string) => string): string;
  /** C expression: `void *` to `bytes` of 64-byte aligned scratch memory that is this node's until it returns. */
  scratch(bytes: number): string;
  /**
   * C expressions: the range of the operator's `count` outer steps that this call is to do. `groups` of `each` steps are
   * shared out among threads, each with scratch memory of its own; steps beyond those go with the last group, because they
   * write results that it writes too. Asking says that it makes no difference in which order groups run.
   */
  steps(count: number, groups: number, each?: number): readonly [from: string, to: string];
  /** Another graph of the model, for operators that run graphs. */
  graph(index: number): CalledGraph;
  /** Has another graph of the model run, once, when the model is initialised. */
  initialise(graph: number): void;
  /** C expression: `void *` to the `bytes` of the variable of the model that the handle in operand `i` names. */
  resource(i: number, bytes: number): string;
  /**
   * C expression: `int32_t *` to where the first extent of result `i` after this run goes; its shape is the largest. The
   * result must be an output of the model that nothing else reads.
   */
  extent(i: number): string;
}

/** A graph as an emitter of a node that runs it sees it. */
export interface CalledGraph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** By output: the input that it is unchanged, or -1. */
  readonly passes: readonly number[];
  /** Memory that it needs while it runs. */
  readonly arenaBytes: number;
  /** C expression: runs it; its value is 0 or an error code. `inputs`, `outputs`: arrays of pointers, as for `run`. */
  call(arena: string, inputs: string, outputs: string): string;
}

/** The C of one node. */
export interface Emission {
  /** Files of native/kernels to include, e.g. `softmax.h`. */
  readonly includes: readonly string[];
  /** C functions that the body calls and other nodes may call, too: equal texts are written once. */
  readonly functions?: readonly string[];
  /** Statements that compute the node; they become the body of a static function of their own. */
  readonly body: string;
  /** The body may end early with `return` and one of int8_gate.h's error codes, which then ends the run. */
  readonly fallible?: boolean;
  /** Operands that the first result may lie over; no kernel on the way swears by `restrict` that the two are apart. */
  readonly inPlace?: readonly InPlace[];
  /** The same for the node's scratch memory; then all of it is asked for at once. */
  readonly scratchInPlace?: readonly InPlace[];
}

/** An operand whose memory may be written to while the node reads it. */
export interface InPlace {
  readonly operand: number;
  /**
   * What is written begins at least so many bytes before the operand: each element is read before the body writes to where
   * it lies. -Infinity: all of it is read before the first write.
   */
  readonly lead: number;
}

/** Writes the C of one operator kind; pure apart from what it asks of `ctx`. */
export type Emitter<K extends OpKind> = (op: OpView<K>, ctx: EmitContext) => Emission;
export type EmitterTable<Family> = { readonly [K in keyof Family & OpKind]: Emitter<K> };

/** What to do where a build would need a size that is data. */
export const SIZE_REMEDY =
  'bind the inputs that decide it (build --bind NAME=VALUE), or export the model with that size fixed';
