import type { Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { autoMode } from '../../runtime/measure.ts';
import { type Baseline, type Head, withCommit } from '../baseline/index.ts';
import type { BaselineRequest } from '../baseline/request.ts';
import { type Config, type ModelConfig, parseConfig } from '../config/load.ts';
import { type Files, openFiles } from '../data/files.ts';
import { decodeText } from '../data/text.ts';
import { thisHost } from '../engines/host.ts';
import type { BySide } from '../sides.ts';
import { aspectOf, without } from '../thresholds/index.ts';
import { accept, acceptanceNotes } from '../verdict/accept.ts';
import { evidenceNotes, weigh } from '../verdict/evidence.ts';
import { confirm, judge, judgeRegressions } from '../verdict/judge.ts';
import {
  type Check,
  type ModelReport,
  REPORT_SCHEMA,
  type Report,
  type TargetReport,
  worst,
} from '../verdict/report.ts';
import { VERSION } from '../verdict/version.ts';
import { didYouMean } from '../words/suggest.ts';
import { buildPair, type PairBuilds } from './builds.ts';
import { accuracyByTarget, type TargetAccuracy } from './once.ts';
import { type ModelPair, openPair } from './pair.ts';
import { checkPaths } from './paths.ts';
import { readRecord } from './record.ts';
import { baseNotes, incomparable, limitsInForce, regressionOf, reportedBase } from './regression.ts';
import { measureSpeed, type Speed, type SpeedOption, timedSamples } from './speed.ts';

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
  /** Called with one line of text now and then, for stderr. */
  readonly progress?: (line: string) => void;
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
    const pairs = collect(entries, (entry) => openPair(entry, files, baseline?.of(entry)));
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
  { now, measure: mode = 'auto' }: CheckOptions,
  files: Files,
  progress: (line: string) => void,
): Promise<ModelReport> {
  const { name, int8, fp32 = null, profile, at } = pair.config;
  const reports: TargetReport[] = [];
  const accuracyOn = accuracyByTarget(pair);
  for (const target of targets) {
    const say = (text: string) => progress(`${name} on ${target.name}: ${text}`);
    reports.push(await checkTarget(pair, accuracyOn, target, now, mode, say));
  }
  return {
    ...{ name, verdict: worst(reports.map(({ verdict }) => verdict)), int8, fp32, profile, at },
    digests: { int8: files.digest(int8), fp32: fp32 === null ? null : files.digest(fp32), data: pair.dataDigest },
    base: reportedBase(pair.base),
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

/** One model pair on one target: compile, run, measure, judge. */
async function checkTarget(
  pair: ModelPair,
  accuracyOn: ReturnType<typeof accuracyByTarget>,
  target: Target,
  now: Date,
  mode: SpeedOption,
  progress: (text: string) => void,
): Promise<TargetReport> {
  const { config, dataset, base } = pair;
  const changed = base?.status === 'changed';
  progress(`compiling INT8 and FP32${changed ? ', and INT8 of the baseline' : ''}`);
  const { threads, tolerance } = config;
  const hardware = mode === 'hardware' || (mode === 'auto' && autoMode(target) === 'hardware');
  const built = await buildPair(pair, target, hardware ? threads : 1);
  const { builds, baseFault } = built;
  const noAccuracy = incomparable(pair);
  const { measured, fault } = await measureWithBase(
    accuracyOn,
    noAccuracy === null ? built : { ...built, runners: withoutBase(built.runners) },
    percentages(progress, dataset.size),
  );
  const { accuracy, regression: lost, notes } = measured;

  const inForce = mode === 'none' ? without('speed', config.thresholds) : config.thresholds;
  const accepted = acceptedOn(target, config);
  const unfit = baseFault ?? fault;
  const found = (speed: Speed) =>
    regressionOf(pair, target.name, {
      ...{ accuracy, speed, lost, noAccuracy: noAccuracy ?? unfit, noLatency: unfit ?? speed.doubt },
    });
  const judged = (speed: Speed) => {
    const { latency, doubt } = speed;
      const measurements = { accuracy, latency, doubt, tolerance, regression: found(speed) };
    const own = accept(judge(inForce, config.thresholdAt, measurements), accepted, measurements, now);
    const regressions = judgeRegressions(
      limitsInForce(pair, noAccuracy, mode, speed),
      config.regressionAt,
      measurements,
    );
    // One file is as good as itself, whatever the data can tell.
    if (base?.status === 'unchanged') return [...weigh(own, accuracy, config.at), ...regressions];
    return weigh([...own, ...regressions], accuracy, config.at);
  };
  const ofSpeed = (checks: readonly Check[]) => checks.filter(({ id }) => aspectOf(id) === 'speed');
  const decided = (speed: Speed) => ofSpeed(judged(speed)).every(({ status }) => status !== 'inconclusive');
  const idle = hardware && base?.status === 'unchanged' && Object.keys(inForce).every((id) => aspectOf(id) !== 'speed');
  const measure = async (seed: number) => {
    if (mode === 'none') return NO_SPEED;
    if (idle) return UNCHANGED_SPEED;
    progress(seed === 1 ? 'measuring speed' : 'measuring speed again, to confirm');
    const samples = timedSamples(dataset.size).map((index) => dataset.load(index));
    return measureSpeed(unfit === null ? builds : withoutBase(builds), target, mode, samples, decided, seed);
  };
  const speed = await measure(1);
  let checks = judged(speed);
  if (speed.latency?.mode === 'hardware' && ofSpeed(checks).some(({ status }) => status === 'fail')) {
    checks = confirm(checks, judged(await measure(SECOND)));
  }
  return {
    target: target.name,
    device: builds.int8.device.kind,
    cpu: speed.latency?.cpu ?? target.cpu,
    neon: target.arch === 'aarch64',
    verdict: worst(checks.map(({ status }) => status)),
    accuracy,
    latency: speed.latency,
    regression: found(speed),
    checks,
    notes: [
      ...(checks.length === 0 ? [NOTHING_JUDGED] : []),
      ...acceptanceNotes(checks, accepted, now),
      ...[...pair.notes, ...dataset.notes, ...evidenceNotes(accuracy, checks)],
      ...[...built.notes, ...notes, ...speed.notes],
      ...baseNotes(pair, noAccuracy, found(speed), checks),
      ...(threads > 1 ? [threadsNote(threads, hardware)] : []),
    ],
  };
}

/** What the entry accepts on a target. */
const acceptedOn = (target: Target, { accept: all = [] }: ModelConfig) =>
  all.filter(({ targets }) => targets?.some((name) => resolveTarget(name).name === target.name) ?? true);

const withoutBase = <T>({ base: _, ...own }: BySide<T>): BySide<T> => own as BySide<T>;

/** A model of the baseline that crashes, or gives no finite values, keeps none of the others from being judged. */
async function measureWithBase(
  accuracyOn: ReturnType<typeof accuracyByTarget>,
  built: PairBuilds,
  onProgress: (share: number) => void,
): Promise<{ readonly measured: TargetAccuracy; readonly fault: string | null }> {
  try {
    return { measured: await accuracyOn(built, onProgress), fault: null };
  } catch (error) {
    const expected = error instanceof InputError || error instanceof EnvironmentError;
    if (!expected || built.runners.base === undefined) throw error;
    const measured = await accuracyOn({ ...built, runners: withoutBase(built.runners) }, onProgress);
    return { measured, fault: `the model at the baseline cannot be run: ${error.message.split('\n')[0]}` };
  }
}

const NOTHING_JUDGED = 'Nothing was judged: no threshold is in force.';

const threadsNote = (threads: number, timed: boolean): string =>
  timed ? `Both builds ran on ${threads} threads.` : 'Both builds ran on one thread: threads need times on hardware.';

const NO_SPEED: Speed = {
  ...{ latency: null, doubt: null, regression: null },
  notes: ['Speed was not measured, as asked; its thresholds were not judged.'],
};

const UNCHANGED_SPEED: Speed = {
  ...{ latency: null, doubt: null, regression: null },
  notes: ['Speed was not measured: INT8 is the same as at the baseline, and no limit on its own speed is in force.'],
};

/** Seed of the second measurement: far from those that launches of the first one derive from theirs. */
const SECOND = 1_000_001;

/** Least time between two lines about the samples. */
const PROGRESS_MS = 5000;

/** Turns shares into lines of progress, but not more than people read. */
function percentages(progress: (text: string) => void, samples: number): (share: number) => void {
  let last = 0;
  return (share) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS) return;
    last = now;
    progress(`${Math.floor(100 * share)} % of ${samples} samples`);
  };
}
