/**
 * The inner loops of native/kernels/gemm_k_sums.h as instructions.
 *
 * A round multiplies one chain of blocks along k for the whole tile: accumulator t, of row t % mr and pair of columns t / mr,
 * gets the sum of SMULL, SMLAL2, SMLAL, … by SADALP. Rounds are rotated: the first two sums of a chain begin in the round
 * before, which has brought the operands.
 */
import { zips } from '../gemm/kernels/k_sums.ts';
import { CORTEX_A53, REGISTERS } from './core.ts';
import { type Instruction, instruction } from './instruction.ts';
import { type Loop, printLoop } from './print.ts';
import { schedule } from './schedule.ts';

/** What decides over the loops of a schedule. */
export interface ChainTile {
  readonly mr: number;
  readonly nr: number;
  /** Blocks that a sum in 16 bits adds up. */
  readonly chain: number;
  /** Whether sums of single blocks follow. */
  readonly singles: boolean;
  /** Whether data is unsigned. */
  readonly unsigned: boolean;
}

/** A round: the blocks of its chain and of the next one, and whether it is the first of its panel, which begins accumulators. */
export interface ChainRound {
  readonly blocks: number;
  readonly next: number;
  readonly first: boolean;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Block b of row i, of pair of columns u; `next…`: on its way, through general registers. */
const x = (i: number, b: number) => `s->x[${i}][${b}]`;
const w = (u: number, b: number) => `s->w[${u % 2}][${b}]`;
const nextX = (i: number, b: number) => ({ lo: `s->next_x[${i}][${b}].lo`, hi: `s->next_x[${i}][${b}].hi` });
const nextW = (b: number) => ({ lo: `s->next_w[${b}].lo`, hi: `s->next_w[${b}].hi` });
/** The number of the block of A to load. */
const k = (b: number) => `s->k[${b}]`;

/** Sums in 16 bits at a time. They take turns: a divisor of the number of accumulators. */
const sumsOf = ({ mr, nr, chain }: ChainTile): number => ((mr * nr) / 2 + chain * (mr + 2) + 4 <= REGISTERS ? 4 : 3);

const numberBlocks = ({ chain }: ChainTile): Instruction[] =>
  range(chain).map((b) => instruction('load_next', k(b), 's->order'));

/** Loads `blocks` of each row; bytes 0 to 7 become bytes 0 to 3 twice, bytes 4 to 7 twice, here or by `moveRow`. */
function loadRows(tile: ChainTile, blocks: number): Instruction[] {
  const { mr, chain, unsigned } = tile;
  const operands = range(blocks).flatMap((b) =>
    range(mr).map((i) => ({ ...nextX(i, b), row: `s->row[${i}]`, at: k(b) })),
  );
  return [
    ...operands.map(({ lo, row, at }) => instruction('load_block', lo, row, at)),
    ...numberBlocks(tile),
    ...operands.flatMap(({ lo, hi }) => [
      ...(unsigned ? [instruction('flip', lo)] : []),
      ...(zips(mr, chain) ? [] : [instruction('upper', hi, lo), instruction('twice', lo), instruction('twice', hi)]),
    ]),
  ];
}

function moveRow({ mr, chain }: ChainTile, i: number, b: number): Instruction[] {
  const { lo, hi } = nextX(i, b);
  const second = zips(mr, chain) ? instruction('zip1', x(i, b)) : instruction('ins', x(i, b), hi);
  return [instruction('fmov', x(i, b), lo), second];
}

const loadWeights = (b: number): Instruction => instruction('load_pair', nextW(b).lo, nextW(b).hi, 's->weights');
const moveWeights = (u: number, b: number): Instruction[] => [
  instruction('fmov', w(u, b), nextW(b).lo),
  instruction('ins', w(u, b), nextW(b).hi),
];

const beginSum = (tile: ChainTile, t: number): Instruction =>
  instruction('smull', sum(tile, t), x(t % tile.mr, 0), w(Math.floor(t / tile.mr), 0));
const sum = (tile: ChainTile, t: number) => `s->sum[${t % sumsOf(tile)}]`;

/** The further products of sum t. What they read for the last time, those after it take the place of. */
function endSum(tile: ChainTile, t: number, blocks: number, next: number): Instruction[] {
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

/** What the round before does for a chain, its rows apart: weights, and the sums that begin. */
const head = (tile: ChainTile, blocks: number): Instruction[] => [
  ...[0, 1].flatMap((u) => range(blocks).flatMap((b) => [loadWeights(b), ...moveWeights(u, b)])),
  ...range(blocks).map(loadWeights),
  beginSum(tile, 0),
  ...endSum(tile, 0, blocks, 0),
  beginSum(tile, 1),
];

/** The operands of the first chain, and its first sums. */
export const chainStart = (tile: ChainTile): Instruction[] => [
  ...numberBlocks(tile),
  ...loadRows(tile, tile.chain),
  ...range(tile.chain).flatMap((b) => range(tile.mr).flatMap((i) => moveRow(tile, i, b))),
  ...head(tile, tile.chain),
];

/** A round. */
export function chainRound(tile: ChainTile, { blocks, next, first }: ChainRound): Instruction[] {
  const { mr, nr } = tile;
  const sums = range((mr * nr) / 2).flatMap((t) => [
    ...(t > 1 ? [beginSum(tile, t)] : []),
    ...(t > 0 ? endSum(tile, t, blocks, next) : []),
    instruction(first ? 'saddlp' : 'sadalp', `s->acc[${t % mr}][${Math.floor(t / mr)}]`, sum(tile, t)),
  ]);
  return [...loadRows(tile, next), ...sums, ...head(tile, next)];
}

/** The rounds that follow on each other in a tile. */
export function roundsOf({ chain, singles }: ChainTile): ChainRound[] {
  const lengths = singles ? [chain, 1] : [chain];
  return lengths.flatMap((blocks) =>
    lengths.flatMap((next) => [
      ...(blocks === chain ? [{ blocks, next, first: true }] : []),
      { blocks, next, first: false },
    ]),
  );
}

/** Loops by name: models repeat tiles. */
const known = new Map<string, Loop>();

/** The loop of a tile. */
export function chainLoop(tile: ChainTile): Loop {
  const { mr, nr, chain, singles, unsigned } = tile;
  const name = `io_chain_${mr}x${nr}x${chain}${singles ? '_1' : ''}${unsigned ? '_u' : ''}`;
  const loop = known.get(name) ?? printLoop(name, 'io_k_sums *s, int part, int length, int next', blocksOf(tile));
  known.set(name, loop);
  return loop;
}

const blocksOf = (tile: ChainTile) => [
  { when: 'part == IO_START', block: schedule(chainStart(tile), CORTEX_A53) },
  ...roundsOf(tile).map((round) => ({
    when: `part == ${round.first ? 'IO_FIRST' : 'IO_NEXT'} && length == ${round.blocks} && next == ${round.next}`,
    block: schedule(chainRound(tile, round), CORTEX_A53),
  })),
];
