import { BOARDS, type BoardName } from '../../compiler/targets/index.ts';
import type { CycleRange } from './calibration.ts';

/** An inference's time on a board, estimated from modelled cycles and counted lines; never a measurement. */
export interface TimeEstimate {
  readonly ns: number;
  /** Where the time on the board is to be expected. */
  readonly interval: readonly [low: number, high: number];
}

const LINE_BYTES = 64;

/**
 * cycles / clock / threads + lines × ns a line, where the lines of all threads together cannot come faster than the
 * board's memory gives them: ns a line is at least that of one thread / threads, and 64 bytes / bandwidth. The interval is
 * as wide as measured and estimated times of networks on that board were apart, and as the range of the cycles. Pure.
 *
 * @param threads more than the board has cores count as so many
 */
export function estimateTime(
  { median, low, high, lines }: CycleRange & { readonly lines: number },
  name: BoardName,
  threads: number,
): TimeEstimate {
  const { ghz, cores, lineNs, gbPerSecond, oneThread, allCores } = BOARDS[name];
  const used = Math.min(threads, cores);
  const shared = LINE_BYTES / gbPerSecond;
  const memory = lines * (used === 1 ? lineNs : Math.max(lineNs / used, shared));
  const time = (cycles: number) => cycles / ghz / used + memory;
  const ns = time(median);
  // Between one thread and all cores nobody measured: either may hold.
  const ranges = used === 1 ? [oneThread] : used === cores ? [allCores] : [oneThread, allCores];
  const [least, most] = [Math.min(...ranges.map(([lower]) => lower)), Math.max(...ranges.map(([, upper]) => upper))];
  const atLeast = used === 1 ? 0 : lines * shared;
  return { ns, interval: [Math.max(Math.min(ns * least, time(low)), atLeast), Math.max(ns * most, time(high))] };
}
