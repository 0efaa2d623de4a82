import { median, min } from 'simple-statistics';
import { EnvironmentError } from '../../errors.ts';
import type { Device, RunnerImage } from '../devices/device.ts';
import { type Fingerprint, fingerprint } from '../devices/machine.ts';
import { LAUNCHES, type Launch, launch, samplesOf } from './launch.ts';
import { type Interval, pairedRatio, pairsOf, type Ratio, uninterrupted } from './statistics.ts';

export type { Interval, Ratio } from './statistics.ts';

export interface HardwareOptions {
  /** Indices of the image's builds. */
  readonly int8: number;
  readonly fp32: number;
  /** The INT8 build of the merge base, timed along with the others. */
  readonly base?: number;
  /** How long it may take; default 20 s. Three launches of five pairs are the least, whatever they take. */
  readonly budgetMs?: number;
  /** Launches go on within the budget until the speedup's interval is narrower than ± this share; default 1 %. */
  readonly precision?: number;
  /** For a build's index, one sample to run it on; zeros without it. */
  readonly inputs?: ReadonlyMap<number, readonly Uint8Array[]>;
  readonly seed?: number;
  readonly onProgress?: (share: number) => void;
}

/** Nanoseconds of one inference. */
export interface Duration {
  readonly median: number;
  readonly min: number;
}

export interface Hardware {
  readonly unit: 'ns';
  readonly int8: Duration;
  readonly fp32: Duration;
  readonly base: Duration | null;
  /** FP32 time over INT8 time. */
  readonly speedup: number;
  readonly interval: Interval;
  /** The same from the fastest batches; the two differ where something disturbed the machine. */
  readonly speedupOfMinima: number;
  /** INT8 time over the merge base's: above 1 is a slowdown. */
  readonly slowdown: Ratio | null;
  /** The INT8 build against itself: what the machine's noise alone does to a ratio. */
  readonly noise: Ratio;
  /** Whether the noise's interval touches 1 ± 1 %; where not, no verdict can rest on these figures. */
  readonly fit: boolean;
  readonly pairs: number;
  readonly launches: number;
  readonly warnings: readonly string[];
  readonly machine: Fingerprint;
}

/**
 * Times the builds in one process, interleaved, over several launches of it. Speedups are medians of paired ratios, with
 * bootstrap intervals; see docs/measuring.md. Throws an EnvironmentError on a crash and on an emulated device.
 */
export async function measureHardware(device: Device, image: RunnerImage, options: HardwareOptions): Promise<Hardware> {
  if (device.kind === 'qemu')
    throw new EnvironmentError('an emulator says nothing about time: measure modelled cycles');
  const { int8, fp32, base, inputs, budgetMs = 20_000, precision = 0.01, seed = 1 } = options;
  // The INT8 build twice: its two slots are the A/A comparison.
  const slots = [int8, fp32, int8, ...(base === undefined ? [] : [base])];
  const [INT8, FP32, AGAIN, BASE] = [0, 1, 2, 3];
  const launches: Launch[] = [];
  const compare = (a: number, b: number) =>
    pairedRatio(
      launches.map(({ rounds, batches }) =>
        uninterrupted(pairsOf(rounds, a, b)).map(([x, y]) => Math.log(x.ns / batches[a] / (y.ns / batches[b]))),
      ),
      { seed },
    );
  const start = performance.now();
  const share = () => (performance.now() - start) / budgetMs;
  while (launches.length < LAUNCHES.least || (launches.length < LAUNCHES.most && share() < 0.8)) {
    if (launches.length >= LAUNCHES.least && halfWidth(compare(FP32, INT8)) <= precision) break;
    launches.push(await launch(device, image, slots, { inputs, budgetMs, seed: seed + launches.length }));
    options.onProgress?.(Math.min(1, Math.max(share(), launches.length / LAUNCHES.least)));
  }

  const duration = (slot: number): Duration => {
    const times = launches.flatMap(({ rounds, batches }) =>
      uninterrupted(samplesOf(rounds, slot)).map(({ ns }) => ns / batches[slot]),
    );
    return { median: median(times), min: min(times) };
  };
  const speedup = compare(FP32, INT8);
  const noise = compare(AGAIN, INT8);
  const durations = { int8: duration(INT8), fp32: duration(FP32), base: base === undefined ? null : duration(BASE) };
  const speedupOfMinima = durations.fp32.min / durations.int8.min;
  const fit = noise.interval[0] <= 1.01 && noise.interval[1] >= 0.99;
  return {
    unit: 'ns',
    ...durations,
    speedup: speedup.ratio,
    interval: speedup.interval,
    speedupOfMinima,
    slowdown: base === undefined ? null : compare(INT8, BASE),
    noise,
    fit,
    pairs: launches.reduce((sum, { rounds }) => sum + uninterrupted(pairsOf(rounds, FP32, INT8)).length, 0),
    launches: launches.length,
    warnings: warnings(speedup.ratio, speedupOfMinima, fit, launches),
    machine: fingerprint(),
  };
}

function warnings(speedup: number, ofMinima: number, fit: boolean, launches: readonly Launch[]): string[] {
  const found: string[] = [];
  if (Math.abs(ofMinima / speedup - 1) > 0.02) {
    found.push(
      `the speedup is ${speedup.toFixed(3)} by the median and ${ofMinima.toFixed(3)} by the fastest batches: the machine was disturbed`,
    );
  }
  if (!fit)
    found.push('the same build timed against itself differs by more than 1 %: this machine is unfit to measure on');
  const samples = launches.flatMap(({ rounds }) => samplesOf(rounds, 0));
  const interrupted = samples.filter(({ switches }) => switches > 0).length / samples.length;
  if (interrupted > 0.5) found.push('other processes interrupted most of the batches: measure on an idle machine');
  return found;
}

const halfWidth = ({ ratio, interval }: Ratio) => (interval[1] - interval[0]) / 2 / ratio;
