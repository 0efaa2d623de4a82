/** What a template is: one way to compute a family of layers, with knobs. */
import type { z } from 'zod';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Graph } from '../../model/ir/graph.ts';
import type { Emission, EmitContext } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';

/** What a layer is compiled for; it decides the workload together with the layer. */
export interface BuildSettings {
  readonly target: Target;
  readonly profile: Profile;
  /** Into how many parts heavy operators are cut. */
  readonly threads: number;
}

/**
 * The schedules of a template: what `choose`, tests, benches and the tuner need to know of it.
 *
 * `Workload` is what decides which schedules are legal and how fast they are. `Schedule` holds a value for every knob, so
 * that nothing is decided behind it.
 */
export interface ScheduleSpace<Workload, Schedule> {
  /** Begins the keys. */
  readonly name: string;
  /** Counts up whenever a knob, or what it means, changes: records of other versions are refused. */
  readonly version: number;
  /** A schedule as records write it, without unknown knobs. */
  readonly knobs: z.ZodType<Schedule>;
  /** A workload without what its weights say: retrained weights find the records of those before them. */
  key(workload: Workload): string;
  /** The legal schedules worth trying, each once. */
  space(workload: Workload, target: Target): Iterable<Schedule>;
  /** Why the kernels cannot run a schedule, as a clause; null where they can. */
  legal(workload: Workload, schedule: Schedule, target: Target): string | null;
  /** Estimated cycles of the layer. */
  cycles(workload: Workload, schedule: Schedule, target: Target): number;
}

/** A workload and the schedule chosen for it. */
export interface Chosen<Workload, Schedule> {
  readonly workload: Workload;
  readonly schedule: Schedule;
}

/**
 * A kernel family and the knobs it leaves open.
 *
 * `Layer` is what lowering made of an operator, with its constants.
 */
export interface Template<Layer, Workload, Schedule> extends ScheduleSpace<Workload, Schedule> {
  /** The workloads of a layer: one, unless values that are known only when it runs decide between two. */
  workloads(layer: Layer, build: BuildSettings): readonly Workload[];
  /** A graph of one layer, with other weights, that has the workload; templates without knobs need none. */
  oneLayer?(workload: Workload): Graph;
  /** The C of the layer; `chosen` has a schedule for each of its workloads. */
  emit(layer: Layer, chosen: readonly Chosen<Workload, Schedule>[], ctx: EmitContext): Emission;
}
