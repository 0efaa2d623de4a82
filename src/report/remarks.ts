import type { Latency } from '../gate/figures/latency.ts';
import type { Report, Status, TargetReport } from '../gate/verdict/report.ts';

import { acceptedOf, isAccepted, NOT_JUDGED, WORDS, withAccepted } from './columns.ts';

/** The verdict on everything, in words: where no threshold is in force, that nothing was judged. */
export function headlineOf(report: Report): { readonly words: string; readonly status: Status } {
  const idle = targetsOf(report).filter(({ checks }) => checks.length === 0).length;
  const all = targetsOf(report).length;
  const accepted = withAccepted(acceptedOf(targetsOf(report)));
  if (idle === 0) return { words: WORDS[report.verdict] + accepted, status: report.verdict };
  if (idle === all) return { words: `${NOT_JUDGED}: no threshold is in force`, status: 'inconclusive' };
  const rest = `${idle} of ${all} rows not judged: no threshold is in force for them`;
  const status = report.verdict === 'pass' ? 'inconclusive' : report.verdict;
  return { words: `${WORDS[report.verdict]}${accepted}, ${rest}`, status };
}

const targetsOf = (report: Report): TargetReport[] => report.models.flatMap((model) => model.targets);

/** Sentences about the whole report: what kind of figures these are, and what the check itself had to say. */
export function remarksOf(report: Report): string[] {
  const targets = targetsOf(report);
  const has = (test: (target: TargetReport) => boolean) => targets.some(test);
  const remarks: string[] = [];
  if (has(({ latency }) => latency?.mode === 'modelled')) {
    remarks.push(
      'Modelled: cycles of a pipeline model, from counted instructions, with all data in the first-level cache, and what moves between the second-level cache and memory. Both are the same every time, and no times. In brackets: what the speedup on hardware may be.',
    );
  }
  const boards = new Set(targets.flatMap(({ latency }) => latency?.estimate?.title ?? []));
  if (boards.size > 0) {
    remarks.push(
      `Estimate: cycles / clock + lines from memory × time a line, for ${[...boards].join(', ')}; in brackets, what times there may be. Nothing was measured.`,
    );
  }
  if (has(({ latency }) => latency?.mode === 'hardware')) {
    const cpus = [
      ...new Set(targets.flatMap(({ latency }) => (latency?.mode === 'hardware' && latency.cpu ? [latency.cpu] : []))),
    ];
    remarks.push(`Hardware: wall time, INT8 and FP32 interleaved${cpus.length > 0 ? `, on ${cpus.join(', ')}` : ''}.`);
  }
  remarks.push(...new Set(targets.flatMap(({ latency }) => (latency?.basis ? [basisOf(latency.basis)] : []))));
  if (has(({ neon }) => !neon)) {
    remarks.push(
      'Target host is portable C for the machine that ran the check, no ARM64 NEON build: its speed says nothing about a device.',
    );
  }
  const profiles = report.models.filter(({ profile = 'tflite' }) => profile !== 'tflite');
  for (const name of new Set(profiles.map(({ profile }) => profile))) {
    const models = profiles.filter(({ profile }) => profile === name).map((model) => model.name);
    remarks.push(
      `INT8 of ${models.join(', ')} is rounded as in profile ${name}, not as in TFLite's reference kernels.`,
    );
  }
  if (report.baseline) remarks.push(baselineOf(report.baseline));
  return [...remarks, ...report.notes];
}

/** What the column "Against base" compares with. */
function baselineOf({ kind, ref, commit }: NonNullable<Report['baseline']>): string {
  const short = commit?.slice(0, 12);
  if (kind === 'report') return `Base: the figures of the report ${ref}.`;
  return `Base: INT8 of ${kind === 'merge-base' ? `the merge base with ${ref}, ${short}` : `${ref}, ${short}`}.`;
}

/** What figures depend on besides the model: those of another basis are not comparable. */
function basisOf({ compiler, table, disassembler }: NonNullable<Latency['basis']>): string {
  const cycles = table === null ? '' : `; cycles of table ${table}, instructions read by ${disassembler}`;
  return `Compiled by ${compiler ?? 'an unknown compiler'}${cycles}.`;
}

/** A threshold that was not met, could not be judged, or is accepted as missed. */
export interface Complaint {
  readonly model: string;
  readonly target: string;
  readonly id: string;
  readonly status: Status;
  /** What became of it: failed, inconclusive, accepted. */
  readonly word: string;
  readonly reason: string;
  readonly place: string | null;
}

export const complaintsOf = (report: Report): Complaint[] =>
  report.models.flatMap((model) =>
    model.targets.flatMap((target) =>
      target.checks
        .filter((check) => check.status !== 'pass' || isAccepted(check))
        .map(({ id, status, reason, at }) => ({
          ...{ model: model.name, target: target.target, id, status, reason },
          word: status === 'pass' ? 'accepted' : WORDS[status],
          place: at === null ? null : `${at.file}:${at.line}`,
        })),
    ),
  );

/** Notes of models on targets: sentence by sentence, with the rows it holds for. */
export function notesOf(report: Report): { readonly note: string; readonly where: readonly string[] }[] {
  const byNote = new Map<string, string[]>();
  for (const model of report.models) {
    for (const target of model.targets) {
      for (const note of target.notes)
        byNote.set(note, [...(byNote.get(note) ?? []), `${model.name} on ${target.target}`]);
    }
  }
  return [...byNote].map(([note, where]) => ({ note, where }));
}
