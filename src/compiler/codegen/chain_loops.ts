/**
 * The inner loops of native/kernels/gemm_chains.h, instruction by instruction: C that compilers need not unroll.
 *
 * The loop goes through the accumulators of a tile, one to a step. Step t begins chain t + 2, goes on with t + 1 and ends
 * t, each of row t % mr and pair of columns t / mr; the last two steps begin with the next block. A step is 2 chain + 1
 * instructions of the vector unit; beside them operands are brought in through general registers.
 */

import { zips } from '../schedules/index.ts';

/** What decides over the loop of a schedule. */
export interface LoopShape {
  readonly mr: number;
  readonly nr: number;
  readonly chain: number;
}

/** From bytes 0 to 7 of a row to bytes 0 to 3 twice, bytes 4 to 7 twice; the third cycle after the load at the earliest. */
const DOUBLE = ['io_flip_split', 'io_double_lower', 'io_double_upper'] as const;
const LATENCY = 3;

const name = ({ mr, nr, chain }: LoopShape): string => `io_block_${mr}x${nr}x${chain}`;

/** The statements of steps `from` to `to`. */
function steps(shape: LoopShape, from: number, to: number): string[] {
  const { mr, nr, chain } = shape;
  const count = (mr * nr) / 2;
  const width = 2 * chain + 1;
  const loads = mr * chain;
  const doubling = zips(shape.mr, shape.chain) ? (['io_flip'] as const) : DOUBLE;
  // So many instructions apart are the loads of A, all to be over when the first row can take its next block.
  const every = Math.floor(((count - mr - 1) * width - LATENCY - 2) / Math.max(1, loads - 1));
  /** The block of A, by number, that `since` instructions ago was loaded at a multiple of `every`. */
  const loaded = (place: number, since: number): { i: number; b: number } | null => {
    const number = (place - since) / every;
    return Number.isInteger(number) && number >= 0 && number < loads
      ? { i: number % mr, b: Math.floor(number / mr) }
      : null;
  };
  /** The block of A that the instruction at `place` is the last to read. */
  const freed = (place: number): { i: number; b: number } | null => {
    const i = Math.floor(place / width) - (count - mr - 1);
    const at = place - width * Math.floor(place / width);
    return i >= 0 && i < mr && at % 2 === 1 ? { i, b: (at - 1) / 2 } : null;
  };

  const beside = (t: number, at: number): string[] => {
    const place = t * width + at;
    const now = (t + 1 + count) % count;
    const lines: string[] = [];
    const load = t < 0 ? null : loaded(place, 0);
    if (load) lines.push(`io_load_block(&s->next_x[${load.i}][${load.b}], s->row[${load.i}], s->k[${load.b}]);`);
    doubling.forEach((call, step) => {
      const x = t < 0 ? null : loaded(place, LATENCY + step);
      if (x) lines.push(`${call}(g, &s->next_x[${x.i}][${x.b}]);`);
    });
    const block = place - (count * width - 3 - chain);
    if (block >= 0 && block < chain) lines.push(`io_next_block(&s->k[${block}], &s->order);`);
    const lower = freed(place);
    const upper = freed(place - (zips(shape.mr, shape.chain) ? LATENCY + 1 : 1));
    if (lower) lines.push(`io_lower(&s->x[${lower.i}][${lower.b}], s->next_x[${lower.i}][${lower.b}].lo);`);
    if (upper) lines.push(`${upperOf(shape, upper.i, upper.b)}`);
    const u = Math.floor(now / mr) % 2;
    const half = Math.floor(at / 2);
    if (t >= -1 && now % mr === mr - 1) {
      if (at % 2 === 1) lines.push(`io_lower(&s->w[${u}][${half}], s->next_w[${half}].lo);`);
      else if (at > 0) lines.push(`io_upper(&s->w[${u}][${half - 1}], s->next_w[${half - 1}].hi);`);
    }
    const last = ((t + 2) % count) % mr === mr - 1;
    if (last && at % 2 === 0 && at > 0) lines.push(`io_load_pair(&s->next_w[${half - 1}], &s->weights);`);
    return lines;
  };

  const lines: string[] = [];
  for (let t = from; t < to; t++) {
    const next = (t + 2) % count;
    const now = (t + 1 + count) % count;
    const begin = `begun = io_smull(s->x[${next % mr}][0], s->w[${Math.floor(next / mr) % 2}][0]);`;
    // With one row, a block of A is free only when the next one is wanted.
    const late = mr === 1 && t === count - 2;
    if (!late) lines.push(begin);
    lines.push(...beside(t, 0));
    for (let at = 1; at < 2 * chain; at++) {
      const b = Math.floor(at / 2);
      const operands = `s->x[${now % mr}][${b}], s->w[${Math.floor(now / mr) % 2}][${b}]`;
      if (t >= -1) lines.push(`${at % 2 ? 'io_smlal2' : 'io_smlal'}(&s->begun, ${operands});`);
      lines.push(...beside(t, at));
    }
    if (late) lines.push(begin);
    if (t >= 0) lines.push(`io_widen(&acc[${t % mr}][${Math.floor(t / mr)}], s->summed, part == IO_FIRST);`);
    lines.push(...beside(t, 2 * chain), 's->summed = s->begun;', 's->begun = begun;');
  }
  return lines;
}

