/**
 * Weights for native/kernels/gemm_chains.h: which blocks of eight along k a chain adds up in 16 bits, so that no sum
 * overflows whatever the data.
 */
import { CHAINS, type GemmSchedule } from './gemm.ts';
import { panelStarts } from './panels.ts';
import type { GemmWorkload } from './workload.ts';

/** Depth of a block. */
const BLOCK = 8;
/** Data lie in [-128, 127]: so much do the magnitudes of the weights that one lane of 16 bits meets add up to at most. */
const LANE = 255;
/** The largest weight of a piece: two meet in a lane. */
const LARGEST = 127;

/** One panel's weights at a block of k: [column][8]. A block may stand in several chains, its weights in summands. */
interface Piece {
  readonly block: number;
  readonly weights: Int8Array;
}
type Chain = readonly Piece[];

/** A lane meets element j and j + 4 of a column's block. */
function laneSums(piece: Piece): Int16Array {
  const sums = new Int16Array(piece.weights.length / 2);
  for (let lane = 0; lane < sums.length; lane++) {
    const at = 2 * lane - (lane % 4);
    sums[lane] = Math.abs(piece.weights[at]) + Math.abs(piece.weights[at + 4]);
  }
  return sums;
}

function fits(taken: Int16Array, sums: Int16Array): boolean {
  for (let lane = 0; lane < sums.length; lane++) if (taken[lane] + sums[lane] > LANE) return false;
  return true;
}

/** What of `piece` fits beside `taken`, which it is added to, and what does not; null where nothing is left. */
function trim(piece: Piece, taken: Int16Array): { readonly taking: Piece; readonly rest: Piece | null } {
  const weights = piece.weights.slice();
  const rest = new Int8Array(weights.length);
  let whole = true;
  taken.forEach((sum, lane) => {
    const first = 2 * lane - (lane % 4);
    let excess = sum + Math.abs(weights[first]) + Math.abs(weights[first + 4]) - LANE;
    for (const at of [first, first + 4]) {
      const off = Math.sign(weights[at]) * Math.min(Math.abs(weights[at]), Math.max(0, excess));
      weights[at] -= off;
      rest[at] = off;
      excess -= Math.abs(off);
      whole &&= off === 0;
    }
    taken[lane] = sum + Math.abs(weights[first]) + Math.abs(weights[first + 4]);
  });
  return { taking: { ...piece, weights }, rest: whole ? null : { ...piece, weights: rest } };
}

/** Chains of `length` that take all pieces, split where they do not fit together. */
function splitting(pieces: readonly Piece[], length: number): Chain[] {
  const queue = [...pieces];
  const chains: Chain[] = [];
  let taken = 0;
  const take = (): Piece | undefined => (taken < queue.length ? queue[taken++] : undefined);
  for (let next = take(); next !== undefined; next = take()) {
    const chain: Piece[] = [];
    const lanes = new Int16Array(next.weights.length / 2);
    const rests: Piece[] = [];
    for (let piece: Piece | undefined = next; piece; piece = chain.length < length ? take() : undefined) {
      const { taking, rest } = trim(piece, lanes);
      chain.push(taking);
      if (rest !== null) rests.push(rest);
    }
    queue.push(...rests);
    chains.push(chain);
  }
  return chains;
}

/** So many blocks are tried for each place, the easiest first: a layer may have any number. */
const TRIES = 256;

/**
 * The fewest chains of up to `length` blocks found for one panel: the block hardest to place takes the easiest that fit
 * beside it; what is left over stays alone or is split, whichever takes fewer.
 */
export function arrangeChains(pieces: readonly Piece[], length: number): Chain[] {
  if (length === 1) return pieces.map((piece) => [piece]);
  const sums = pieces.map(laneSums);
  const largest = sums.map((lanes) => lanes.reduce((a, b) => Math.max(a, b), 0));
  const hardest = pieces.map((_, i) => i).sort((a, b) => largest[b] - largest[a] || a - b);
  const placed = new Set<number>();
  let end = hardest.length;
  const found = hardest.flatMap((first) => {
    if (placed.has(first)) return [];
    const members = [first];
    const taken = sums[first].slice();
    placed.add(first);
    while (end > 0 && placed.has(hardest[end - 1])) end--;
    for (let at = end - 1; at >= Math.max(0, end - TRIES) && members.length < length; at--) {
      const other = hardest[at];
      if (placed.has(other) || !fits(taken, sums[other])) continue;
      for (let lane = 0; lane < taken.length; lane++) taken[lane] += sums[other][lane];
      members.push(other);
      placed.add(other);
    }
    return [members.map((i) => pieces[i])];
  });
  const full = found.filter((chain) => chain.length === length);
  const short = found.filter((chain) => chain.length < length);
  const split = splitting(short.flat(), length);
  return [...full, ...(split.length < short.length ? split : short)];
}

