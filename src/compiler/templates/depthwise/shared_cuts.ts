/**
 * Where sums of 16 bits end in 3 × 3 depthwise convolutions that widen them as seldom as they can. Each place is an order
 * of instructions of its own, so that blocks of channels share a few; the rows of the window may come in any order.
 */

/** The weights of a block of channels that are multiplied one after the other: [product][channel]. */
export type Products = readonly (readonly number[])[];

/** What the blocks of a layer share, and what each takes of it. */
export interface SharedCuts {
  /** By kind of block: the bits of the products after which a sum ends. */
  readonly kinds: readonly bigint[];
  readonly blocks: readonly { readonly kind: number; readonly rows: readonly number[] }[];
}

const TAPS = 9;
/** Kinds of blocks of a layer, at most. */
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

/** Products in another order of the window's rows. */
export const inRowOrder = <T>(products: readonly T[], rows: readonly number[]): T[] =>
  rows.flatMap((row) => products.slice(3 * row, 3 * row + 3));

/** From each product on: after which one a sum has to end, so that it stays in 16 bits for any int8 data. */
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

/** The last products of the sums: one mask for every way to cut nine products, the fewest sums first. */
const MASKS = range(1 << (TAPS - 1))
  .map((mask) => range(TAPS).filter((i) => i === TAPS - 1 || (mask >> i) & 1))
  .sort((a, b) => a.length - b.length);
const bitsOf = (ends: readonly number[]): bigint => ends.reduce((bits, end) => bits | (1n << BigInt(end)), 0n);
const fits = (reach: readonly number[], ends: readonly number[]): boolean =>
  ends.every((end, i) => end <= reach[i === 0 ? 0 : ends[i - 1] + 1]);

/** The cuts that save the most widening; the last kind is for all blocks. */
export function sharedCuts(blocks: readonly Products[]): SharedCuts {
  if (blocks.length === 0) return { kinds: [], blocks: [] };
  const reaches = blocks.map((products) => ROW_ORDERS.map((rows) => reachOf(inRowOrder(products, rows))));
  // By mask: the row order with which a block takes it, or -1.
  const orders = MASKS.map((ends) => reaches.map((reach) => reach.findIndex((own) => fits(own, ends))));
  // Two products fit, unless weights are -128; each for itself always does.
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
