import type { Device, RunnerImage, Session } from '../devices/device.ts';
import { parseRound, type Round, type Sample, unthrottled } from './statistics.ts';

/** How many processes measure. */
export const LAUNCHES = { least: 3, most: 12 };
const ROUNDS = { least: 5, most: 50 };
const WARM_UP_ROUNDS = 4;
const MIN_BATCH_NS = 1e6;

export interface LaunchOptions {
  /** For a build's index, one sample to run it on; zeros without it. */
  readonly inputs?: ReadonlyMap<number, readonly Uint8Array[]>;
  /** How long all launches may take together. */
  readonly budgetMs: number;
  readonly seed: number;
}

/** What one process measured. */
export interface Launch {
  readonly rounds: readonly Round[];
  /** For each slot, the inferences of a batch. */
  readonly batches: readonly number[];
}

/** Starts a process, finds for each build how many inferences a batch takes, and times rounds of batches. */
export function launch(
  device: Device,
  image: RunnerImage,
  slots: readonly number[],
  { inputs, budgetMs, seed }: LaunchOptions,
): Promise<Launch> {
  return device.session(image, {}, async (session) => {
    const build = new Map<number, number>();
    for (const slot of new Set(slots)) {
      await load(session, image, slot, inputs?.get(slot));
      const [line] = await session.send(`calibrate ${slot} ${MIN_BATCH_NS}`, image.builds[slot]);
      build.set(slot, Number(line.split(' ')[1]));
    }
    const batches = slots.map((slot) => build.get(slot)!);
    const words = slots.map((slot, i) => `${slot}:${batches[i]}`).join(' ');
    const began = performance.now();
    await session.send(`time ${seed} ${WARM_UP_ROUNDS} ${words}`);
    const roundMs = (performance.now() - began) / WARM_UP_ROUNDS;
    const affordable = Math.floor(budgetMs / (LAUNCHES.least + 1) / roundMs) - WARM_UP_ROUNDS;
    const rounds = Math.min(ROUNDS.most, Math.max(ROUNDS.least, affordable));
    const lines = await session.send(`time ${seed + 1000} ${rounds} ${words}`);
    return { rounds: unthrottled(lines.map(parseRound)), batches };
  });
}

async function load(
  session: Session,
  image: RunnerImage,
  index: number,
  inputs?: readonly Uint8Array[],
): Promise<void> {
  if (inputs === undefined) return;
  const names = inputs.map((_, i) => `sample${i}.bin`);
  for (const [i, bytes] of inputs.entries()) await session.write(names[i], bytes);
  await session.send(['load', index, ...names].join(' '), image.builds[index]);
}

/** All samples of a slot. */
export const samplesOf = (rounds: readonly Round[], slot: number): Sample[] =>
  rounds.flatMap(({ slots }) => slots[slot]);
