import type { Target } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { type Baseline, type Head, withCommit } from '../baseline/index.ts';
import type { BaselineRequest } from '../baseline/request.ts';
import { type Config, type ModelConfig, parseConfig } from '../config/load.ts';
import { type Files, openFiles } from '../data/files.ts';
import { decodeText } from '../data/text.ts';
import { thisHost } from '../engines/host.ts';
import type { ReferenceFigures } from '../figures/references.ts';
import type { ListedSample } from '../metrics/listing.ts';
import type { ReferenceName } from '../references/index.ts';
import { type ModelReport, REPORT_SCHEMA, type Report, type TargetReport, worst } from '../verdict/report.ts';
import { VERSION } from '../verdict/version.ts';
import { didYouMean } from '../words/suggest.ts';
import { driftOf } from './drift.ts';
import { accuracyByTarget } from './once.ts';
import { type ModelPair, openForeigns, openPair } from './pair.ts';
import { checkPaths } from './paths.ts';
import { readRecord } from './record.ts';
import { compareWithReferences, type OwnBuilds } from './references.ts';
import { reportedBase } from './regression.ts';
import type { SpeedOption } from './speed.ts';
import { checkTarget } from './target.ts';

export interface CheckOptions {
  /** The folder that all relative paths count from: the configuration's own, and those in it. Absolute. */
  readonly root: string;
  /** Path of the configuration. */
  readonly config: string;
  /** What the user gives that path in; `--config` when absent. */
  readonly configKey?: string;
  /** The current time: of the report, and what the configuration accepts until a day is held against it. */
  readonly now: Date;
  /** Names of the models to check; all when absent or empty. */
  readonly only?: readonly string[];
  /** Targets in place of the configuration's. */
  readonly targets?: readonly string[];
  /** `auto` when absent. */
  readonly measure?: SpeedOption;
  /** What to compare with: a commit, or a report.json of an earlier check; nothing when absent. */
  readonly baseline?: BaselineRequest | null;
  /** Other runtimes that run a few samples of each model beside our build; none when absent. */
  readonly references?: readonly ReferenceName[];
  /** Called with every sample of every model on every target, in order; figures are then computed, not taken from the cache. */
  readonly onSample?: (sample: CheckedSample) => void;
  /** Called with one line of text now and then, for stderr. */
  readonly progress?: (line: string) => void;
}

/** A sample, and the check that ran it. */
export interface CheckedSample extends ListedSample {
  /** Name of the entry. */
  readonly model: string;
  readonly target: string;
}

/**
 * The main job: reads the configuration, compiles every model pair for every target, runs the data through both,
 * times them and judges. Several may run in one process, each with a root of its own. Throws InputError
 * (configuration, model or data at fault) or EnvironmentError (compiler, emulator or device at fault); a red verdict
 * is a result, not an error.
 */
export async function runCheck(options: CheckOptions): Promise<Report> {
  const start = performance.now();
  const progress = options.progress ?? (() => {});
  const files = openFiles(options.root);
  const config = readConfig(options, files);
  const targets = resolveTargets(options.targets ?? [], config);
  const entries = select(config, options.only ?? []);
  checkPaths(entries, files);
  const head: Head = { root: options.root, file: options.config, config, files, entries };
  return withBaseline(options.baseline ?? null, head, async (baseline, notes) => {
    // Everything that may be wrong with the input is found before the first compiler runs.
    progress(
      entries.length === 1 ? 'reading the model and its data' : `reading ${entries.length} models and their data`,
    );
    const foreign = await openForeigns(entries, files);
    const pairs = collect(entries, (entry) => openPair(entry, files, baseline?.of(entry), foreign.get(entry)));
    const models: ModelReport[] = [];
    for (const pair of pairs) models.push(await checkModel(pair, targets, options, files, progress));
    return {
      schema: REPORT_SCHEMA,
      verdict: worst(models.map(({ verdict }) => verdict)),
      baseline: baseline?.about ?? null,
      models,
      notes: [...notes, ...(config.regression && baseline === null ? [NO_BASELINE] : [])],
      environment: {
        ...{ version: VERSION, config: options.config, ...thisHost() },
        started: options.now.toISOString(),
        seconds: Math.round((performance.now() - start) / 100) / 10,
      },
    };
  });
}

