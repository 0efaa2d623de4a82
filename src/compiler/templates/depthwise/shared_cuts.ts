/**
 * Cuts (the products after which a 16-bit sum is widened) of 3 × 3 depthwise convolutions with the fewest widenings. Each set of cuts
 * needs its own scheduled function, so the blocks of a layer share a few sets. The rows of the window may be permuted.
 */

/** The weights of a block in the order of multiplication: [product][channel]. */
export type Products = readonly (readonly number[])[];

/** Shared sets of cuts, and the choice of each block. */
export interface SharedCuts {
  /** By kind of block: its cuts, one bit per product. */
  readonly kinds: readonly bigint[];
  readonly blocks: readonly { readonly kind: number; readonly rows: readonly number[] }[];
}

const TAPS = 9;
/** Largest number of kinds per layer. */
const MOST_KINDS = 3;
const ROW_ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Products with the window's rows permuted. */
export const inRowOrder = <T>(products: readonly T[], rows: readonly number[]): T[] =>
  rows.flatMap((row) => products.slice(3 * row, 3 * row + 3));

/** For a sum that starts at product i: the last product with which it fits 16 bits for all int8 data. */
function reachOf(products: Products): number[] {
  return range(TAPS).map((first) => {
    let last = TAPS - 1;
    for (let c = 0; c < products[first].length; c++) {
      let low = 0;
      let high = 0;
      for (let i = first; i <= last; i++) {
        const w = products[i][c];
        low += w < 0 ? 127 * w : -128 * w;
        high += w < 0 ? -128 * w : 127 * w;
        if (low < -32768 || high > 32767) last = i - 1;
      }
    }
    return last;
  });
}

/** All sets of cuts of nine products, each as the last products of its sums; fewest sums first. */
const MASKS = range(1 << (TAPS - 1))
  .map((mask) => range(TAPS).filter((i) => i === TAPS - 1 || (mask >> i) & 1))
  .sort((a, b) => a.length - b.length);
const bitsOf = (ends: readonly number[]): bigint => ends.reduce((bits, end) => bits | (1n << BigInt(end)), 0n);
const fits = (reach: readonly number[], ends: readonly number[]): boolean =>
  ends.every((end, i) => end <= reach[i === 0 ? 0 : ends[i - 1] + 1]);

/** The sets of cuts with the fewest widenings in total, chosen greedily; the last kind fits all blocks. */
export function sharedCuts(blocks: readonly Products[]): SharedCuts {
  if (blocks.length === 0) return { kinds: [], blocks: [] };
  const reaches = blocks.map((products) => ROW_ORDERS.map((rows) => reachOf(inRowOrder(products, rows))));
  // By set of cuts and block: a row order with which the block fits, or -1.
  const orders = MASKS.map((ends) => reaches.map((reach) => reach.findIndex((own) => fits(own, ends))));
  // Sums of two products fit, unless weights are -128; single products always do.
  const general = orders.findIndex((ofMask) => ofMask.every((order) => order >= 0));
  const chosen: number[] = [];
  const sumsOf = (block: number, masks: readonly number[]): number =>
    Math.min(MASKS[general].length, ...masks.filter((m) => orders[m][block] >= 0).map((m) => MASKS[m].length));
  const total = (masks: readonly number[]): number => blocks.reduce((sum, _, block) => sum + sumsOf(block, masks), 0);
  while (chosen.length + 1 < MOST_KINDS) {
    const totals = MASKS.map((_, m) => total([...chosen, m]));
    const best = totals.indexOf(Math.min(...totals));
    if (totals[best] >= total(chosen)) break;
    chosen.push(best);
  }
  const kinds = [...chosen, general];
  const of = blocks.map((_, block) => {
    const able = range(kinds.length).filter((kind) => orders[kinds[kind]][block] >= 0);
    const kind = able.reduce((a, b) => (MASKS[kinds[b]].length < MASKS[kinds[a]].length ? b : a));
    return { kind, rows: ROW_ORDERS[orders[kinds[kind]][block]] };
  });
  const used = range(kinds.length).filter((kind) => of.some((block) => block.kind === kind));
  return {
    kinds: used.map((kind) => bitsOf(MASKS[kinds[kind]])),
    blocks: of.map(({ kind, rows }) => ({ kind: used.indexOf(kind), rows })),
  };
}
