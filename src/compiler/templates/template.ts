/** Template: one way to compute a family of layers, with knobs. */
import type { z } from 'zod';
import type { Profile } from '../../model/arithmetic/multiplier.ts';
import type { Graph } from '../../model/ir/graph.ts';
import type { Emission, EmitContext } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';

/** Settings that determine a workload together with the layer. */
export interface BuildSettings {
  readonly target: Target;
  readonly profile: Profile;
  /** Largest number of parts of an operator. */
  readonly threads: number;
}

/**
 * The schedule space of a template, as `choose`, tests, benches and the tuner use it.
 *
 * `Workload` determines which schedules are legal, and their cycles. `Schedule` holds a value for every knob; `emit` makes no further
 * choices.
 */
export interface ScheduleSpace<Workload, Schedule> {
  /** Prefix of the keys. */
  readonly name: string;
  /** Incremented when a knob or its meaning changes; records of other versions are refused. */
  readonly version: number;
  /** Schema of a schedule in a tuning record; unknown knobs are refused. */
  readonly knobs: z.ZodType<Schedule>;
  /** The workload without the properties of its weights, so that a retrained model finds its records. */
  key(workload: Workload): string;
  /** The legal schedules worth trying, each once. */
  space(workload: Workload, target: Target): Iterable<Schedule>;
  /** Why the kernels cannot run a schedule, as a clause; null if they can. */
  legal(workload: Workload, schedule: Schedule, target: Target): string | null;
  /** Estimated cycles of the layer. */
  cycles(workload: Workload, schedule: Schedule, target: Target): number;
}

/** A workload and the schedule chosen for it. */
export interface Chosen<Workload, Schedule> {
  readonly workload: Workload;
  readonly schedule: Schedule;
}

/** A family of kernels with its schedule space. `Layer`: a lowered operator with its constants. */
export interface Template<Layer, Workload, Schedule> extends ScheduleSpace<Workload, Schedule> {
  /** The workloads of a layer: one, or two if run-time values select between two kernels. */
  workloads(layer: Layer, build: BuildSettings): readonly Workload[];
  /** A graph of one layer with this workload and other weights; absent for templates without knobs. */
  oneLayer?(workload: Workload): Graph;
  /** The C of the layer; `chosen` has a schedule for each of its workloads. */
  emit(layer: Layer, chosen: readonly Chosen<Workload, Schedule>[], ctx: EmitContext): Emission;
}
