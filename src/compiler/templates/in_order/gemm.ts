/**
 * The inner loops of native/kernels/gemm_k_sums.h as instructions.
 *
 * An iteration computes one K-sum (1 to 4 K-blocks) of the whole tile. SMULL, SMLAL2, SMLAL, … compute 16-bit sum t, of row t % mr
 * and column pair t / mr; SADALP adds it to accumulator t. The loop is software-pipelined: an iteration loads the operands of the next
 * one and starts its first two sums.
 */
import { zips } from '../gemm/kernels/k_sums.ts';
import { CORTEX_A53, REGISTERS } from './core.ts';
import { type Instruction, instruction } from './instruction.ts';
import { type Loop, printLoop } from './print.ts';
import { schedule } from './schedule.ts';

/** The parameters of a loop. */
export interface KSumsTile {
  readonly mr: number;
  readonly nr: number;
  /** K-blocks per K-sum. */
  readonly kBlocks: number;
  /** Whether K-sums of single blocks follow. */
  readonly singles: boolean;
  /** Whether data is unsigned. */
  readonly unsigned: boolean;
}

/** K-blocks of an iteration and of the next one; `first`: the first of its panel, which sets the accumulators. */
export interface KSumsIteration {
  readonly blocks: number;
  readonly next: number;
  readonly first: boolean;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** K-block b of row i of A, of column pair u of the weights; `next…`: being loaded, in general registers. */
const x = (i: number, b: number) => `s->x[${i}][${b}]`;
const w = (u: number, b: number) => `s->w[${u % 2}][${b}]`;
const nextX = (i: number, b: number) => ({ lo: `s->next_x[${i}][${b}].lo`, hi: `s->next_x[${i}][${b}].hi` });
const nextW = (b: number) => ({ lo: `s->next_w[${b}].lo`, hi: `s->next_w[${b}].hi` });
/** Index of the K-block of A to load. */
const k = (b: number) => `s->k[${b}]`;

/** Registers of 16-bit sums, used in turn: a divisor of the number of accumulators. */
const sumsOf = ({ mr, nr, kBlocks }: KSumsTile): number =>
  (mr * nr) / 2 + kBlocks * (mr + 2) + 4 <= REGISTERS ? 4 : 3;

const numberBlocks = ({ kBlocks }: KSumsTile): Instruction[] =>
  range(kBlocks).map((b) => instruction('load_next', k(b), 's->order'));

/** Loads `blocks` K-blocks of each row. Bytes 0 to 3 are doubled, and bytes 4 to 7: here or in `moveRow`. */
function loadRows(tile: KSumsTile, blocks: number): Instruction[] {
  const { mr, kBlocks, unsigned } = tile;
  const operands = range(blocks).flatMap((b) =>
    range(mr).map((i) => ({ ...nextX(i, b), row: `s->row[${i}]`, at: k(b) })),
  );
  return [
    ...operands.map(({ lo, row, at }) => instruction('load_block', lo, row, at)),
    ...numberBlocks(tile),
    ...operands.flatMap(({ lo, hi }) => [
      ...(unsigned ? [instruction('flip', lo)] : []),
      ...(zips(mr, kBlocks) ? [] : [instruction('upper', hi, lo), instruction('twice', lo), instruction('twice', hi)]),
    ]),
  ];
}

function moveRow({ mr, kBlocks }: KSumsTile, i: number, b: number): Instruction[] {
  const { lo, hi } = nextX(i, b);
  const second = zips(mr, kBlocks) ? instruction('zip1', x(i, b)) : instruction('ins', x(i, b), hi);
  return [instruction('fmov', x(i, b), lo), second];
}

const loadWeights = (b: number): Instruction => instruction('load_pair', nextW(b).lo, nextW(b).hi, 's->weights');
const moveWeights = (u: number, b: number): Instruction[] => [
  instruction('fmov', w(u, b), nextW(b).lo),
  instruction('ins', w(u, b), nextW(b).hi),
];

const beginSum = (tile: KSumsTile, t: number): Instruction =>
  instruction('smull', sum(tile, t), x(t % tile.mr, 0), w(Math.floor(t / tile.mr), 0));
const sum = (tile: KSumsTile, t: number) => `s->sum[${t % sumsOf(tile)}]`;

/** The remaining products of sum t. Operands read for the last time are replaced by later ones. */
function endSum(tile: KSumsTile, t: number, blocks: number, next: number): Instruction[] {
  const { mr, nr } = tile;
  const pairs = nr / 2;
  const [i, u] = [t % mr, Math.floor(t / mr)];
  const freed = (b: number): Instruction[] => [
    ...(i === mr - 1 && b < blocks && u + 2 < pairs ? moveWeights(u + 2, b) : []),
    ...(i === mr - 1 && b < blocks && u + 3 < pairs ? [loadWeights(b)] : []),
    ...(u === pairs - 1 && b < next ? moveRow(tile, i, b) : []),
  ];
  const products = (b: number): Instruction[] => [
    ...(b > 0 ? [instruction('smlal', sum(tile, t), x(i, b), w(u, b))] : []),
    instruction('smlal2', sum(tile, t), x(i, b), w(u, b)),
  ];
  return range(Math.max(blocks, next)).flatMap((b) => [...(b < blocks ? products(b) : []), ...freed(b)]);
}

/** The part of an iteration that the previous one executes, except for loads of A: weights, and the first two sums. */
const head = (tile: KSumsTile, blocks: number): Instruction[] => [
  ...[0, 1].flatMap((u) => range(blocks).flatMap((b) => [loadWeights(b), ...moveWeights(u, b)])),
  ...range(blocks).map(loadWeights),
  beginSum(tile, 0),
  ...endSum(tile, 0, blocks, 0),
  beginSum(tile, 1),
];

/** IO_START: the operands of the first K-sum, and its first two sums. */
export const kSumsStart = (tile: KSumsTile): Instruction[] => [
  ...numberBlocks(tile),
  ...loadRows(tile, tile.kBlocks),
  ...range(tile.kBlocks).flatMap((b) => range(tile.mr).flatMap((i) => moveRow(tile, i, b))),
  ...head(tile, tile.kBlocks),
];

/** IO_FIRST or IO_NEXT. */
export function kSumsIteration(tile: KSumsTile, { blocks, next, first }: KSumsIteration): Instruction[] {
  const { mr, nr } = tile;
  const sums = range((mr * nr) / 2).flatMap((t) => [
    ...(t > 1 ? [beginSum(tile, t)] : []),
    ...(t > 0 ? endSum(tile, t, blocks, next) : []),
    instruction(first ? 'saddlp' : 'sadalp', `s->acc[${t % mr}][${Math.floor(t / mr)}]`, sum(tile, t)),
  ]);
  return [...loadRows(tile, next), ...sums, ...head(tile, next)];
}

/** The kinds of iterations of a tile. */
export function iterationsOf({ kBlocks, singles }: KSumsTile): KSumsIteration[] {
  const lengths = singles ? [kBlocks, 1] : [kBlocks];
  return lengths.flatMap((blocks) =>
    lengths.flatMap((next) => [
      ...(blocks === kBlocks ? [{ blocks, next, first: true }] : []),
      { blocks, next, first: false },
    ]),
  );
}

/** Cache of loops by name: models repeat tiles. */
const known = new Map<string, Loop>();

/** The loop of a tile. */
export function kSumsLoop(tile: KSumsTile): Loop {
  const { mr, nr, kBlocks, singles, unsigned } = tile;
  const name = `io_k_sums_${mr}x${nr}x${kBlocks}${singles ? '_1' : ''}${unsigned ? '_u' : ''}`;
  const loop = known.get(name) ?? printLoop(name, 'io_k_sums *s, int part, int length, int next', blocksOf(tile));
  known.set(name, loop);
  return loop;
}

const blocksOf = (tile: KSumsTile) => [
  { when: 'part == IO_START', block: schedule(kSumsStart(tile), CORTEX_A53) },
  ...iterationsOf(tile).map((iteration) => ({
    when: `part == ${iteration.first ? 'IO_FIRST' : 'IO_NEXT'} && length == ${iteration.blocks} && next == ${iteration.next}`,
    block: schedule(kSumsIteration(tile, iteration), CORTEX_A53),
  })),
];
