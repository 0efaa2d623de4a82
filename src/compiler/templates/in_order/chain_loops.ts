/**
 * The inner loops of native/kernels/gemm_chains.h, instruction by instruction: C that compilers need not unroll.
 *
 * A loop goes through the accumulators of a tile, one to a step. Step t begins the sum of accumulator t + 2, goes on with
 * that of t + 1 and ends that of t, each of row t % mr and pair of columns t / mr; the last two steps begin with the next
 * chain. A step is two instructions of the vector unit for each block of the chain it goes on with and one more; beside them
 * operands are brought in through general registers.
 */

import type { LoopShape } from '../../emission/context.ts';
import { zips } from '../gemm/kernels/k_sums.ts';

/** A loop: the blocks of its chain and of the one behind. */
interface Loop extends LoopShape {
  readonly length: number;
  readonly next: number;
}

/** From bytes 0 to 7 of a row to bytes 0 to 3 twice, bytes 4 to 7 twice; the third cycle after the load at the earliest. */
const DOUBLE = ['io_flip_split', 'io_double_lower', 'io_double_upper'] as const;
const LATENCY = 3;

const doublingOf = (s: LoopShape) => (zips(s.mr, s.chain) ? (['io_flip'] as const) : DOUBLE);
const name = ({ mr, nr, chain, singles }: LoopShape): string => `io_chain_${mr}x${nr}x${chain}${singles ? '_1' : ''}`;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Sums by number, those of the next chain behind this one's. */
function sumsOf({ mr, nr, length, next }: Loop) {
  const count = (mr * nr) / 2;
  return {
    count,
    /** Row and set of weights. */
    place: (sum: number) => {
      const at = (sum + count) % count;
      return { i: at % mr, u: Math.floor(at / mr) % 2 };
    },
    blocks: (sum: number) => (sum < count ? length : next),
    /** Whether weights are read for the last time; those of two pairs of columns on take their place. */
    endsPair: (sum: number) => ((sum + count) % count) % mr === mr - 1,
  };
}

/** Loads of A for the next chain, and what follows on each; `place` counts the instructions of the vector unit. */
function rowsBeside(loop: Loop, place: number): string[] {
  const { mr, length, next } = loop;
  const { count } = sumsOf(loop);
  const width = 2 * length + 1;
  const doubling = doublingOf(loop);
  const loads = mr * next;
  // So many instructions apart, all to be over when the first row can take its next block.
  const every = Math.floor(((count - mr - 1) * width - LATENCY - 2) / Math.max(1, loads - 1));
  /** The block of A, by number, that `since` instructions ago was loaded at a multiple of `every`. */
  const loaded = (since: number, call: (i: number, b: number) => string): string[] => {
    const number = (place - since) / every;
    return Number.isInteger(number) && number >= 0 && number < loads
      ? [call(number % mr, Math.floor(number / mr))]
      : [];
  };
  /** The blocks of A whose registers were read for the last time `since` instructions ago. */
  const freed = (since: number, call: (i: number, b: number) => string): string[] =>
    range(mr).flatMap((i) =>
      range(next)
        .filter((b) => (count - mr - 1 + i) * width + Math.min(2 * b + 1, 2 * length) + since === place)
        .map((b) => call(i, b)),
    );
  const numbers = place - ((count - 1) * width + 2 * next + 1 - 3 - loop.chain);
  return [
    ...loaded(0, (i, b) => `io_load_block(&s->next_x[${i}][${b}], s->row[${i}], s->k[${b}]);`),
    ...doubling.flatMap((call, step) => loaded(LATENCY + step, (i, b) => `${call}(g, &s->next_x[${i}][${b}]);`)),
    ...(numbers >= 0 && numbers < loop.chain ? [`io_next_block(&s->k[${numbers}], &s->order);`] : []),
    ...freed(0, (i, b) => `io_lower(&s->x[${i}][${b}], s->next_x[${i}][${b}].lo);`),
    ...freed(zips(loop.mr, loop.chain) ? LATENCY + 1 : 1, (i, b) => upperOf(loop, i, b)),
  ];
}

const upperOf = (shape: LoopShape, i: number, b: number): string =>
  zips(shape.mr, shape.chain) ? `io_zip(&s->x[${i}][${b}]);` : `io_upper(&s->x[${i}][${b}], s->next_x[${i}][${b}].hi);`;

/** Weights beside instruction `at` of step t. */
function weightsBeside(loop: Loop, t: number, at: number): string[] {
  const { place, blocks, endsPair } = sumsOf(loop);
  const [now, begun] = [t + 1, t + 2];
  const last = 2 * blocks(now);
  const wanted = (sum: number) => range(blocks(sum + 2 * loop.mr));
  const { u } = place(now);
  const lines: string[] = [];
  if (t >= -1 && endsPair(now)) {
    for (const b of wanted(now)) {
      if (at === Math.min(2 * b + 1, last)) lines.push(`io_lower(&s->w[${u}][${b}], s->next_w[${b}].lo);`);
      if (at === Math.min(2 * b + 2, last)) lines.push(`io_upper(&s->w[${u}][${b}], s->next_w[${b}].hi);`);
    }
  }
  if (endsPair(begun)) {
    for (const b of wanted(begun)) {
      if (at === Math.min(2 * b + 2, last)) lines.push(`io_load_pair(&s->next_w[${b}], &s->weights);`);
    }
  }
  return lines;
}

