/** How far it pays to cut an operator's work into parts for threads. */

/** Multiply-accumulates that are worth waking a thread for: some ten thousand cycles. */
const WORTH = 1 << 17;

/** The most parts worth making of so many multiply-accumulates, 1 at least. */
export const partsWorth = (threads: number, macs: number): number =>
  Math.max(1, Math.min(threads, Math.floor(macs / WORTH)));
