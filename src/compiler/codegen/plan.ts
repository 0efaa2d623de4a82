/** Something that needs memory from step `first` to step `last`, both included. */
export interface Buffer {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** Byte offset of each buffer, a multiple of the alignment. */
  readonly offsets: readonly number[];
  /** Size of the arena that holds them all. */
  readonly bytes: number;
}

/** Buffers start on cache lines, and vector loads at their start are aligned. */
export const ALIGNMENT = 64;

const alignUp = (n: number): number => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

/**
 * Places buffers in one arena so that buffers alive at the same step never overlap. Greedy by size: the largest buffer
 * goes first, each to the lowest gap that is wide enough among the placed buffers whose lives meet its own.
 */
export function planMemory(buffers: readonly Buffer[]): MemoryPlan {
  const order = buffers
    .map((_, i) => i)
    .sort((a, b) => buffers[b].bytes - buffers[a].bytes || buffers[a].first - buffers[b].first || a - b);
  const offsets = new Array<number>(buffers.length).fill(0);
  /** Placed buffers, by offset. */
  const placed: number[] = [];
  let bytes = 0;
  for (const i of order) {
    const { first, last, bytes: size } = buffers[i];
    let offset = 0;
    for (const j of placed) {
      const other = buffers[j];
      if (other.last < first || last < other.first) continue;
      if (offset + size <= offsets[j]) break;
      offset = Math.max(offset, alignUp(offsets[j] + other.bytes));
    }
    offsets[i] = offset;
    const at = placed.findIndex((j) => offsets[j] > offset);
    placed.splice(at === -1 ? placed.length : at, 0, i);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes: alignUp(bytes) };
}
