import { max, mean, min } from 'simple-statistics';
import { centre, shift } from './centre.ts';
import { type Estimate, halfWidth, type Interval, LOOKS, launchEstimate } from './interval.ts';
import { type Observed, SLOT, type SlotName } from './launch.ts';
import { quietOf } from './quiet.ts';

/** Nanoseconds of one inference. */
export interface Duration {
  readonly median: number;
  /** 95 % interval over launches. */
  readonly interval: Interval;
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
  /** Why no verdict can rest on these figures; null where one can. */
  readonly unfit: string | null;
  readonly pairs: number;
  readonly launches: number;
  /** Launches that are left out: the machine was disturbed. */
  readonly disturbed: number;
}

/** By how much the copy may differ from the INT8 build that it is. */
const SAME = 0.01;

/**
 * What the launches say, by those that are usable; by all where hardly any is, and then they are unfit. Pure.
 *
 * @throws RangeError for fewer than two launches
 */
export function figuresOf(all: readonly Observed[]): Figures {
  const left = quietOf(all);
  const few = left.length < LOOKS[0] || 2 * left.length <= all.length;
  const launches = left.length >= 2 ? left : all;
  const duration = (name: SlotName): Duration => {
    const { value, interval } = launchEstimate(centre(launches, ({ logs }) => logs[SLOT[name]]).ofLaunches);
    return { median: value, interval };
  };
  const speedup = compare(launches, 'fp32', 'int8');
  const noise = compare(launches, 'copy', 'int8');
  const based = launches[0].logs.length > SLOT.base;
  return {
    ...{ int8: duration('int8'), fp32: duration('fp32'), base: based ? duration('base') : null },
    ...{ speedup: speedup.value, interval: speedup.interval, speedupOfSamples: speedup.ofSamples },
    slowdown: based ? compare(launches, 'int8', 'base') : null,
    noise,
    unfit: few
      ? `${all.length - left.length} of ${all.length} launches were disturbed by other work on this machine`
      : noise.interval[0] > 1 + SAME || noise.interval[1] < 1 - SAME
        ? `a copy of the INT8 build differs from the build itself by ${(100 * Math.abs(noise.value - 1)).toFixed(1)} %`
        : null,
    pairs: launches.reduce((sum, { samples }) => sum + samples.length, 0),
    launches: launches.length,
    disturbed: all.length - left.length,
  };
}

/**
 * One slot's time over another's. The interval holds Student's interval over launches and, too, what the ratio is while
 * nothing disturbs the builds: a neighbour that is there for most of the time and slows one build more must not decide.
 */
function compare(launches: readonly Observed[], a: SlotName, b: SlotName): Estimate & { readonly ofSamples: Interval } {
  const [x, y] = [SLOT[a], SLOT[b]];
  const { ofLaunches, ofSamples } = centre(launches, ({ logs }) => logs[x].map((log, i) => log - logs[y][i]));
  const { value, interval } = launchEstimate(ofLaunches);
  const undisturbed = value * Math.exp(mean(shift(launches, x, y)));
  return {
    value,
    interval: [Math.min(interval[0], undisturbed), Math.max(interval[1], undisturbed)],
    ofSamples: [Math.exp(min([...ofSamples])), Math.exp(max([...ofSamples]))],
  };
}

/** Whether the speedup, and the slowdown where there is one, are known to a share. */
export const preciseTo = ({ speedup, interval, slowdown }: Figures, share: number): boolean =>
  halfWidth({ value: speedup, interval }) <= share && (slowdown === null || halfWidth(slowdown) <= share);
