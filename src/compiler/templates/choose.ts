/** Which schedule a workload gets. */
import type { RecordSource } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';
import { checkRecord } from './records.ts';
import type { ScheduleSpace } from './template.ts';

/** What `choose` asks of its surroundings; an `EmitContext` is one. */
export interface ChooseContext {
  readonly target: Target;
  /** Tuning records. */
  readonly schedules?: RecordSource;
  /** Hears of each record that is not used, and why. */
  refuse?(key: string, reason: string): void;
}

/** The schedule of a workload: a recorded one where there is one and it is legal, else the one of fewest estimated cycles. */
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

/** The schedule of fewest estimated cycles; of equals the last one of the space. */
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
