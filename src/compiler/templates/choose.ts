/** Choice of a schedule: a legal tuning record, else the argmin of estimated cycles. */
import type { RecordSource } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';
import { checkRecord } from './records.ts';
import type { ScheduleSpace } from './template.ts';

/** The context of `choose`; an `EmitContext` is one. */
export interface ChooseContext {
  readonly target: Target;
  /** Tuning records. */
  readonly schedules?: RecordSource;
  /** Called for each refused record, with the reason. */
  refuse?(key: string, reason: string): void;
}

/** The schedule of a workload. */
export function choose<W, S>(space: ScheduleSpace<W, S>, workload: W, ctx: ChooseContext): S {
  const { target, schedules, refuse } = ctx;
  const key = space.key(workload);
  const record = schedules?.(key);
  if (record !== undefined && record !== null) {
    const checked = checkRecord(space, workload, target, record);
    if ('schedule' in checked) return checked.schedule;
    refuse?.(key, checked.refused);
  }
  return fastest(space, workload, target);
}

/** The schedule with the fewest estimated cycles; ties: the last one of the space. */
export function fastest<W, S>(space: ScheduleSpace<W, S>, workload: W, target: Target): S {
  let best: { readonly schedule: S; readonly cycles: number } | null = null;
  for (const schedule of space.space(workload, target)) {
    const cycles = space.cycles(workload, schedule, target);
    if (best === null || cycles <= best.cycles) best = { schedule, cycles };
  }
  if (best === null)
    throw new Error(`template ${space.name} has no schedule for ${space.key(workload)} on ${target.name}`);
  return best.schedule;
}
