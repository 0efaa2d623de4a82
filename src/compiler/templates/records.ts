/** Tuning records: measured schedules. They are untrusted files: every member is checked. */
import { z } from 'zod';
import type { RecordSource } from '../emission/context.ts';
import type { Target } from '../targets/target.ts';
import type { ScheduleSpace } from './template.ts';

/** One schedule for one workload on one CPU: a line of a record file. */
export interface TuningRecord {
  readonly template: string;
  readonly version: number;
  readonly key: string;
  /** As `tunedFor` names it. */
  readonly target: string;
  /** A value for every knob. */
  readonly schedule: unknown;
}

/** Further members, such as measured times, are the tuner's and are ignored here. */
const recordSchema = z.object({
  template: z.string(),
  version: z.int(),
  key: z.string(),
  target: z.string(),
  schedule: z.unknown(),
});

/** Name of a target in records: its CPU, or its ISA. */
export const tunedFor = (target: Target): string => target.cpu ?? target.name;

/** A schedule as a record. */
export const recordOf = <W, S>(
  space: Pick<ScheduleSpace<W, S>, 'name' | 'version' | 'key'>,
  workload: W,
  schedule: S,
  target: Target,
): TuningRecord => ({
  template: space.name,
  version: space.version,
  key: space.key(workload),
  target: tunedFor(target),
  schedule,
});

/** The schedule of a record, or why it is refused. */
export type Checked<S> = { readonly schedule: S } | { readonly refused: string };

/** Checks a record that was found for a workload. */
export function checkRecord<W, S>(space: ScheduleSpace<W, S>, workload: W, target: Target, found: unknown): Checked<S> {
  const refused = (reason: string): Checked<S> => ({ refused: reason });
  const record = recordSchema.safeParse(found);
  if (!record.success) return refused(`it is no tuning record: ${problems(record.error)}`);
  const { template, version, key, target: tuned, schedule } = record.data;
  if (template !== space.name) return refused(`it is of template ${template}, not of ${space.name}`);
  if (version !== space.version)
    return refused(`it is of version ${version} of template ${template}, which is at version ${space.version}`);
  if (key !== space.key(workload)) return refused(`it is for another workload: ${key}`);
  if (tuned !== tunedFor(target)) return refused(`it is for ${tuned}, not for ${tunedFor(target)}`);
  const knobs = space.knobs.safeParse(schedule);
  if (!knobs.success) return refused(`its schedule does not fit template ${template}: ${problems(knobs.error)}`);
  const reason = space.legal(workload, knobs.data, target);
  return reason === null ? { schedule: knobs.data } : refused(`its schedule is not legal: ${reason}`);
}

/** What zod finds wrong, in one line. */
const problems = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');

/** A source of records by key; of several with the same key, the last one. */
export function sourceOf(records: Iterable<TuningRecord>): RecordSource {
  const byKey = new Map([...records].map((record) => [record.key, record]));
  return (key) => byKey.get(key);
}