const upperOf = (shape: LoopShape, i: number, b: number): string =>
  zips(shape.mr, shape.chain) ? `io_zip(&s->x[${i}][${b}]);` : `io_upper(&s->x[${i}][${b}], s->next_x[${i}][${b}].hi);`;

/** The operands of the first block, in stages so that none waits for the one before. */
function start(shape: LoopShape): string[] {
  const { mr, chain } = shape;
  const blocks = Array.from({ length: chain }, (_, b) => b);
  const rows = Array.from({ length: mr }, (_, i) => i);
  const each = (line: (i: number, b: number) => string) => blocks.flatMap((b) => rows.map((i) => line(i, b)));
  const weights = (u: number) => [
    ...blocks.map((b) => `io_load_pair(&s->next_w[${b}], &s->weights);`),
    ...blocks.map((b) => `io_lower(&s->w[${u}][${b}], s->next_w[${b}].lo);`),
    ...blocks.map((b) => `io_upper(&s->w[${u}][${b}], s->next_w[${b}].hi);`),
  ];
  const nextBlocks = blocks.map((b) => `io_next_block(&s->k[${b}], &s->order);`);
  const doubling = zips(shape.mr, shape.chain) ? ['io_flip'] : DOUBLE;
  return [
    ...nextBlocks,
    ...each((i, b) => `io_load_block(&s->next_x[${i}][${b}], s->row[${i}], s->k[${b}]);`),
    ...nextBlocks,
    ...weights(0),
    ...doubling.flatMap((call) => each((i, b) => `${call}(g, &s->next_x[${i}][${b}]);`)),
    ...each((i, b) => `io_lower(&s->x[${i}][${b}], s->next_x[${i}][${b}].lo);`),
    ...weights(1),
    ...each((i, b) => upperOf(shape, i, b)),
    ...steps(shape, -2, 0),
  ];
}

/** The C of the loops, and `io_block`, which takes the one of a tile. */
export function chainLoops(shapes: readonly LoopShape[]): string {
  const distinct = [...new Map(shapes.map((shape) => [name(shape), shape])).values()];
  const indent = (lines: readonly string[], by: string) => lines.map((line) => `${by}${line}\n`).join('');
  const functions = distinct.map(
    (shape) => `IG_INLINE void ${name(shape)}(const gemm_i8 *g, io_chains *s, io_sums acc, int part) {
  int16x8_t begun;
  if (part == IO_START) {
${indent(start(shape), '    ')}  } else {
${indent(steps(shape, 0, (shape.mr * shape.nr) / 2), '    ')}  }
}
`,
  );
  const choices = distinct.map(
    (shape) =>
      `if (g->mr == ${shape.mr} && g->nr == ${shape.nr} && g->chain == ${shape.chain}) ${name(shape)}(g, s, acc, part);`,
  );
  return `${functions.join('\n')}
IG_INLINE void io_block(const gemm_i8 *g, io_chains *s, io_sums acc, int part) {
${indent(choices, '  ')}}
`;
}
