/** Packs constant weights for native/kernels/gemm_k_sums.h: K-blocks in the order of their K-sums. */
import { mean } from 'simple-statistics';
import type { KBlocks } from '../kernels/kernel.ts';
import { panelStarts } from '../panels.ts';
import type { GemmSchedule } from '../space.ts';
import { depthOf, type GemmKey, type KSumCounts } from '../workload.ts';
import { type KSum, mixSums, type Piece, pairBlocks, sumsOfFour, sumsOfTwo } from './arrange.ts';

/** k per K-block. */
const BLOCK = 8;
/** Largest |w| of a piece; a lane adds two products. */
const LARGEST = 127;

/** K-blocks of the panel of `nr` columns from `start` on, of weights [columns][k]; several pieces if weights exceed 8 bits. */
function piecesOf(w: GemmKey, data: ArrayLike<number>, offset: number, start: number, nr: number): Piece[] {
  const columns = Math.min(nr, w.n - (start % w.n));
  const k = depthOf(w);
  return Array.from({ length: Math.ceil(k / BLOCK) }, (_, block) => {
    const weights = new Int8Array(nr * BLOCK);
    let rest: Int16Array | null = null;
    const deep = Math.min(BLOCK, k - block * BLOCK);
    for (let v = 0; v < columns; v++) {
      const from = (start + v) * k + block * BLOCK;
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

/** The further pieces of a K-block. */
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
const allStarts = (w: GemmKey, nr: number): number[] =>
  Array.from({ length: w.groups }, (_, group) => panelStarts(w.n, nr).map((start) => group * w.n + start)).flat();

/** K-sums per panel of eight columns, mean over the panels. */
export function countKSums(w: GemmKey, data: ArrayLike<number>, offset: number): KSumCounts {
  const panels = allStarts(w, 8).map((start) => piecesOf(w, data, offset, start, 8));
  const paired = panels.map(pairBlocks);
  const mixed = paired.map(mixSums);
  return {
    1: mean(panels.map((pieces) => pieces.length)),
    2: mean(paired.map((found) => sumsOfTwo(found).length)),
    4: mean(panels.map((pieces) => sumsOfFour(pieces).length)),
    mixed: {
      pairs: mean(mixed.map(({ pairs }) => pairs.length)),
      singles: mean(mixed.map(({ singles }) => singles.length)),
    },
  };
}

/** K-sums of up to `length` K-blocks. */
function arrange(pieces: readonly Piece[], length: KBlocks): readonly KSum[] {
  switch (length) {
    case 1:
      return pieces.map((piece) => [piece]);
    case 2:
      return sumsOfTwo(pairBlocks(pieces));
    case 4:
      return sumsOfFour(pieces);
  }
}

/** A K-sum in the kernel's layout: weights of `length` K-blocks, `kBlocks` entries of `order`. */
interface Packed {
  readonly pieces: KSum;
  readonly length: number;
}

/** Packs the weights, with `offset` subtracted, in the layout of native/kernels/gemm_k_sums.h. */
export function packKSums(w: GemmKey, s: GemmSchedule, data: ArrayLike<number>, offset: number) {
  const longest = s.kBlocks ?? 1;
  const of = (length: number) => (pieces: KSum) => ({ pieces, length });
  const panels = allStarts(w, s.nr).map((start): { readonly sums: Packed[]; readonly counts: number[] } => {
    const pieces = piecesOf(w, data, offset, start, s.nr);
    if (!s.singles) {
      const sums = arrange(pieces, longest).map(of(longest));
      return { sums, counts: [sums.length] };
    }
    const { pairs, singles } = mixSums(pairBlocks(pieces));
    return { sums: [...pairs.map(of(longest)), ...singles.map(of(1))], counts: [pairs.length, singles.length] };
  });
  const sums = panels.flatMap((panel) => panel.sums);
  const blocks = sums.reduce((total, { length }) => total + length, 0);
  // The kernel loads ahead: the start of the first panel is repeated behind the last, for the next tile.
  const ahead = 4 * 16 * longest;
  const weights = new Int8Array(blocks * s.nr * BLOCK + ahead);
  const order = new Uint32Array((sums.length + 2) * longest);
  let at = 0;
  for (const [index, { pieces, length }] of sums.entries()) {
    for (const [b, piece] of pieces.entries()) {
      order[index * longest + b] = piece.block;
      for (let i = 0; i < piece.weights.length; i++) {
        const v = i >> 3;
        const register = (v >> 1) * length + b;
        weights[at + register * 16 + ((i & 4) >> 2) * 8 + (v & 1) * 4 + (i & 3)] = piece.weights[i];
      }
    }
    at += length * s.nr * BLOCK;
  }
  weights.copyWithin(at, 0, ahead);
  for (let i = sums.length * longest; i < order.length; i++) order[i] = order[i - sums.length * longest];
  const counts = Uint32Array.from([...panels.flatMap((panel) => panel.counts), panels[0].counts[0]]);
  return { weights, kSums: { order, counts } };
}
