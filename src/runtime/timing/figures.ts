import { max, mean, min } from 'simple-statistics';
import { centre, type Residuals, residuals, shift } from './centre.ts';
import { type Estimate, halfWidth, type Interval, LOOKS, launchEstimate, widen } from './interval.ts';
import { type Observed, SLOT, type SlotName } from './launch.ts';
import { disturbanceOf, quietOf, throttlingOf } from './quiet.ts';

/** Nanoseconds of one inference. */
export interface Duration {
  readonly median: number;
  /** 95 % interval over launches. */
  readonly interval: Interval;
  /** Of one inference on one thread, median over launches; absent where nothing counts them. No verdict depends on it. */
  readonly instructions?: number;
  /** Least and most of a launch: the same number twice on most processors. */
  readonly instructionsOfLaunches?: Interval;
}

/** What a measurement found. */
export interface Figures {
  readonly int8: Duration;
  readonly fp32: Duration;
  readonly base: Duration | null;
  /** FP32 time over INT8 time. */
  readonly speedup: number;
  readonly interval: Interval;
  /** Least and largest speedup over the timed samples of the data. */
  readonly speedupOfSamples: Interval;
  /** INT8 time over the merge base's: above 1 is a slowdown. */
  readonly slowdown: Estimate | null;
  /** A copy of the INT8 build against itself: what the machine alone does to a ratio. */
  readonly noise: Estimate;
  /** Why the machine is not fit to tell small differences; null where it is. */
  readonly unfit: string | null;
  /** The factor by which the interval of the speedup is wider, either way, for that; else 1. */
  readonly stretch: number;
  /** By what share the processor's clock was slower than at its quickest; latencies at that clock are in their interval. */
  readonly throttled: number;
  readonly pairs: number;
  readonly launches: number;
  /** Launches during which the machine was disturbed: left out, unless they are most. */
  readonly disturbed: number;
}

/** By how much the copy may differ from the INT8 build that it is. */
const SAME = 0.01;

/**
 * What the launches say: by those that were left alone; by all where most were not, with intervals that are as much wider as
 * the disturbance explains. Pure.
 *
 * @throws RangeError for fewer than two launches
 */
export function figuresOf(all: readonly Observed[]): Figures {
  const quiet = quietOf(all);
  const disturbed = all.length - quiet.length;
  const few = quiet.length < LOOKS[0] || 2 * quiet.length <= all.length;
  const launches = few ? all : quiet;
  const slots = launches[0].logs.map((_, slot) => residuals(launches, ({ logs }) => logs[slot]));
  const noise = compare(launches, slots, 'copy', 'int8');
  const apart = noise.interval[0] > 1 + SAME || noise.interval[1] < 1 - SAME;
  const own = apart ? 2 * Math.abs(Math.log(noise.value)) : 0;
  const stretchOf = (quantity: Residuals) => Math.exp(Math.max(few ? disturbanceOf(all, quantity) : 0, own));
  const slower = Math.exp(throttlingOf(launches));
  const duration = (name: SlotName): Duration => {
    const { value, interval } = launchEstimate(centre(slots[SLOT[name]]).ofLaunches);
    const reached: Interval = [Math.min(interval[0], value / slower), interval[1]];
    return { median: value, interval: widen(reached, stretchOf(slots[SLOT[name]])) };
  };
  const ratio = (a: SlotName, b: SlotName) => {
    const { interval, ...rest } = compare(launches, slots, a, b);
    const stretch = stretchOf(ratioOf(launches, a, b));
    return { ...rest, stretch, interval: widen(interval, stretch) };
  };
  const speedup = ratio('fp32', 'int8');
  const based = launches[0].logs.length > SLOT.base;
  return {
    ...{ int8: duration('int8'), fp32: duration('fp32'), base: based ? duration('base') : null },
    ...{ speedup: speedup.value, interval: speedup.interval, speedupOfSamples: speedup.ofSamples },
    slowdown: based ? ratio('int8', 'base') : null,
    noise,
    unfit: few
      ? `${disturbed} of ${all.length} launches were disturbed by other work on this machine`
      : apart
        ? `a copy of the INT8 build differs from the build itself by ${(100 * Math.abs(noise.value - 1)).toFixed(1)} %`
        : null,
    ...{ stretch: speedup.stretch, throttled: slower - 1 },
    pairs: launches.reduce((sum, { samples }) => sum + samples.length, 0),
    ...{ launches: launches.length, disturbed },
  };
}

/** The logarithm of one slot's time over another's. */
const ratioOf = (launches: readonly Observed[], a: SlotName, b: SlotName): Residuals =>
  residuals(launches, ({ logs }) => logs[SLOT[a]].map((log, i) => log - logs[SLOT[b]][i]));

/**
 * One slot's time over another's. The interval holds Student's interval over launches and, too, what the ratio is while
 * nothing disturbs the builds: a neighbour that is there for most of the time and slows one build more must not decide.
 */
function compare(
  launches: readonly Observed[],
  slots: readonly Residuals[],
  a: SlotName,
  b: SlotName,
): Estimate & { readonly ofSamples: Interval } {
  const [x, y] = [SLOT[a], SLOT[b]];
  const { ofLaunches, ofSamples } = centre(ratioOf(launches, a, b));
  const { value, interval } = launchEstimate(ofLaunches);
  const undisturbed = value * Math.exp(mean(shift(slots[x], slots[y])));
  return {
    value,
    interval: [Math.min(interval[0], undisturbed), Math.max(interval[1], undisturbed)],
    ofSamples: [Math.exp(min([...ofSamples])), Math.exp(max([...ofSamples]))],
  };
}

/** Whether the speedup, and the slowdown where there is one, are known to a share. */
export const preciseTo = ({ speedup, interval, slowdown }: Figures, share: number): boolean =>
  halfWidth({ value: speedup, interval }) <= share && (slowdown === null || halfWidth(slowdown) <= share);
