import { mean } from 'simple-statistics';
import type { Residuals } from './centre.ts';
import { reachOf } from './interval.ts';
import { type Observed, only } from './launch.ts';
import { medianOf, quantilesOf } from './passes.ts';

/** Memory that takes 10 % longer than when nobody else uses it is disturbed, whatever its noise. */
const DISTURBED = Math.log(1.1);
/** Standard deviations of the walk's own noise that are forgiven, and the most of it that is taken for noise. */
const FORGIVEN = 2.5;
const MOST_NOISE = 0.07;
/** Share of passes beside a disturbed walk, or of time that something waited, from which a launch is left out. */
const MOST = { disturbed: 1 / 4, waited: 1 / 20 };
/** Fewer passes than this are no launch. */
const LEAST_PASSES = 8;

/**
 * What a loop takes while nobody disturbs it, and the noise of that, from its logarithms in all launches: the 5 % quantile
 * of all passes, since a neighbour may be there most of the time, and differences of neighbouring passes, which a
 * neighbour that stays for a while does not part. (5 % quantile: 1.645 standard deviations below the middle; median
 * of |difference|: 0.954 of them.)
 */
function quietLevel(loops: readonly Float64Array[]): { readonly level: number; readonly noise: number } {
  const count = loops.reduce((sum, loop) => sum + loop.length, 0);
  const all = new Float64Array(count);
  const steps = new Float64Array(count - loops.length);
  let [at, step] = [0, 0];
  for (const loop of loops) {
    all.set(loop, at);
    at += loop.length;
    for (let i = 1; i < loop.length; i++) steps[step++] = Math.abs(loop[i] - loop[i - 1]);
  }
  const noise = steps.length === 0 ? 0 : Math.min(MOST_NOISE, medianOf(steps) / 0.954);
  return { level: quantilesOf(all, 0.05)[0] + 1.645 * noise, noise };
}

/** Where the walk through memory stops being alone. */
function bound(walks: readonly Float64Array[]): number {
  const { level, noise } = quietLevel(walks);
  return level + Math.max(DISTURBED, FORGIVEN * noise);
}

/** Tells the passes beside which the walk through memory was left alone. */
function calmPasses(launches: readonly Observed[]): (launch: Observed, pass: number) => boolean {
  const most = bound(launches.map(({ memory }) => memory));
  const mostToAlu = bound(launches.map(({ memoryToAlu }) => memoryToAlu));
  return ({ memory, memoryToAlu }, i) => memory[i] <= most || memoryToAlu[i] <= mostToAlu;
}

/**
 * The launches during which the machine was left alone, as far as its signs go, without the passes beside a disturbed
 * memory walk and those in which the core was taken away. Where the latter leave hardly anything (long inferences), they
 * stay. A slower clock slows walk, loop and builds alike: only a walk that is slow by its ratio to the loop, too, counts.
 */
export function quietOf(launches: readonly Observed[]): readonly Observed[] {
  if (launches.length === 0) return launches;
  const isCalm = calmPasses(launches);
  return launches.flatMap((launch) => {
    const { memory, switches, waited } = launch;
    const calm: number[] = [];
    for (let i = 0; i < memory.length; i++) if (isCalm(launch, i)) calm.push(i);
    if ((waited ?? 0) > MOST.waited || memory.length - calm.length > MOST.disturbed * memory.length) return [];
    const whole = calm.filter((i) => switches[i] === 0);
    const kept = whole.length >= Math.min(LEAST_PASSES, memory.length / 2) ? whole : calm;
    return [kept.length === memory.length ? launch : only(launch, kept)];
  });
}

/**
 * No other work moves the ratio of two builds that run in turn by more: a neighbour slows what lives on memory three-fold and
 * leaves alone what lives on registers. Source: Moscibroda and Mutlu, "Memory performance attacks", USENIX Security 2007.
 */
const MOST_MOVED = Math.log(3);

/** Passes of either kind that a launch needs, and launches that need to have both, to tell what a disturbed walk goes with. */
const COMPARABLE = { passes: 4, launches: 5 };
/** Two-sided error of that difference. */
const EFFECT_ERROR = 0.05;
const UNSEEN = 2;

/**
 * By how much, as a logarithm, other work moves a quantity at most, as far as its own passes say: those beside a disturbed
 * walk less those beside a quiet one, medians launch by launch, whatever end of Student's 95 % interval is further from 0; twice
 * that, because the walk looks at moments and batches last: beside a walk in peace some are disturbed. Pure.
 *
 * @param of the quantity: its logarithms, launch by launch
 * @returns null where fewer than five launches have passes of both kinds
 */
export function effectOf(launches: readonly Observed[], { rest }: Residuals): number | null {
  const isCalm = calmPasses(launches);
  const differences = launches.flatMap((launch, l) => {
    const [calm, disturbed]: [number[], number[]] = [[], []];
    for (const [i, value] of rest[l].entries()) (isCalm(launch, i) ? calm : disturbed).push(value);
    const both = Math.min(calm.length, disturbed.length) >= COMPARABLE.passes;
    return both ? [medianOf(disturbed) - medianOf(calm)] : [];
  });
  if (differences.length < COMPARABLE.launches) return null;
  return UNSEEN * (Math.abs(mean(differences)) + reachOf(differences, EFFECT_ERROR));
}

/**
 * By how much, as a logarithm, other work may have moved a quantity, on average over the launches: twice what
 * it did to the walk in three passes of four, since a build whose data a cache holds, until a neighbour needs that
 * cache, is slowed more than one that reads memory anyway, but no more than the quantity's own passes say; or what time was
 * waited for. Pure.
 */
export function disturbanceOf(launches: readonly Observed[], quantity: Residuals): number {
  const shown = effectOf(launches, quantity) ?? Number.POSITIVE_INFINITY;
  const levels = {
    memory: quietLevel(launches.map(({ memory }) => memory)).level,
    memoryToAlu: quietLevel(launches.map(({ memoryToAlu }) => memoryToAlu)).level,
  };
  const slower = (walk: Float64Array, level: number) => quantilesOf(walk, 0.75)[0] - level;
  const each = launches.map(({ memory, memoryToAlu, waited }) => {
    const walked = Math.min(slower(memory, levels.memory), slower(memoryToAlu, levels.memoryToAlu));
    return Math.max(0, Math.min(2 * walked, shown), -Math.log(1 - (waited ?? 0)));
  });
  return Math.min(MOST_MOVED, mean(each));
}

/** By how much, as a logarithm, the clock was slower than at its quickest, on average over the launches. Pure. */
export function throttlingOf(launches: readonly Observed[]): number {
  const { level } = quietLevel(launches.map(({ alu }) => alu));
  return mean(launches.map(({ alu }) => Math.max(0, medianOf(alu) - level)));
}
