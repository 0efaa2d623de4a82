import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Graph } from '../../model/ir/graph.ts';
import type { BuildNode } from '../build.ts';
import type { RecordSource } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';
import type { Blob } from './blob.ts';
import type { PersistentMemory } from './persistent.ts';
import type { Planner } from './storage.ts';

/** A refused tuning record. */
export interface RefusedRecord {
  /** Name of the operator in messages. */
  readonly label: string;
  readonly key: string;
  /** A clause without full stop. */
  readonly reason: string;
}

/** Shared by the code of all graphs of a model. */
export interface ModelCode {
  readonly name: string;
  readonly symbol: string;
  readonly target: Target;
  readonly profile: Profile;
  readonly schedules?: RecordSource;
  /** Refused tuning records. */
  readonly refused: RefusedRecord[];
  /** Largest number of parts of an operator. */
  readonly threads: number;
  readonly planner?: Planner;
  readonly blob: Blob;
  readonly persistent: PersistentMemory;
  /** The code of another graph of the model, generated at the first call. */
  graph(index: number): GraphCode;
  /** Runs the graph when the model is initialised. */
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
  /** C functions shared by its nodes. */
  readonly functions: readonly string[];
  /** Bytes of memory that it needs while it runs. */
  readonly arenaBytes: number;
  readonly nodes: readonly BuildNode[];
  /** By output: offset in persistent memory of its first extent, if that depends on data. */
  readonly extents: readonly (number | undefined)[];
}

/** The symbol of the model's constants. */
export const BLOB = 'blob';
