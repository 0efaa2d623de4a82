/** Which blocks of eight along k a chain of native/kernels/gemm_chains.h adds up in 16 bits: no sum overflows, whatever the data. */

/** Data lie in [-128, 127]: so much do the magnitudes of the weights that one lane of 16 bits meets add up to at most. */
const LANE = 255;
/** One panel's weights at a block of k: [column][8]. A block may stand in several chains, its weights in summands. */
export interface Piece {
  readonly block: number;
  readonly weights: Int8Array;
}
export type Chain = readonly Piece[];

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

function largestOf(lanes: Int16Array): number {
  let largest = 0;
  for (let lane = 0; lane < lanes.length; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

/** Blocks that fit together, by number: the one hardest to place takes the easiest that fit beside it. */
function group(sums: readonly Int16Array[], length: number): number[][] {
  const largest = sums.map(largestOf);
  const hardest = sums.map((_, i) => i).sort((a, b) => largest[b] - largest[a] || a - b);
  const placed = new Set<number>();
  let end = hardest.length;
  return hardest.flatMap((first) => {
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
    return [members];
  });
}

/** Pairs of blocks that fit together, and those left over. */
export interface Paired {
  readonly pairs: readonly Chain[];
  readonly singles: readonly Chain[];
}

/** So often blocks are looked at for a panel, to pair more than the first attempt did, and so many pairs are parted for two. */
const LOOKS = 50_000;
const PARTED = 32;

/**
 * As many pairs as are found: a block left over takes one of a pair, whose other block takes another one, and so on up to a
 * second one that was left over.
 */
export function pairBlocks(pieces: readonly Piece[]): Paired {
  const sums = pieces.map(laneSums);
  const partner = new Map<number, number>();
  const marry = (a: number, b: number): void => {
    partner.set(a, b);
    partner.set(b, a);
  };
  for (const [a, b] of group(sums, 2)) if (b !== undefined) marry(a, b);
  let looks = 0;
  const place = (block: number, visited: Set<number>, parted: number): boolean => {
    for (let other = 0; other < sums.length && looks < LOOKS; other++) {
      looks++;
      if (visited.has(other) || !fits(sums[block], sums[other])) continue;
      visited.add(other);
      const left = partner.get(other);
      const stays = left !== undefined && (visited.has(left) || parted === PARTED);
      if (stays || (left !== undefined && !place(left, visited.add(left), parted + 1))) continue;
      marry(block, other);
      return true;
    }
    return false;
  };
  for (const block of sums.keys()) if (!partner.has(block)) place(block, new Set([block]), 0);
  const chainOf = (...members: readonly number[]): Chain => members.map((i) => pieces[i]);
  const alone = [...sums.keys()].filter((block) => !partner.has(block));
  return {
    pairs: [...partner].filter(([a, b]) => a < b).map(([a, b]) => chainOf(a, b)),
    singles: alone.map((block) => chainOf(block)),
  };
}

/** The same, some of both: a pair without its second block, a single one without any. */
export function mixChains({ pairs, singles }: Paired): Paired {
  if (pairs.length === 0) return { pairs: singles.slice(0, 1), singles: singles.length > 1 ? singles.slice(1) : [[]] };
  if (singles.length > 0) return { pairs, singles };
  const [a, b] = pairs[pairs.length - 1];
  return pairs.length > 1 ? { pairs: pairs.slice(0, -1), singles: [[a], [b]] } : { pairs, singles: [[]] };
}

/** What is left over of chains of `length` stays alone or is split, whichever takes fewer. */
function fewer(full: readonly Chain[], short: readonly Chain[], length: number): readonly Chain[] {
  const split = splitting(short.flat(), length);
  return [...full, ...(split.length < short.length ? split : short)];
}

/** As few chains of two as are found. */
export const chainPairs = ({ pairs, singles }: Paired): readonly Chain[] => fewer(pairs, singles, 2);

/** As few chains of up to four as are found. */
export function chainFours(pieces: readonly Piece[]): readonly Chain[] {
  const found = group(pieces.map(laneSums), 4).map((members) => members.map((i) => pieces[i]));
  const full = found.filter((chain) => chain.length === 4);
  const short = found.filter((chain) => chain.length < 4);
  return fewer(full, short, 4);
}
