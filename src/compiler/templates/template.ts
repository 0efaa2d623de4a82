/** What a template is: one way to compute a family of layers, with knobs. */
import type { Emission, EmitContext } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';

/**
 * A kernel family and the knobs it leaves open.
 *
 * `Layer` is what lowering made of an operator, with its constants. `Workload` is what decides which schedules are right and
 * how fast they are; `Schedule` holds a value for every knob, so that nothing is decided behind it.
 */
export interface Template<Layer, Workload, Schedule> {
  readonly name: string;
  /** Counts up whenever a knob, or what it means, changes: records of other versions are ignored. */
  readonly version: number;
  /** The workload of a layer on a target, its multiplications shared out among `threads`. */
  workload(layer: Layer, target: Target, threads: number): Workload;
  /** A workload without the values of its data: retrained weights find the records of the weights before them. */
  key(workload: Workload): string;
  /** Every legal schedule, each once. */
  space(workload: Workload, target: Target): Iterable<Schedule>;
  /** Why the kernels cannot run a schedule, as a sentence; null where they can. */
  legal(workload: Workload, schedule: Schedule, target: Target): string | null;
  /** Estimated cycles of the layer; `choose` takes the least of `space`. */
  cycles(workload: Workload, schedule: Schedule, target: Target): number;
  /** The C of the layer under a schedule. */
  emit(layer: Layer, workload: Workload, schedule: Schedule, ctx: EmitContext): Emission;
}