/** The blocks of the panel of `nr` columns from `start` on, of weights [columns][k]; several for what 8 bits do not hold. */
function piecesOf(w: GemmWorkload, data: ArrayLike<number>, offset: number, start: number, nr: number): Piece[] {
  const columns = Math.min(nr, w.n - (start % w.n));
  return Array.from({ length: Math.ceil(w.k / BLOCK) }, (_, block) => {
    const weights = new Int8Array(nr * BLOCK);
    let rest: Int16Array | null = null;
    const deep = Math.min(BLOCK, w.k - block * BLOCK);
    for (let v = 0; v < columns; v++) {
      const from = (start + v) * w.k + block * BLOCK;
      for (let j = 0; j < deep; j++) {
        const weight = data[from + j] - offset;
        const at = v * BLOCK + j;
        weights[at] = weight < -LARGEST ? -LARGEST : weight > LARGEST ? LARGEST : weight;
        if (weights[at] !== weight) {
          rest ??= new Int16Array(nr * BLOCK);
          rest[at] = weight - weights[at];
        }
      }
    }
    return [{ block, weights }, ...(rest === null ? [] : restsOf(block, rest))];
  }).flat();
}

/** What is left of a block after its first piece. */
function restsOf(block: number, rest: Int16Array): Piece[] {
  const pieces: Piece[] = [];
  for (const left = rest.slice(); left.some((value) => value !== 0); ) {
    const weights = Int8Array.from(left, (value) => Math.max(-LARGEST, Math.min(LARGEST, value)));
    pieces.push({ block, weights });
    for (let i = 0; i < left.length; i++) left[i] -= weights[i];
  }
  return pieces;
}

/** First columns of all panels of all groups. */
const allStarts = (w: GemmWorkload, nr: number): number[] =>
  Array.from({ length: w.groups }, (_, group) => panelStarts(w.n, nr).map((start) => group * w.n + start)).flat();

/** How many chains of each length a panel of eight columns takes on average: see `GemmWorkload`. */
export function countChains(
  w: GemmWorkload,
  data: ArrayLike<number>,
  offset: number,
): NonNullable<GemmWorkload['chains']> {
  const panels = allStarts(w, 8).map((start) => piecesOf(w, data, offset, start, 8));
  const average = (length: number): number =>
    panels.reduce((sum, pieces) => sum + arrangeChains(pieces, length).length, 0) / panels.length;
  return Object.fromEntries(CHAINS.map((length) => [length, average(length)])) as NonNullable<GemmWorkload['chains']>;
}

/** The weights, less `offset`, as the kernel reads them. */
export function packChains(w: GemmWorkload, s: GemmSchedule, data: ArrayLike<number>, offset: number) {
  const length = s.chain ?? 1;
  const panels = allStarts(w, s.nr).map((start) => arrangeChains(piecesOf(w, data, offset, start, s.nr), length));
  const chains = panels.flat();
  const bytes = length * s.nr * BLOCK;
  // What the kernel loads ahead is what it begins the next rows with.
  const weights = new Int8Array((chains.length * s.nr * BLOCK + 4 * 16) * length);
  const order = new Uint32Array((chains.length + 2) * length);
  for (const [index, chain] of chains.entries()) {
    for (const [b, piece] of chain.entries()) {
      order[index * length + b] = piece.block;
      for (let i = 0; i < piece.weights.length; i++) {
        const v = i >> 3;
        const register = (v >> 1) * length + b;
        weights[index * bytes + register * 16 + ((i & 4) >> 2) * 8 + (v & 1) * 4 + (i & 3)] = piece.weights[i];
      }
    }
  }
  weights.copyWithin(chains.length * bytes, 0, 4 * 16 * length);
  for (let i = chains.length * length; i < order.length; i++) order[i] = order[i - chains.length * length];
  const counts = Uint32Array.from([...panels, panels[0]], (panel) => panel.length);
  return { weights, chains: { order, counts } };
}
