/** The inner loop of native/kernels/gemm_in_order_f32.h as instructions: two steps along k of a tile. */
import { CORTEX_A53 } from './core.ts';
import { type Instruction, instruction } from './instruction.ts';
import { type Loop, printLoop } from './print.ts';
import { schedule } from './schedule.ts';

export interface FloatTile {
  readonly mr: number;
  readonly nr: number;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Two k of row i of A; four columns of weights; `next…`: being loaded, in general registers. */
const x = (i: number) => `s->x[${i}]`;
const w = (q: number, ring: number) => `s->w[${q % ring}]`;
const nextX = (i: number) => `s->next_x[${i}]`;
const nextW = (q: number) => [`s->next_w[${q % 2}].lo`, `s->next_w[${q % 2}].hi`] as const;

/** Registers of weights, used in turn: a divisor of the number of an iteration's loads. */
const ringOf = (nv: number): number => (nv % 3 === 0 ? 3 : 4);

/** Register of weights number `q` of an iteration. */
const bringWeights = (q: number, ring: number): Instruction[] => {
  const [lo, hi] = nextW(q);
  return [
    instruction('load_pair', lo, hi, 's->weights'),
    instruction('fmov', w(q, ring), lo),
    instruction('ins', w(q, ring), hi),
  ];
};
const loadRow = (i: number): Instruction => instruction('load', nextX(i), `s->row[${i}]`, 'k');
const moveRow = (i: number): Instruction => instruction('fmov', x(i), nextX(i));

/** IO_START: the operands of the first iteration. */
export function floatStart({ mr, nr }: FloatTile): Instruction[] {
  const ring = ringOf(nr / 4);
  return [
    ...range(mr).map(loadRow),
    ...range(ring - 1).flatMap((q) => bringWeights(q, ring)),
    ...range(mr).map(moveRow),
  ];
}

/** IO_NEXT: two k of the tile. Loads run ahead: A by one iteration, weights by `ring - 1` registers. */
export function floatIteration({ mr, nr }: FloatTile): Instruction[] {
  const nv = nr / 4;
  const ring = ringOf(nv);
  const last = 2 * nv - 1;
  return [
    ...range(mr).map(loadRow),
    ...range(2 * nv).flatMap((q) => [
      ...bringWeights(q + ring - 1, ring),
      ...range(mr).flatMap((i) => [
        instruction(q < nv ? 'fmla_0' : 'fmla_1', `s->acc[${i}][${q % nv}]`, w(q, ring), x(i)),
        ...(q === last ? [moveRow(i)] : []),
      ]),
    ]),
  ];
}

/** The loop of a tile. */
export const floatLoop = (tile: FloatTile): Loop =>
  printLoop(`io_f32_${tile.mr}x${tile.nr}`, 'io_f32 *s, int part, size_t k', [
    { when: 'part == IO_START', block: schedule(floatStart(tile), CORTEX_A53) },
    { when: 'part == IO_NEXT', block: schedule(floatIteration(tile), CORTEX_A53) },
  ]);
