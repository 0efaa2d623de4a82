/**
 * Combines K-blocks into K-sums (native/kernels/gemm_k_sums.h). K-block: the weights of a panel at eight consecutive k. K-sum: K-blocks
 * whose products are added in 16 bits. A 16-bit lane adds two products of a column's K-block, at k = j and j + 4.
 */

/** Limit on Σ|w| per 16-bit lane: data lie in [-128, 127]. */
const LANE = 255;
/** Weights of a K-block, [column][8]. A K-block may be split into pieces that add up to its weights. */
export interface Piece {
  readonly block: number;
  readonly weights: Int8Array;
}
/** The pieces of a K-sum. */
export type KSum = readonly Piece[];

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

/** Splits `piece` into the part that fits beside `taken`, to which it is added, and the rest; null: no rest. */
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

/** K-sums of `length` pieces each; pieces that do not fit together are split. */
function splitting(pieces: readonly Piece[], length: number): KSum[] {
  const queue = [...pieces];
  const sums: KSum[] = [];
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

/** Search budget: K-blocks tried for a place in a K-sum, smallest first. */
const TRIES = 256;

function largestOf(lanes: Int16Array): number {
  let largest = 0;
  for (let lane = 0; lane < lanes.length; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

/** Greedy grouping, by index: the K-block with the largest lane is combined with the smallest ones that fit. */
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

/** K-sums of two K-blocks, and of the unmatched ones. */
export interface Paired {
  readonly pairs: readonly KSum[];
  readonly singles: readonly KSum[];
}

/** Search budget of the augmenting-path matching: block tests per panel; path length. */
const TESTS = 50_000;
const PATH = 32;

/** A matching of K-blocks that fit together: greedy pairs, then augmenting paths from unmatched K-blocks. */
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
  const sumOf = (...members: readonly number[]): KSum => members.map((i) => pieces[i]);
  const alone = [...lanes.keys()].filter((block) => !matched.has(block));
  return {
    pairs: [...matched].filter(([a, b]) => a < b).map(([a, b]) => sumOf(a, b)),
    singles: alone.map((block) => sumOf(block)),
  };
}

/** The same with at least one pair and one single. Filler: a pair without a second K-block, or an empty single. */
export function mixSums({ pairs, singles }: Paired): Paired {
  if (pairs.length === 0) return { pairs: singles.slice(0, 1), singles: singles.length > 1 ? singles.slice(1) : [[]] };
  if (singles.length > 0) return { pairs, singles };
  const [a, b] = pairs[pairs.length - 1];
  return pairs.length > 1 ? { pairs: pairs.slice(0, -1), singles: [[a], [b]] } : { pairs, singles: [[]] };
}

/** Keeps short K-sums, or splits them into K-sums of `length`, whichever gives fewer. */
function fewer(full: readonly KSum[], short: readonly KSum[], length: number): readonly KSum[] {
  const split = splitting(short.flat(), length);
  return [...full, ...(split.length < short.length ? split : short)];
}

/** K-sums of two K-blocks. */
export const sumsOfTwo = ({ pairs, singles }: Paired): readonly KSum[] => fewer(pairs, singles, 2);

/** K-sums of up to four K-blocks. */
export function sumsOfFour(pieces: readonly Piece[]): readonly KSum[] {
  const found = group(pieces.map(laneSums), 4).map((members) => members.map((i) => pieces[i]));
  const full = found.filter((sum) => sum.length === 4);
  const short = found.filter((sum) => sum.length < 4);
  return fewer(full, short, 4);
}
