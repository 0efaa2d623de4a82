import { InputError } from '../../errors.ts';
import type { Baseline, BaseModel, Head } from '../baseline/index.ts';
import { matchModels, type Named } from '../baseline/match.ts';
import { decodeText } from '../data/text.ts';
import { type ModelReport, REPORT_SCHEMA, reportSchema } from '../verdict/report.ts';

const MOST_BYTES = 64 << 20;

interface Candidate extends Named {
  readonly model: ModelReport;
}

/**
 * A report of an earlier check as a baseline. Only what does not depend on the machine is compared with it.
 * @throws InputError where the file is no report
 */
export function readRecord(file: string, { files, config }: Head): Baseline {
  if (files.size(file) > MOST_BYTES) throw new InputError(`baseline ${file}: larger than 64 MiB; this is no report`);
  const models = parse(decodeText(files.read(file), file), file);
  const base = models.map((model): Candidate => {
    const { name, int8, digests } = model;
    return { model, name, int8, digest: digests?.int8 ?? null };
  });
  const head = config.models.map(({ name, int8 }): Named => {
    const there = files.exists(int8);
    return { name, int8, digest: there ? files.digest(int8) : null };
  });
  const { of, removed } = matchModels(head, base);
  const pairs = new Map(head.map(({ name }, i) => [name, of[i]?.model ?? null]));
  const names = removed.map(({ name }) => name);
  return {
    about: { kind: 'report', ref: file, commit: null, removed: names },
    notes:
      names.length === 0 ? [] : [`In the report ${file}, and no longer in this configuration: ${names.join(', ')}.`],
    of: ({ name }) => asBase(pairs.get(name) ?? null),
  };
}

function asBase(model: ModelReport | null): BaseModel {
  if (model === null) return { status: 'new' };
  const { name, int8, digests, targets } = model;
  return { status: 'recorded', name, int8, dataDigest: digests?.data ?? null, targets };
}

function parse(text: string, file: string): readonly ModelReport[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `baseline ${file}: is no JSON (${(error as Error).message}); give a report that check --json wrote`,
    );
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data.models;
  const [{ path, message }] = parsed.error.issues;
  const schema = (value as { schema?: unknown } | null)?.schema;
  const why = schema === REPORT_SCHEMA ? `${path.join('.')}: ${message}` : `its schema is not ${REPORT_SCHEMA}`;
  throw new InputError(`baseline ${file}: is no report of int8-gate (${why}); give one that check --json wrote`);
}
