import type { BaseModel, RecordedTarget } from '../baseline/index.ts';
import type { Accuracy } from '../figures/accuracy.ts';
import { KINDS } from '../figures/kinds.ts';
import type { AccuracyRegression, Regression } from '../figures/regression.ts';
import { type Regressions, regressionsWithout } from '../thresholds/index.ts';
import type { Check, ModelReport } from '../verdict/report.ts';
import type { ModelPair } from './pair.ts';
import type { Speed, SpeedOption } from './speed.ts';

/** Why accuracy cannot be compared with the baseline's, though its model is there; null where it can. */
export function incomparable({ base, metric, twin }: Pick<ModelPair, 'base' | 'metric' | 'twin'>): string | null {
  if (base?.status !== 'changed' || metric.labelled !== null) return null;
  const remedy = 'give data.labels to compare it with the baseline';
  if (twin) return `without labels, accuracy is agreement with a twin made of this very INT8 model; ${remedy}`;
  return base.sameFp32 ? null : `without labels, accuracy is agreement with FP32, which changed too; ${remedy}`;
}

/**
 * The limits against the baseline that are in force for a model: none for one that is new. What the configuration does not
 * write is left out where nothing of its kind can be measured here.
 *
 * @param noAccuracy why accuracy is not compared
 */
export function limitsInForce(
  { base, config }: ModelPair,
  noAccuracy: string | null,
  mode: SpeedOption,
  { latency }: Speed,
): Regressions {
  if (base === null || base.status === 'new') return {};
  const { regressions, regressionAt } = config;
  const blind = mode === 'none' || (latency === null && base.status !== 'unchanged' && !regressionAt['max-slowdown']);
  const judged = blind ? regressionsWithout('speed', regressions) : regressions;
  return noAccuracy !== null && !regressionAt['max-accuracy-drop'] ? regressionsWithout('accuracy', judged) : judged;
}

/** What a model on a target is at the baseline, and why it is not compared where it is not. */
export interface Found {
  readonly accuracy: Accuracy;
  readonly speed: Speed;
  /** Measured on the same samples, where the baseline's model ran. */
  readonly lost: AccuracyRegression | null;
  /** Why it did not run. */
  readonly noAccuracy: string | null;
  readonly noLatency: string | null;
}

/** INT8 against INT8 of the baseline; null where there is none. Pure. */
export function regressionOf(pair: ModelPair, target: string, found: Found): Regression | null {
  const { base } = pair;
  if (base === null || base.status === 'new') return null;
  if (base.status === 'unchanged') return unchanged(found);
  if (base.status === 'recorded') return againstRecord(base, target, pair.dataDigest, found);
  const reason = base.status === 'unknown' ? base.reason : null;
  const { lost, speed } = found;
  return {
    ...{ unchanged: false, accuracy: lost, noAccuracy: lost === null ? (reason ?? found.noAccuracy) : null },
    ...{ latency: speed.againstBase, noLatency: speed.againstBase === null ? (reason ?? found.noLatency) : null },
  };
}

const unchanged = ({ accuracy, speed: { latency } }: Found): Regression => ({
  unchanged: true,
  accuracy: {
    base: accuracy.int8,
    drop: accuracy.int8 === null ? null : 0,
    interval: null,
    bounds: null,
    byPoint: true,
    discordant: null,
  },
  ...{ noAccuracy: null, noLatency: null },
  latency: latency && { base: latency.int8, slowdown: 1, interval: null },
});

type Recorded = BaseModel & { readonly status: 'recorded' };

function againstRecord({ targets, dataDigest }: Recorded, target: string, data: string, found: Found): Regression {
  const record = targets.find((each) => each.target === target);
  const missing = `the report has no figures of this model on target ${target}`;
  const [noAccuracy, noLatency] =
    record === undefined
      ? [missing, missing]
      : [otherData(record, dataDigest, data, found), otherCycles(record, found)];
  const [was, is] = [record?.accuracy?.int8 ?? null, found.accuracy.int8];
  const drop = was === null || is === null ? null : KINDS[found.accuracy.kind].drop(is, was);
  const cycles = noLatency === null ? record!.latency!.int8 : null;
  return {
    unchanged: false,
    accuracy:
      noAccuracy === null ? { base: was, drop, interval: null, bounds: null, byPoint: true, discordant: null } : null,
    noAccuracy,
    latency: cycles === null ? null : { base: cycles, slowdown: found.speed.latency!.int8 / cycles, interval: null },
    noLatency,
  };
}

/** Why the accuracy of a report is not comparable. */
function otherData(record: RecordedTarget, digest: string | null, data: string, { accuracy }: Found): string | null {
  if (record.accuracy === null) return 'the report has no accuracy of this model';
  if (digest === null) return 'the report does not say which data its accuracy is of: an older version wrote it';
  if (digest !== data || record.accuracy.metric !== accuracy.metric)
    return 'the accuracy of the report is of other data, or of another metric';
  return null;
}

/** Why the speed of a report is not comparable. */
function otherCycles({ latency: was }: RecordedTarget, { speed: { latency: is } }: Found): string | null {
  if (is === null) return 'speed was not measured';
  if (was === null) return 'the report has no speed of this model';
  if (was.mode !== 'modelled' || is.mode !== 'modelled')
    return 'times on hardware are only compared within one measurement, never with a report; compare with a commit, or take --measure modelled';
  if (was.cpu !== is.cpu) return `the cycles of the report are those of ${was.cpu}, and these of ${is.cpu}`;
  const [a, b] = [was.basis, is.basis];
  const odd = (['table', 'disassembler', 'compiler'] as const).find((key) => a === undefined || a[key] !== b?.[key]);
  if (odd === undefined) return null;
  return `the cycles of the report have another ${odd} (${a?.[odd] ?? 'unknown'}, and now ${b?.[odd] ?? 'unknown'}): they are not comparable`;
}

/** What a reader should know of the model at the baseline. */
export function baseNotes(
  { base, config }: ModelPair,
  because: string | null,
  regression: Regression | null,
  checks: readonly Check[],
): string[] {
  if (base === null) return [];
  if (base.status === 'new') return ['The model is new: the baseline has none to compare it with.'];
  const notes: string[] = [];
  if (base.name !== null && base.name !== config.name)
    notes.push(`The model was called "${base.name}" at the baseline.`);
  if (base.status === 'unchanged')
    notes.push('The INT8 model is unchanged since the baseline, so that its figures are those of both.');
  if ('sameData' in base && base.sameData === false)
    notes.push(
      'The data, or how they are read, changed since the baseline: both INT8 models are judged by those of this checkout.',
    );
  // A reason that no check gives.
  const silent = !checks.some(({ id }) => id.startsWith('regression.'));
  const reason = regression?.noAccuracy ?? null;
  if (silent && because === null && reason !== null) notes.push(`Nothing was compared with the baseline: ${reason}.`);
  if (because !== null) notes.push(`Accuracy was not compared with the baseline: ${because}.`);
  return notes;
}

/** The model at the baseline, as the report has it. */
export const reportedBase = (base: BaseModel | null): ModelReport['base'] =>
  base && {
    status: base.status,
    name: base.status === 'new' ? null : base.name,
    int8: base.status === 'new' ? null : base.int8,
    sameData: 'sameData' in base ? base.sameData : null,
  };
