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
 * Where the walk through memory stops being alone. Its quiet level is taken from the 5 % quantile of all passes, since a
 * neighbour may be there most of the time; its noise from neighbouring passes, which a neighbour that stays for a while
 * does not part. (5 % quantile: 1.645 standard deviations below the middle; median of |difference|: 0.954 of them.)
 */
function bound(walks: readonly Float64Array[]): number {
  const count = walks.reduce((sum, walk) => sum + walk.length, 0);
  const all = new Float64Array(count);
  const steps = new Float64Array(count - walks.length);
  let [at, step] = [0, 0];
  for (const walk of walks) {
    all.set(walk, at);
    at += walk.length;
    for (let i = 1; i < walk.length; i++) steps[step++] = Math.abs(walk[i] - walk[i - 1]);
  }
  const noise = steps.length === 0 ? 0 : Math.min(MOST_NOISE, medianOf(steps) / 0.954);
  return quantilesOf(all, 0.05)[0] + 1.645 * noise + Math.max(DISTURBED, FORGIVEN * noise);
}

/**
 * The launches during which the machine was left alone, as far as its signs go, without the passes beside a disturbed
 * memory walk and those in which the core was taken away. Where the latter leave hardly anything (long inferences), they
 * stay. A slower clock slows walk, loop and builds alike: only a walk that is slow by its ratio to the loop, too, counts.
 */
export function quietOf(launches: readonly Observed[]): readonly Observed[] {
  if (launches.length === 0) return launches;
  const most = bound(launches.map(({ memory }) => memory));
  const mostToAlu = bound(launches.map(({ memoryToAlu }) => memoryToAlu));
  return launches.flatMap((launch) => {
    const { memory, memoryToAlu, switches, waited } = launch;
    const calm: number[] = [];
    for (let i = 0; i < memory.length; i++) if (memory[i] <= most || memoryToAlu[i] <= mostToAlu) calm.push(i);
    if ((waited ?? 0) > MOST.waited || memory.length - calm.length > MOST.disturbed * memory.length) return [];
    const whole = calm.filter((i) => switches[i] === 0);
    const kept = whole.length >= Math.min(LEAST_PASSES, memory.length / 2) ? whole : calm;
    return [kept.length === memory.length ? launch : only(launch, kept)];
  });
}