/** The statements of steps `from` to `to`. */
function steps(loop: Loop, from: number, to: number): string[] {
  const { mr } = loop;
  const { count, place, blocks } = sumsOf(loop);
  const beside = (t: number, at: number): string[] => [
    ...(t < 0 ? [] : rowsBeside(loop, t * (2 * loop.length + 1) + at)),
    ...weightsBeside(loop, t, at),
  ];
  const lines: string[] = [];
  for (let t = from; t < to; t++) {
    const [now, begun] = [place(t + 1), place(t + 2)];
    const begin = `begun = io_smull(s->x[${begun.i}][0], s->w[${begun.u}][0]);`;
    // With one row, a block of A is free only when the next one is wanted.
    const late = mr === 1 && t === count - 2;
    const end = 2 * blocks(t + 1);
    if (!late) lines.push(begin);
    lines.push(...beside(t, 0));
    for (let at = 1; at < end; at++) {
      const b = Math.floor(at / 2);
      const operands = `s->x[${now.i}][${b}], s->w[${now.u}][${b}]`;
      if (t >= -1) lines.push(`${at % 2 ? 'io_smlal2' : 'io_smlal'}(&s->begun, ${operands});`);
      lines.push(...beside(t, at));
    }
    if (late) lines.push(begin);
    if (t >= 0) lines.push(`io_widen(&acc[${t % mr}][${Math.floor(t / mr)}], s->summed, part == IO_FIRST);`);
    lines.push(...beside(t, end), 's->summed = s->begun;', 's->begun = begun;');
  }
  return lines;
}

/** The operands of the first chain, in stages so that none waits for the one before. */
function start(shape: LoopShape): string[] {
  const blocks = range(shape.chain);
  const each = (line: (i: number, b: number) => string) =>
    blocks.flatMap((b) => range(shape.mr).map((i) => line(i, b)));
  const weights = (u: number) => [
    ...blocks.map((b) => `io_load_pair(&s->next_w[${b}], &s->weights);`),
    ...blocks.map((b) => `io_lower(&s->w[${u}][${b}], s->next_w[${b}].lo);`),
    ...blocks.map((b) => `io_upper(&s->w[${u}][${b}], s->next_w[${b}].hi);`),
  ];
  const nextBlocks = blocks.map((b) => `io_next_block(&s->k[${b}], &s->order);`);
  return [
    ...nextBlocks,
    ...each((i, b) => `io_load_block(&s->next_x[${i}][${b}], s->row[${i}], s->k[${b}]);`),
    ...nextBlocks,
    ...weights(0),
    ...doublingOf(shape).flatMap((call) => each((i, b) => `${call}(g, &s->next_x[${i}][${b}]);`)),
    ...each((i, b) => `io_lower(&s->x[${i}][${b}], s->next_x[${i}][${b}].lo);`),
    ...weights(1),
    ...each((i, b) => upperOf(shape, i, b)),
    ...steps({ ...shape, length: shape.chain, next: shape.chain }, -2, 0),
  ];
}

/** The C of the loops, and `io_chain`, which takes the one of a tile. */
export function chainLoops(shapes: readonly LoopShape[]): string {
  const distinct = [...new Map(shapes.map((shape) => [name(shape), shape])).values()];
  const indent = (lines: readonly string[], by: string) => lines.map((line) => `${by}${line}\n`).join('');
  const functions = distinct.map((shape) => {
    const lengths = shape.singles ? [shape.chain, 1] : [shape.chain];
    const loops = lengths.flatMap((length) => lengths.map((next) => ({ ...shape, length, next })));
    const bodies = loops.map(
      (loop) => ` else if (length == ${loop.length} && next == ${loop.next}) {
${indent(steps(loop, 0, (shape.mr * shape.nr) / 2), '    ')}  }`,
    );
    return `IG_INLINE void ${name(shape)}(const gemm_i8 *g, io_chains *s, io_sums acc, int part, int length, int next) {
  int16x8_t begun;
  if (part == IO_START) {
${indent(start(shape), '    ')}  }${bodies.join('')}
}
`;
  });
  const choices = distinct.map((shape) => {
    const { mr, nr, chain, singles } = shape;
    const taken = `g->mr == ${mr} && g->nr == ${nr} && g->chain == ${chain} && g->singles == ${Number(singles)}`;
    return `if (${taken}) ${name(shape)}(g, s, acc, part, length, next);`;
  });
  return `${functions.join('\n')}
IG_INLINE void io_chain(const gemm_i8 *g, io_chains *s, io_sums acc, int part, int length, int next) {
${indent(choices, '  ')}}
`;
}
