import { cpus } from 'node:os';
import { compileModel } from '../../compiler/compile.ts';
import { parseTarget, type Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { linkRunner } from '../../runtime/devices/image.ts';
import { openDevice } from '../../runtime/devices/open.ts';
import { type Config, type ModelConfig, parseConfig } from '../config/load.ts';
import { didYouMean } from '../config/suggest.ts';
import { openFiles } from '../data/files.ts';
import { confirm, isSpeed, judge } from '../verdict/judge.ts';
import { type ModelReport, REPORT_SCHEMA, type Report, type TargetReport, worst } from '../verdict/report.ts';
import { VERSION } from '../verdict/version.ts';
import { measureAccuracy, type Runnable } from './accuracy.ts';
import { openPair, type Pair } from './pair.ts';
import { measureSpeed, type Speed } from './speed.ts';

/** How speed is judged: `auto` is hardware where this machine runs the target's code, modelled cycles elsewhere. */
export type MeasureMode = 'auto' | 'hardware' | 'modelled' | 'none';

export interface CheckOptions {
  /** Path of the configuration. */
  readonly config: string;
  /** Names of the models to check; all when absent or empty. */
  readonly only?: readonly string[];
  /** Targets in place of the configuration's. */
  readonly targets?: readonly string[];
  /** `auto` when absent. */
  readonly measure?: MeasureMode;
  /** Called with one line of text now and then, for stderr. */
  readonly progress?: (line: string) => void;
}

/**
 * The main job: reads the configuration, compiles every model pair for every target, runs the data through both,
 * times them and judges. Paths in the configuration count from the working directory. Throws InputError
 * (configuration, model or data at fault) or EnvironmentError (compiler, emulator or device at fault); a red verdict
 * is a result, not an error.
 */
export async function runCheck(options: CheckOptions): Promise<Report> {
  const started = new Date();
  const progress = options.progress ?? (() => {});
  const files = openFiles(process.cwd());
  const config = parseConfig(new TextDecoder().decode(files.read(options.config)), options.config);
  const names = options.targets !== undefined && options.targets.length > 0 ? options.targets : config.targets;
  const targets = [...new Set(names)].map((name) => parseTarget(name));
  const entries = select(config, options.only ?? []);
  // Everything that may be wrong with the input is found before the first compiler runs.
  progress(`reading ${entries.length} ${entries.length === 1 ? 'model' : 'models'} and their data`);
  const pairs = collect(entries, (entry) => openPair(entry, files));

  const models: ModelReport[] = [];
  for (const pair of pairs) {
    const { name, int8, fp32 = null, at } = pair.config;
    const reports: TargetReport[] = [];
    for (const target of targets) {
      const say = (text: string) => progress(`${name} on ${target.name}: ${text}`);
      reports.push(await checkTarget(pair, target, options.measure ?? 'auto', say));
    }
    models.push({ name, verdict: worst(reports.map(({ verdict }) => verdict)), int8, fp32, at, targets: reports });
  }
  return {
    schema: REPORT_SCHEMA,
    verdict: worst(models.map(({ verdict }) => verdict)),
    models,
    notes: config.regression ? ['Regression thresholds are set, but not judged yet: no merge base is measured.'] : [],
    environment: {
      ...{ version: VERSION, config: options.config, os: process.platform, arch: process.arch, node: process.version },
      cpu: cpus()[0]?.model.trim() ?? null,
      started: started.toISOString(),
      seconds: Math.round((Date.now() - started.getTime()) / 100) / 10,
    },
  };
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
  throw new InputError(faults.map(({ message }) => message).join('\n'), { at: faults[0].at });
}

/** One model pair on one target: compile, run, measure, judge. */
async function checkTarget(
  pair: Pair,
  target: Target,
  measure: MeasureMode,
  progress: (text: string) => void,
): Promise<TargetReport> {
  const { config, dataset } = pair;
  const notes: string[] = [...dataset.notes];
  progress('compiling INT8 and FP32');
  const builds = await Promise.all([
    compileModel(pair.int8, { target, name: `${config.name} INT8`, symbol: 'int8' }),
    compileModel(pair.fp32, { target, name: `${config.name} FP32`, symbol: 'fp32' }),
  ]);
  const image = await linkRunner(builds);
  const device = await openDevice(target);
  const int8: Runnable = { device, image, build: 0 };
  const fp32 = device.kind === 'qemu' ? await hostTwin(pair, notes) : { device, image, build: 1 };

  let shown = 0;
  const accuracy = await measureAccuracy(pair, int8, fp32 ?? { device, image, build: 1 }, (share) => {
    const now = performance.now();
    if (now - shown < PROGRESS_MS && share < 1) return;
    shown = now;
    progress(`${Math.floor(100 * share)} % of ${dataset.size} samples`);
  });

  const { thresholds, thresholdAt } = config;
  const lines: string[] = [];
  let speed: Speed = { latency: null, doubt: null, notes: [] };
  let inForce = thresholds;
  if (measure === 'none') {
    const { 'min-speedup': _speedup, 'max-latency': _latency, ...rest } = thresholds;
    inForce = rest;
    lines.push('Speed was not measured, as asked; its thresholds were not judged.');
  } else {
    progress('measuring speed');
    speed = await measureSpeed(image, target, measure, dataset.load(0));
  }
  let checks = judge(inForce, thresholdAt, { accuracy, ...speed });
  if (speed.latency?.mode === 'hardware' && checks.some(({ id, status }) => isSpeed(id) && status === 'fail')) {
    progress('measuring speed again to confirm');
    const again = await measureSpeed(image, target, 'hardware', dataset.load(0), 1001);
    checks = confirm(checks, judge(inForce, thresholdAt, { accuracy, ...again }));
  }
  return {
    target: target.name,
    device: device.kind,
    cpu: speed.latency?.cpu ?? target.cpu,
    neon: target.arch === 'aarch64',
    verdict: worst(checks.map(({ status }) => status)),
    accuracy,
    latency: speed.latency,
    checks,
    notes: [...notes, ...speed.notes, ...lines],
  };
}

/** Least time between two lines about the samples. */
const PROGRESS_MS = 5000;

/**
 * The FP32 model as portable C for this machine: emulated floating point is some fifty times slower, and the two
 * builds agree within rounding. null where this machine has no compiler of its own: then the emulator has to do.
 */
async function hostTwin(pair: Pair, notes: string[]): Promise<Runnable | null> {
  try {
    const target = parseTarget('host');
    const build = await compileModel(pair.fp32, { target, name: `${pair.config.name} FP32`, symbol: 'fp32' });
    const [image, device] = await Promise.all([linkRunner([build]), openDevice(target)]);
    notes.push(
      'FP32 accuracy comes from a portable build on this machine, because emulated floating point is slow; INT8 ran as the NEON build.',
    );
    return { device, image, build: 0 };
  } catch (error) {
    if (error instanceof EnvironmentError) return null;
    throw error;
  }
}
