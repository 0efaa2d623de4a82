import type { Target } from '../../compiler/targets/index.ts';
import { EnvironmentError, InputError } from '../../errors.ts';
import { resolveTarget } from '../../runtime/devices/machine.ts';
import { autoMode } from '../../runtime/measure.ts';
import type { ModelConfig } from '../config/load.ts';
import type { BySide } from '../sides.ts';
import { aspectOf, without } from '../thresholds/index.ts';
import { accept, acceptanceNotes } from '../verdict/accept.ts';
import { evidenceNotes, weigh } from '../verdict/evidence.ts';
import { confirm, judge, judgeRegressions } from '../verdict/judge.ts';
import { type Check, type TargetReport, worst } from '../verdict/report.ts';
import { buildPair, type PairBuilds } from './builds.ts';
import type { accuracyByTarget, TargetAccuracy } from './once.ts';
import type { ModelPair } from './pair.ts';
import type { OwnBuilds } from './references.ts';
import { baseNotes, incomparable, limitsInForce, regressionOf } from './regression.ts';
import { measureSpeed, type Speed, type SpeedOption, timedSamples } from './speed.ts';

/**
 * One model pair on one target: compile, run, measure, judge.
 * @param seen called with the builds, once they have run the data
 */
export async function checkTarget(
  pair: ModelPair,
  accuracyOn: ReturnType<typeof accuracyByTarget>,
  target: Target,
  now: Date,
  mode: SpeedOption,
  progress: (text: string) => void,
  seen: (builds: OwnBuilds) => Promise<void> = async () => {},
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
  const { fp32 } = built.runners;
  await seen({ int8: builds.int8, fp32: 'build' in fp32 ? fp32 : null });

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
    const accepting = (checks: Check[]) => accept(checks, accepted, measurements, now);
    const own = accepting(judge(inForce, config.thresholdAt, measurements));
    const limits = limitsInForce(pair, noAccuracy, mode, speed);
    const regressions = accepting(judgeRegressions(limits, config.regressionAt, measurements));
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
    const measured = unfit === null ? builds : withoutBase(builds);
    return measureSpeed(measured, target, mode, samples, { decided, threads, seed });
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
    ...(speed.slow && { slow: speed.slow }),
    checks,
    notes: [
      ...(checks.length === 0 ? [NOTHING_JUDGED] : []),
      ...acceptanceNotes(checks, accepted, now),
      ...[...pair.notes, ...dataset.notes, ...evidenceNotes(accuracy, checks)],
      ...[...built.notes, ...notes, ...speed.notes],
      ...baseNotes(pair, noAccuracy, found(speed), checks),
      ...(threads > 1 ? [threadsNote(threads, hardware, speed.latency?.estimate !== undefined)] : []),
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

function threadsNote(threads: number, timed: boolean, estimated: boolean): string {
  if (timed) return `Both builds ran on ${threads} threads.`;
  if (estimated) return `Cycles are those of one thread; times are estimated for ${threads} threads.`;
  return 'Both builds ran on one thread: threads need times on hardware.';
}

const NO_SPEED: Speed = {
  ...{ latency: null, doubt: null, againstBase: null },
  notes: ['Speed was not measured, as asked; its thresholds were not judged.'],
};

const UNCHANGED_SPEED: Speed = {
  ...{ latency: null, doubt: null, againstBase: null },
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
