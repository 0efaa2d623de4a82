/** The record of a tile kernel of native/kernels/gemm_*.h: all its facts except the code. */
import type { Core, Features } from '../../../targets/cpus.ts';
import type { Operands } from '../../workload.ts';

/** Knobs that determine the registers and the speed of a tile. */
export interface Tile {
  /** Rows and columns. */
  readonly mr: number;
  readonly nr: number;
  /** Kernels with `sums16`: K-blocks per K-sum. */
  readonly kBlocks: KBlocks;
}
export type KBlocks = 1 | 2 | 4;

/** Work of one step along k. */
export interface Work {
  /** Cycles of the most used vector unit. */
  readonly vector: number;
  readonly loads: number;
  readonly instructions: number;
}

/** Cycles of a tile. */
export interface Rates {
  /** k per step. */
  readonly step: number;
  /** Factor on in-order cores, for stalls on loads; default 1. */
  readonly waiting?: number;
  work(tile: Tile, core: Core): Work;
  /** Cycles outside the loop along k: initial accumulators, epilogue. */
  finish(tile: Tile, core: Core): number;
}

/** A scheduled inner loop for in-order cores, for tiles of at least `rows` x `columns`. */
export interface InOrderLoop {
  readonly rows: number;
  readonly columns: number;
  registers(tile: Tile): number;
  /** Cycles of a step. */
  cycles(tile: Tile): number;
  finish(tile: Tile): number;
}

/** Layout of packed weights and per-column constants: `gemm_layout` of native/kernels/gemm.h. */
export interface PanelLayout {
  /** Consecutive k of one column that are contiguous. */
  readonly block: number;
  /** Columns interleaved in runs of `block / alternate` elements. */
  readonly alternate: 1 | 2;
  readonly storage: 'int8' | 'int16' | 'float32';
  /** uint8 operands: weights stay uint8. */
  readonly unsignedWeights?: boolean;
  /** int32 words per column of the bias; all but the first are 0. */
  readonly biasWords: 1 | 2;
  /** Per-column constants are [panel][nr / 2][2][2]: each pair of columns twice. */
  readonly pairsTwice?: boolean;
}

export interface GemmKernel {
  /** File of native/kernels: it defines gemm_tile_NAME of the kernel's name, or gemm_rows_NAME and gemm_tiles_NAME. */
  readonly header: string;
  readonly needs: {
    readonly arch: 'aarch64' | 'host';
    readonly features?: readonly (keyof Features)[];
    /** The cores that it is written for; default: all. */
    readonly issue?: 'in order' | 'out of order';
  };
  /** Operands for which its sums do not overflow. */
  readonly exactFor: readonly Operands[];
  /** packed_k is a multiple of this; rows of A must be readable up to packed_k. */
  readonly unit: number;
  /** mr and nr are multiples of these. */
  readonly rows: number;
  readonly columns: number;
  readonly layout: PanelLayout;
  /** Offsets subtracted from data (in the kernel) and weights (when packed) before multiplying; `zeroPoint`: of the weights. */
  offsets(w: { readonly unsigned: boolean; readonly operands: Operands }, zeroPoint: number): Offsets;
  /** It has K-sums, of several K-blocks in 16 bits: knobs `kBlocks` and `singles`. */
  readonly sums16?: true;
  /** 128-bit registers that the inner loop needs. */
  registers(tile: Tile): number;
  /** General registers, if they may be too many. */
  general?(tile: Tile): number;
  readonly rates: Rates;
  readonly inOrder?: InOrderLoop;
}

export interface Offsets {
  readonly data: number;
  readonly weights: number;
}

/** The scheduled loop of a tile on an in-order core; null: none. */
export function inOrderLoop({ inOrder }: GemmKernel, { mr, nr }: Tile, core: Core): InOrderLoop | null {
  return core.inOrder && inOrder && mr >= inOrder.rows && nr >= inOrder.columns ? inOrder : null;
}

/** Accumulator registers, four 32-bit lanes each. */
export const accumulators = ({ mr, nr }: Tile): number => (mr * nr) / 4;

/** Cycles of an epilogue: `cycles` per accumulator register, `start` per tile. */
export const perAccumulator =
  (cycles: number, start = 10) =>
  (tile: Tile): number =>
    accumulators(tile) * cycles + start;

/** Store instructions of a row of 8-bit results: of 16, 8 and 4 bytes. */
export const stores = (nr: number): number => Math.floor(nr / 16) + [0, 1, 1, 2][Math.ceil((nr % 16) / 4)];

/** Data as stored; weights with the zero point subtracted. */
export const centersWeights: GemmKernel['offsets'] = (_, zeroPoint) => ({ data: 0, weights: zeroPoint });

/** 8-bit operands: constant weights with any values; and operands that are known only at run time. */
export const CONSTANT_BYTES = [
  'int8',
  'int8-full',
  'uint8-offset',
  'uint8-full',
] as const satisfies readonly Operands[];
export const DYNAMIC_BYTES = ['int8-dynamic', 'int8-dynamic-narrow'] as const satisfies readonly Operands[];
