/**
 * Which K-blocks native/kernels/gemm_k_sums.h sums in 16 bits. A K-block is one panel's weights at eight consecutive k. A 16-bit
 * lane of a sum meets two weights of a column's block, at j and j + 4.
 */

/** Limit on Σ|w| per 16-bit lane: data lie in [-128, 127]. */
const LANE = 255;
/** Weights of a K-block: [column][8]. A block may be split: its weights are then the sum of its pieces'. */
export interface Piece {
  readonly block: number;
  readonly weights: Int8Array;
}
/** The pieces of one sum in 16 bits. */
export type BlockSum = readonly Piece[];

/** Σ|w| by lane. */
function laneSums(piece: Piece): Int16Array {
  const lanes = new Int16Array(piece.weights.length / 2);
  for (let lane = 0; lane < lanes.length; lane++) {
    const at = 2 * lane - (lane % 4);
    lanes[lane] = Math.abs(piece.weights[at]) + Math.abs(piece.weights[at + 4]);
  }
  return lanes;
}

function fits(taken: Int16Array, lanes: Int16Array): boolean {
  for (let lane = 0; lane < lanes.length; lane++) if (taken[lane] + lanes[lane] > LANE) return false;
  return true;
}

/** Splits `piece` into what fits beside `taken`, to which it is added, and the rest; null where nothing is left. */
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

/** Sums of `length` pieces each, split where they do not fit together. */
function splitting(pieces: readonly Piece[], length: number): BlockSum[] {
  const queue = [...pieces];
  const sums: BlockSum[] = [];
  let taken = 0;
  const take = (): Piece | undefined => (taken < queue.length ? queue[taken++] : undefined);
  for (let next = take(); next !== undefined; next = take()) {
    const sum: Piece[] = [];
    const lanes = new Int16Array(next.weights.length / 2);
    const rests: Piece[] = [];
    for (let piece: Piece | undefined = next; piece; piece = sum.length < length ? take() : undefined) {
      const { taking, rest } = trim(piece, lanes);
      sum.push(taking);
      if (rest !== null) rests.push(rest);
    }
    queue.push(...rests);
    sums.push(sum);
  }
  return sums;
}

/** Search budget: blocks tried for a place in a sum, smallest first. */
const TRIES = 256;

function largestOf(lanes: Int16Array): number {
  let largest = 0;
  for (let lane = 0; lane < lanes.length; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

/** Greedy grouping by number: the block with the largest lane takes the smallest that fit beside it. */
function group(lanes: readonly Int16Array[], length: number): number[][] {
  const largest = lanes.map(largestOf);
  const hardest = lanes.map((_, i) => i).sort((a, b) => largest[b] - largest[a] || a - b);
  const placed = new Set<number>();
  let end = hardest.length;
  return hardest.flatMap((first) => {
    if (placed.has(first)) return [];
    const members = [first];
    const taken = lanes[first].slice();
    placed.add(first);
    while (end > 0 && placed.has(hardest[end - 1])) end--;
    for (let at = end - 1; at >= Math.max(0, end - TRIES) && members.length < length; at--) {
      const other = hardest[at];
      if (placed.has(other) || !fits(taken, lanes[other])) continue;
      for (let lane = 0; lane < taken.length; lane++) taken[lane] += lanes[other][lane];
      members.push(other);
      placed.add(other);
    }
    return [members];
  });
}

/** Pairs of blocks that fit together, and those left over. */
export interface Paired {
  readonly pairs: readonly BlockSum[];
  readonly singles: readonly BlockSum[];
}

/** Search budget of the augmenting-path matching: block tests per panel; path length. */
const TESTS = 50_000;
const PATH = 32;

/** A matching of blocks that fit together: greedy pairs, then augmenting paths from blocks left over. */
export function pairBlocks(pieces: readonly Piece[]): Paired {
  const lanes = pieces.map(laneSums);
  const matched = new Map<number, number>();
  const match = (a: number, b: number): void => {
    matched.set(a, b);
    matched.set(b, a);
  };
  for (const [a, b] of group(lanes, 2)) if (b !== undefined) match(a, b);
  let tests = 0;
  const place = (block: number, visited: Set<number>, length: number): boolean => {
    for (let other = 0; other < lanes.length && tests < TESTS; other++) {
      tests++;
      if (visited.has(other) || !fits(lanes[block], lanes[other])) continue;
      visited.add(other);
      const left = matched.get(other);
      const stays = left !== undefined && (visited.has(left) || length === PATH);
      if (stays || (left !== undefined && !place(left, visited.add(left), length + 1))) continue;
      match(block, other);
      return true;
    }
    return false;
  };
  for (const block of lanes.keys()) if (!matched.has(block)) place(block, new Set([block]), 0);
  const sumOf = (...members: readonly number[]): BlockSum => members.map((i) => pieces[i]);
  const alone = [...lanes.keys()].filter((block) => !matched.has(block));
  return {
    pairs: [...matched].filter(([a, b]) => a < b).map(([a, b]) => sumOf(a, b)),
    singles: alone.map((block) => sumOf(block)),
  };
}

/** The same with at least one pair and one single: an empty place is a pair without its second block, or a single without any. */
export function mixSums({ pairs, singles }: Paired): Paired {
  if (pairs.length === 0) return { pairs: singles.slice(0, 1), singles: singles.length > 1 ? singles.slice(1) : [[]] };
  if (singles.length > 0) return { pairs, singles };
  const [a, b] = pairs[pairs.length - 1];
  return pairs.length > 1 ? { pairs: pairs.slice(0, -1), singles: [[a], [b]] } : { pairs, singles: [[]] };
}

/** Short sums stay as they are or are split into sums of `length`, whichever is fewer. */
function fewer(full: readonly BlockSum[], short: readonly BlockSum[], length: number): readonly BlockSum[] {
  const split = splitting(short.flat(), length);
  return [...full, ...(split.length < short.length ? split : short)];
}

/** Sums of two blocks. */
export const sumsOfTwo = ({ pairs, singles }: Paired): readonly BlockSum[] => fewer(pairs, singles, 2);

/** Sums of up to four blocks. */
export function sumsOfFour(pieces: readonly Piece[]): readonly BlockSum[] {
  const found = group(pieces.map(laneSums), 4).map((members) => members.map((i) => pieces[i]));
  const full = found.filter((sum) => sum.length === 4);
  const short = found.filter((sum) => sum.length < 4);
  return fewer(full, short, 4);
}
