import { EnvironmentError } from '../../errors.ts';
import type { Device, RunnerImage, Session } from '../devices/device.ts';
import { emulatorOf } from '../devices/emulation.ts';
import { linkRunner } from '../devices/image.ts';
import { type Fingerprint, fingerprint } from '../devices/machine.ts';
import { readCounters, shareStolen, shareWaited } from '../devices/pressure.ts';
import type { Duration, Figures } from './figures.ts';
import { type Observed, observe, SLOT } from './launch.ts';
import { medianOf, parsePass } from './passes.ts';
import { iterationsOf, MIN_BATCH_NS, SAMPLES, warmUpRounds } from './plan.ts';
import { BUDGET_MS, measureLaunches, type SequentialOptions } from './sequential.ts';

export type { Duration, Figures } from './figures.ts';
export type { Estimate, Interval } from './interval.ts';

export interface HardwareOptions extends SequentialOptions {
  /** Indices of the image's builds. */
  readonly int8: number;
  readonly fp32: number;
  /** The INT8 build of the merge base, timed along with the others. */
  readonly base?: number;
  /**
   * For a build's index, samples of the data to run it on, the same ones for all builds; zeros without it. Eight of them,
   * spread over what is given, are timed.
   */
  readonly samples?: ReadonlyMap<number, readonly (readonly Uint8Array[])[]>;
  readonly seed?: number;
  /** For tests: for a build's index, by what share of its time it is slowed. */
  readonly slowed?: ReadonlyMap<number, number>;
  /** For tests: the layout of all launches, instead of one of its own for each. */
  readonly layout?: number;
}

export interface Hardware extends Figures {
  readonly unit: 'ns';
  readonly warnings: readonly string[];
  readonly machine: Fingerprint;
}

/**
 * Times the builds against each other in one process, over several launches of it, each of a program that is linked anew.
 * What is done with the times: docs/measuring.md. Throws an EnvironmentError on a crash and where the device is emulated.
 */
export async function measureHardware(device: Device, image: RunnerImage, options: HardwareOptions): Promise<Hardware> {
  if (device.kind === 'qemu')
    throw new EnvironmentError('an emulator says nothing about time: measure modelled cycles');
  const { int8, fp32, base, seed = 1 } = options;
  const slots = [int8, fp32, image.builds.length, ...(base === undefined ? [] : [base])];
  let plan: Plan | null = null;
  const counts: number[][] = [];
  const figures = await measureLaunches(async (index) => {
    const arranged = await linkRunner(image.builds, {
      ...image.link,
      copyOf: int8,
      layout: options.layout ?? seed + index,
    });
    return device.session(arranged, {}, async (session) => {
      refuseEmulation(session, arranged);
      await loadSamples(session, arranged, options);
      for (const [build, share] of ofCopies(options.slowed, arranged, int8))
        await session.send(`slow ${build} ${Math.round(1000 * share)}`, arranged.builds[build]);
      plan ??= await planOf(session, arranged, slots, options);
      const observed = await launch(session, slots, plan, seed + index);
      counts.push(await countInstructions(session, slots));
      return observed;
    });
  }, options);
  const counted = (duration: Duration, slot: number): Duration => ({
    ...duration,
    ...instructionsOf(counts.map((each) => each[slot])),
  });
  return {
    ...{ unit: 'ns', ...figures, int8: counted(figures.int8, SLOT.int8), fp32: counted(figures.fp32, SLOT.fp32) },
    base: figures.base && counted(figures.base, SLOT.base),
    ...{ warnings: warnings(figures), machine: fingerprint() },
  };
}

/** Of one inference in each slot; 0 where nothing counts them. */
async function countInstructions(session: Session, slots: readonly number[]): Promise<number[]> {
  const counts: number[] = [];
  for (const slot of slots) counts.push(Number((await session.send(`instructions ${slot}`))[0].split(' ')[1]));
  return counts;
}

/** Counts of launches as figures; none where not all launches have one. Pure. */
export function instructionsOf(counts: readonly number[]): Pick<Duration, 'instructions' | 'instructionsOfLaunches'> {
  if (counts.length === 0 || counts.includes(0)) return {};
  return { instructions: medianOf(counts), instructionsOfLaunches: [Math.min(...counts), Math.max(...counts)] };
}

function refuseEmulation({ pid }: Session, { executable }: RunnerImage): void {
  const emulator = pid === undefined ? null : emulatorOf(pid, executable);
  if (emulator === null) return;
  throw new EnvironmentError(
    `programs on this machine are emulated (by ${emulator}), and an emulator says nothing about time: measure modelled cycles, or measure on the processor itself`,
  );
}

