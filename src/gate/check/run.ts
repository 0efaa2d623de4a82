import type { Target } from '../../compiler/targets/index.ts';
import { InputError } from '../../errors.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { autoMode } from '../../runtime/measure.ts';
import { type Config, type ModelConfig, parseConfig } from '../config/load.ts';
import { type Files, openFiles } from '../data/files.ts';
import { decodeText } from '../data/text.ts';
import { thisHost } from '../engines/host.ts';
import { aspectOf, without } from '../thresholds/index.ts';
import { accept, acceptanceNotes } from '../verdict/accept.ts';
import { evidenceNotes, weigh } from '../verdict/evidence.ts';
import { confirm, judge } from '../verdict/judge.ts';
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
import { buildPair } from './builds.ts';
import { accuracyByTarget } from './once.ts';
import { type ModelPair, openPair } from './pair.ts';
import { checkPaths } from './paths.ts';
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
  // Everything that may be wrong with the input is found before the first compiler runs.
  progress(entries.length === 1 ? 'reading the model and its data' : `reading ${entries.length} models and their data`);
  checkPaths(entries, files);
  const pairs = collect(entries, (entry) => openPair(entry, files));

  const models: ModelReport[] = [];
  for (const pair of pairs) {
    const { name, int8, fp32 = null, profile, at } = pair.config;
    const reports: TargetReport[] = [];
    const accuracyOn = accuracyByTarget(pair);
    for (const target of targets) {
      const say = (text: string) => progress(`${name} on ${target.name}: ${text}`);
      reports.push(await checkTarget(pair, accuracyOn, target, options.now, options.measure ?? 'auto', say));
    }
    models.push({
      name,
      verdict: worst(reports.map(({ verdict }) => verdict)),
      int8,
      fp32,
      profile,
      at,
      targets: reports,
    });
  }
  return {
    schema: REPORT_SCHEMA,
    verdict: worst(models.map(({ verdict }) => verdict)),
    models,
    notes: config.regression ? ['Regression thresholds are set, but not judged yet: no merge base is measured.'] : [],
    environment: {
      ...{ version: VERSION, config: options.config, ...thisHost() },
      started: options.now.toISOString(),
      seconds: Math.round((performance.now() - start) / 100) / 10,
    },
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
  const { config, dataset } = pair;
  progress('compiling INT8 and FP32');
  const { threads, tolerance } = config;
  const timed = mode === 'hardware' || (mode === 'auto' && autoMode(target) === 'hardware');
  const built = await buildPair(pair, target, timed ? threads : 1);
  const { accuracy, notes } = await accuracyOn(built, percentages(progress, dataset.size));

  const inForce = mode === 'none' ? without('speed', config.thresholds) : config.thresholds;
  const accepted = acceptedOn(target, config);
  const judged = (speed: Speed) => {
    const measurements = { accuracy, ...speed, tolerance };
    const checks = judge(inForce, config.thresholdAt, measurements);
    return weigh(accept(checks, accepted, measurements, now), accuracy, config.at);
  };
  const ofSpeed = (checks: readonly Check[]) => checks.filter(({ id }) => aspectOf(id) === 'speed');
  const decided = (speed: Speed) => ofSpeed(judged(speed)).every(({ status }) => status !== 'inconclusive');
  const measure = async (seed: number) => {
    if (mode === 'none') return NO_SPEED;
    progress(seed === 1 ? 'measuring speed' : 'measuring speed again, to confirm');
    const samples = timedSamples(dataset.size).map((index) => dataset.load(index));
    return measureSpeed(built.builds, target, mode, samples, decided, seed);
  };
  const speed = await measure(1);
  let checks = judged(speed);
  if (speed.latency?.mode === 'hardware' && ofSpeed(checks).some(({ status }) => status === 'fail')) {
    checks = confirm(checks, judged(await measure(SECOND)));
  }
  return {
    target: target.name,
    device: built.builds.int8.device.kind,
    cpu: speed.latency?.cpu ?? target.cpu,
    neon: target.arch === 'aarch64',
    verdict: worst(checks.map(({ status }) => status)),
    accuracy,
    latency: speed.latency,
    checks,
    notes: [
      ...(checks.length === 0 ? [NOTHING_JUDGED] : []),
      ...acceptanceNotes(checks, accepted, now),
      ...[
        ...pair.notes,
        ...dataset.notes,
        ...evidenceNotes(accuracy, checks),
        ...built.notes,
        ...notes,
        ...speed.notes,
      ],
      ...(threads > 1 ? [threadsNote(threads, timed)] : []),
    ],
  };
}

/** What the entry accepts on a target. */
const acceptedOn = (target: Target, { accept: all = [] }: ModelConfig) =>
  all.filter(({ targets }) => targets?.some((name) => resolveTarget(name).name === target.name) ?? true);

const NOTHING_JUDGED = 'Nothing was judged: no threshold is in force.';

const threadsNote = (threads: number, timed: boolean): string =>
  timed ? `Both builds ran on ${threads} threads.` : 'Both builds ran on one thread: threads need times on hardware.';

const NO_SPEED: Speed = {
  ...{ latency: null, doubt: null },
  notes: ['Speed was not measured, as asked; its thresholds were not judged.'],
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
