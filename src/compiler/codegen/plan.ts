import { alignUp } from '../emission/alignment.ts';
/** A buffer that is live from step `first` to step `last`, inclusive. */
export interface Buffer {
  readonly bytes: number;
  /** Its tensor; undefined: scratch memory. */
  readonly tensor?: number;
  readonly first: number;
  readonly last: number;
  /** Buffers it may overlap; their last step is its first. */
  readonly over?: readonly Over[];
}

/** A buffer that may be overwritten while it is read. */
export interface Over {
  /** The buffer that is read. */
  readonly buffer: number;
  /**
   * Bytes by which the written buffer must start before it (emission/lead.ts). -Infinity: all of it is read before the first
   * write.
   */
  readonly lead: number;
}

export interface MemoryPlan {
  /** Byte offset of each buffer, a multiple of the alignment. */
  readonly offsets: readonly number[];
  /** Size of the arena that holds them all. */
  readonly bytes: number;
}

/** A buffer live at the same time as another, which must start at least `before` bytes before it or `after` bytes behind. */
interface Neighbour {
  readonly of: number;
  readonly before: number;
  readonly after: number;
}

/** Budget of the search: placements of a pair of neighbours. Some 50 ms. */
const WORK = 1 << 20;
const MOST_TRIALS = 5000;

/**
 * Places buffers in one arena. Buffers live at the same step do not overlap, unless one is in the other's `over`.
 *
 * Greedy first fit: each buffer gets the lowest free offset, so the plan is a function of the order. Initial orders: by descending size;
 * last first, which places results below the operands that they may overlap. Local search from the better one: move one buffer in the
 * order; keep the move unless the arena grows. Even trials move a buffer at the arena's end forward, odd trials any buffer anywhere.
 */
export function planMemory(buffers: readonly Buffer[]): MemoryPlan {
  const neighbours = neighboursOf(buffers);
  const place = (order: readonly number[]): MemoryPlan => placeInOrder(buffers, neighbours, order);
  const all = buffers.map((_, i) => i);
  const bySize = all.toSorted(
    (a, b) => buffers[b].bytes - buffers[a].bytes || buffers[b].first - buffers[a].first || a - b,
  );
  const lastFirst = all.toSorted((a, b) => buffers[b].first - buffers[a].first || buffers[b].bytes - buffers[a].bytes);
  let [best, order] = [place(bySize), bySize];
  const other = place(lastFirst);
  if (other.bytes < best.bytes) [best, order] = [other, lastFirst];

  const least = fullestStep(buffers);
  const pairs = neighbours.reduce((sum, list) => sum + list.length, buffers.length);
  const random = sequence();
  for (let trial = 0; best.bytes > least && trial < Math.min(MOST_TRIALS, WORK / pairs); trial++) {
    const ends = order.flatMap((i, at) => (alignUp(best.offsets[i] + buffers[i].bytes) === best.bytes ? [at] : []));
    const any = trial % 2 === 1;
    const from = any ? random(order.length) : ends[random(ends.length)];
    const to = random(any ? order.length : from + 1);
    const moved = order.toSpliced(from, 1).toSpliced(to, 0, order[from]);
    const plan = place(moved);
    if (plan.bytes <= best.bytes) [best, order] = [plan, moved];
  }
  return best;
}

function neighboursOf(buffers: readonly Buffer[]): Neighbour[][] {
  const neighbours = buffers.map((): Neighbour[] => []);
  const byStart = buffers.map((_, i) => i).sort((a, b) => buffers[a].first - buffers[b].first);
  byStart.forEach((i, at) => {
    for (let next = at + 1; next < byStart.length && buffers[byStart[next]].first <= buffers[i].last; next++) {
      const j = byStart[next];
      const [before, after] = [distance(buffers, i, j), distance(buffers, j, i)];
      if (before === -Infinity || after === -Infinity) continue;
      neighbours[i].push({ of: j, before, after });
      neighbours[j].push({ of: i, before: after, after: before });
    }
  });
  return neighbours;
}

/** Least bytes between the starts of `a` and `b`, if `a` is placed before `b`. */
function distance(buffers: readonly Buffer[], a: number, b: number): number {
  const lead = buffers[a].over?.find(({ buffer }) => buffer === b)?.lead ?? Infinity;
  return alignUp(Math.min(lead, buffers[a].bytes));
}

function placeInOrder(
  buffers: readonly Buffer[],
  neighbours: readonly (readonly Neighbour[])[],
  order: readonly number[],
): MemoryPlan {
  const offsets = new Array<number>(buffers.length).fill(-1);
  let bytes = 0;
  for (const i of order) {
    const taken = neighbours[i]
      .filter(({ of }) => offsets[of] >= 0)
      .map(({ of, before, after }) => ({ upTo: offsets[of] - before, from: offsets[of] + after }))
      .sort((a, b) => a.upTo - b.upTo);
    let offset = 0;
    for (const { upTo, from } of taken) {
      if (offset <= upTo) break;
      offset = Math.max(offset, from);
    }
    offsets[i] = offset;
    bytes = Math.max(bytes, alignUp(offset + buffers[i].bytes));
  }
  return { offsets, bytes };
}

/** Lower bound of the arena: max over steps of (live bytes − bytes that may overlap others). */
function fullestStep(buffers: readonly Buffer[]): number {
  const steps = buffers.reduce((most, { last }) => Math.max(most, last + 1), 0);
  const change = new Array<number>(steps + 1).fill(0);
  const shared = new Array<number>(steps + 1).fill(0);
  for (const { bytes, first, last, over = [] } of buffers) {
    change[first] += alignUp(bytes);
    change[last + 1] -= alignUp(bytes);
    for (const { buffer, lead } of over)
      shared[first] += alignUp(Math.max(0, Math.min(buffers[buffer].bytes, bytes - Math.max(0, lead))));
  }
  let alive = 0;
  return change.reduce((most, bytes, step) => {
    alive += bytes;
    return Math.max(most, alive - shared[step]);
  }, 0);
}

/** Pseudorandom integers in [0, n), a fixed sequence: another one would give other memory plans. */
function sequence(): (n: number) => number {
  let state = 1;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
