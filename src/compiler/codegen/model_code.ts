import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Graph } from '../../model/ir/graph.ts';
import type { BuildNode } from '../build.ts';
import type { RecordSource } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';
import type { Blob } from './blob.ts';
import type { PersistentMemory } from './persistent.ts';
import type { Planner } from './storage.ts';

/** A tuning record that was not used for an operator. */
export interface RefusedRecord {
  /** How messages name the operator. */
  readonly label: string;
  readonly key: string;
  /** A sentence without its end. */
  readonly reason: string;
}

/** What the code of all graphs of one model shares. */
export interface ModelCode {
  readonly name: string;
  readonly symbol: string;
  readonly target: Target;
  readonly profile: Profile;
  readonly schedules?: RecordSource;
  /** Tuning records that were not used. */
  readonly refused: RefusedRecord[];
  /** Heavy operators are cut into at most so many parts. */
  readonly threads: number;
  readonly planner?: Planner;
  readonly blob: Blob;
  readonly persistent: PersistentMemory;
  /** The code of another graph of the model, written when it is first asked for. */
  graph(index: number): GraphCode;
  /** Has the graph run when the model is initialised. */
  initialise(index: number): void;
}

/**
 * A graph as C: `static int NAME(uint8_t *memory, uint8_t *arena, const void *const *inputs, void *const *outputs)`, and
 * with threads also `int8_gate_parallel_for parallel_for, void *context`.
 */
export interface GraphCode {
  readonly graph: Graph;
  readonly name: string;
  readonly source: string;
  readonly includes: readonly string[];
  /** C functions that its nodes share with each other. */
  readonly functions: readonly string[];
  /** Memory that it needs while it runs. */
  readonly arenaBytes: number;
  readonly nodes: readonly BuildNode[];
  /** By output: the offset in persistent memory of its first extent where that changes from run to run. */
  readonly extents: readonly (number | undefined)[];
}

/** The symbol of the model's constants. */
export const BLOB = 'blob';
