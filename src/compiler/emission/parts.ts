/** Splitting an operator's work into parts for threads. */

/** Fewest multiply-accumulates per part: some ten thousand cycles, the cost of waking a thread. */
const WORTH = 1 << 17;

/** Number of parts for `macs` multiply-accumulates, at least 1. */
export const partsWorth = (threads: number, macs: number): number =>
  Math.max(1, Math.min(threads, Math.floor(macs / WORTH)));
