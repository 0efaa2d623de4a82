import { EnvironmentError } from '../../errors.ts';
import type { Device, RunnerImage, Session } from '../devices/device.ts';
import { emulatorOf } from '../devices/emulation.ts';
import { linkRunner } from '../devices/image.ts';
import { type Fingerprint, fingerprint } from '../devices/machine.ts';
import { readCounters, shareWaited } from '../devices/pressure.ts';
import type { Figures } from './figures.ts';
import { type Observed, observe } from './launch.ts';
import { type Pass, parsePass } from './passes.ts';
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
  const figures = await measureLaunches(async (index) => {
    const arranged = await linkRunner(image.builds, { ...image.link, copyOf: int8, layout: seed + index });
    return device.session(arranged, {}, async (session) => {
      refuseEmulation(session, arranged);
      await loadSamples(session, arranged, options);
      plan ??= await planOf(session, arranged, slots, options);
      return launch(session, slots, plan, seed + index);
    });
  }, options);
  return { unit: 'ns', ...figures, warnings: warnings(figures), machine: fingerprint() };
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

/** Gives the runner each build's samples; the copy gets those of the INT8 build that it is. */
async function loadSamples(session: Session, image: RunnerImage, options: HardwareOptions): Promise<void> {
  const given = new Map(options.samples);
  const ofInt8 = given.get(options.int8);
  if (ofInt8 !== undefined) given.set(image.builds.length - 1, ofInt8);
  for (const [build, all] of given) {
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
  const passes: Pass[] = (await session.send(`time ${seed + 1000} ${plan.rounds} ${words}`)).map(parsePass);
  const waited = shareWaited(before, readCounters(), performance.now() - began);
  return observe({ passes, batches: plan.batches, waited });
}

/** By how much samples of the data may differ before that is said. */
const UNEVEN = 0.02;

function warnings({ unfit, disturbed, launches, speedupOfSamples: [low, high] }: Figures): string[] {
  const found: string[] = [];
  if (unfit !== null) found.push(`this machine is unfit to measure on: ${unfit}`);
  else if (disturbed > 0)
    found.push(`${disturbed} of ${launches + disturbed} launches are left out: other work disturbed the machine`);
  if (high / low - 1 > UNEVEN)
    found.push(`the speedup depends on the data: ${low.toFixed(3)} to ${high.toFixed(3)} over the timed samples`);
  return found;
}