/** Spreads at most so many over all of them. */
export function spread<T>(all: readonly T[], most: number = SAMPLES): T[] {
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]);
}

/** What is given for builds, and to the copy what is given for the INT8 build that it is. */
function ofCopies<T>(given: ReadonlyMap<number, T> | undefined, image: RunnerImage, int8: number): Map<number, T> {
  const all = new Map(given);
  const ofInt8 = all.get(int8);
  if (ofInt8 !== undefined) all.set(image.builds.length - 1, ofInt8);
  return all;
}

/** Gives the runner each build's samples. */
async function loadSamples(session: Session, image: RunnerImage, options: HardwareOptions): Promise<void> {
  for (const [build, all] of ofCopies(options.samples, image, options.int8)) {
    const timed = spread(all);
    const names = timed[0].map((_, i) => `build${build}-input${i}.bin`);
    for (const [i, name] of names.entries()) await session.write(name, Buffer.concat(timed.map((sample) => sample[i])));
    await session.send(['load', build, timed.length, ...names].join(' '), image.builds[build]);
  }
}

/** What every launch does alike. */
interface Plan {
  /** For each slot, the inferences of a batch. */
  readonly batches: readonly number[];
  readonly warmUp: number;
  readonly rounds: number;
}

const batchesOf = (slots: readonly number[], { batches }: Pick<Plan, 'batches'>): string =>
  slots.map((slot, i) => `${slot}:${batches[i]}`).join(' ');

/** Finds out how long things take. */
async function planOf(
  session: Session,
  image: RunnerImage,
  slots: readonly number[],
  { budgetMs = BUDGET_MS, samples }: HardwareOptions,
): Promise<Plan> {
  const batches: number[] = [];
  for (const slot of slots) {
    const [line] = await session.send(`calibrate ${slot} ${MIN_BATCH_NS}`, image.builds[slot]);
    batches.push(Number(line.split(' ')[1]));
  }
  const began = performance.now();
  await session.send(`time 1 1 ${batchesOf(slots, { batches })}`);
  const roundMs = performance.now() - began;
  const timed = samples === undefined ? 1 : Math.min(SAMPLES, ...[...samples.values()].map((all) => all.length));
  return { batches, warmUp: warmUpRounds(roundMs), rounds: iterationsOf(roundMs, budgetMs, timed) };
}

async function launch(session: Session, slots: readonly number[], plan: Plan, seed: number): Promise<Observed> {
  const words = batchesOf(slots, plan);
  await session.send(`time ${seed} ${plan.warmUp} ${words}`);
  const [before, began] = [readCounters(), performance.now()];
  const [clock, ...lines] = await session.send(`time ${seed + 1000} ${plan.rounds} ${words}`);
  const after = readCounters();
  // A thread's own clock stands still while others have its core.
  const share =
    clock === 'clock thread' ? shareStolen(before, after) : shareWaited(before, after, performance.now() - began);
  return observe({ passes: lines.map(parsePass), batches: plan.batches, waited: share });
}

/** By how much samples of the data may differ, and a clock be slower than at its quickest, before that is said. */
const UNEVEN = 0.02;
const THROTTLED = 0.03;

function warnings(figures: Figures): string[] {
  const { disturbed, launches, throttled, speedupOfSamples } = figures;
  const found: string[] = [];
  const doubt = unfitness(figures);
  if (doubt !== null) found.push(doubt);
  else if (disturbed > 0)
    found.push(`${disturbed} of ${launches + disturbed} launches are left out: other work disturbed the machine`);
  if (throttled > THROTTLED)
    found.push(
      `the processor's clock was ${(100 * throttled).toFixed(0)} % slower than at its quickest: latencies depend on it, ratios do not`,
    );
  const [low, high] = speedupOfSamples;
  if (high / low - 1 > UNEVEN)
    found.push(`the speedup depends on the data: ${low.toFixed(3)} to ${high.toFixed(3)} over the timed samples`);
  return found;
}

/** What makes the intervals wider than the measurement itself, in words; null for nothing. */
export const unfitness = ({ unfit, stretch }: Pick<Figures, 'unfit' | 'stretch'>): string | null =>
  unfit === null
    ? null
    : `this machine is unfit to tell small differences: ${unfit}, and the intervals are ${stretch.toPrecision(3)} times as wide, either way`;
