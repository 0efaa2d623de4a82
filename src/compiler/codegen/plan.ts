/** Something that needs memory from step `first` to step `last`, both included. */
export interface Buffer {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  /**
   * An earlier buffer whose last step is the first of this one. The two may share that step's memory, but only from the
   * same offset on: an operator that computes in place.
   */
  readonly over?: number;
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
 * goes first, each over the buffer that it may share memory with or, where another is in the way there, to the lowest gap
 * that is wide enough among the placed buffers whose lives meet its own.
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
    const { first, last, bytes: size, over } = buffers[i];
    const met = placed.filter((j) => first <= buffers[j].last && buffers[j].first <= last);
    let offset = 0;
    for (const j of met) {
      if (offset + size <= offsets[j]) break;
      offset = Math.max(offset, alignUp(offsets[j] + buffers[j].bytes));
    }
    if (over !== undefined && met.includes(over)) {
      const from = offsets[over];
      const isFree = (j: number): boolean => from + size <= offsets[j] || offsets[j] + buffers[j].bytes <= from;
      if (met.every((j) => j === over || isFree(j))) offset = from;
    }
    offsets[i] = offset;
    const at = placed.findIndex((j) => offsets[j] > offset);
    placed.splice(at === -1 ? placed.length : at, 0, i);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes: alignUp(bytes) };
}