const NO_BASELINE = 'Regression limits are set, but not judged: the check was given no baseline to compare with.';

function withBaseline(
  request: BaselineRequest | null,
  head: Head,
  use: (baseline: Baseline | null, notes: readonly string[]) => Promise<Report>,
): Promise<Report> {
  if (request === null) return use(null, []);
  if (request.kind !== 'report') return withCommit(request, head, use);
  const recorded = readRecord(request.file, head);
  return use(recorded, recorded.notes);
}

/** One model pair on every target. */
async function checkModel(
  pair: ModelPair,
  targets: readonly Target[],
  { now, measure: mode = 'auto', references: names = [], onSample }: CheckOptions,
  files: Files,
  progress: (line: string) => void,
): Promise<ModelReport> {
  const { name, int8, fp32 = null, profile, at } = pair.config;
  const reports: TargetReport[] = [];
  const accuracyOf = accuracyByTarget(pair, onSample !== undefined);
  let references: ReferenceFigures[] | null = null;
  for (const target of targets) {
    const say = (text: string) => progress(`${name} on ${target.name}: ${text}`);
    const seen = async (builds: OwnBuilds) => {
      if (names.length === 0 || references !== null) return;
      say('comparing with other runtimes');
      references = await compareWithReferences(pair, files.read(int8), builds, names);
    };
    const accuracyOn: typeof accuracyOf = async (built, onProgress) => {
      const measured = await accuracyOf(built, onProgress);
      for (const sample of measured.samples ?? []) onSample?.({ model: name, target: target.name, ...sample });
      return measured;
    };
    reports.push(await checkTarget(pair, accuracyOn, target, now, mode, say, seen));
  }
  const ofFp32 = pair.foreign?.digest ?? (fp32 === null ? null : files.digest(fp32));
  const digests = { int8: files.digest(int8), fp32: ofFp32 };
  const drift = await driftOf(pair, reports, Object.values(digests), files, (text) => progress(`${name}: ${text}`));
  return {
    ...{ name, verdict: worst(reports.map(({ verdict }) => verdict)), int8, fp32, profile, at },
    digests: { ...digests, data: pair.dataDigest },
    base: reportedBase(pair.base),
    ...(references !== null && { references }),
    ...(drift !== undefined && { drift }),
    targets: reports,
  };
}

function readConfig({ config: path, configKey = '--config' }: CheckOptions, files: Files): Config {
  if (!files.exists(path)) {
    throw new InputError(
      `${path}: there is no such configuration (looked for ${files.locate(path)}). Write one, docs/config.md shows how, or give the path of yours (${configKey})`,
    );
  }
  return parseConfig(decodeText(files.read(path), path), path);
}

/** The targets asked for, else the configuration's; each once. */
function resolveTargets(asked: readonly string[], { targets, targetsAt }: Config): Target[] {
  if (asked.length > 0) return [...new Set(asked)].map((name) => resolveTarget(name));
  const written = targets.map((name, i) => ({ name, at: targetsAt[i] ?? undefined }));
  const resolved = collect(written, ({ name, at }) => {
    try {
      return resolveTarget(name);
    } catch (error) {
      throw error instanceof InputError ? new InputError(error.message, { at, cause: error }) : error;
    }
  });
  return [...new Map(resolved.map((target) => [target.name, target])).values()];
}

/** The models asked for, in the configuration's order. */
function select(config: Config, only: readonly string[]): readonly ModelConfig[] {
  const names = config.models.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new InputError(`${config.file}: has no model "${unknown}"${didYouMean(unknown, names)}`);
  return only.length === 0 ? config.models : config.models.filter(({ name }) => only.includes(name));
}

/** Applies `open` to all entries; the faults of all of them become one message. */
function collect<T, R>(entries: readonly T[], open: (entry: T) => R): R[] {
  const faults: InputError[] = [];
  const results = entries.flatMap((entry) => {
    try {
      return [open(entry)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      faults.push(error);
      return [];
    }
  });
  if (faults.length === 0) return results;
  const place = ({ at }: InputError) => (at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `);
  throw new InputError(faults.map((fault) => `${place(fault)}${fault.message}`).join('\n'), { at: faults[0].at });
}
