/** What is known of one tile kernel of native/kernels/gemm_*.h: all of it, but its code. */
import type { Core, Features } from '../../../targets/cpus.ts';
import type { Operands } from '../../workload.ts';

/** Knobs of a tile that decide over its registers and its speed. */
export interface Tile {
  /** Rows and columns. */
  readonly mr: number;
  readonly nr: number;
  /** Kernels with `sums16`: K-blocks whose products are summed in 16 bits. */
  readonly kBlocks: KBlocks;
}
export type KBlocks = 1 | 2 | 4;

/** Work of one step along k. */
export interface Work {
  /** Cycles of the scarcest vector unit. */
  readonly vector: number;
  readonly loads: number;
  readonly instructions: number;
}

/** Cycles of a tile. */
export interface Rates {
  /** Elements of k in a step. */
  readonly step: number;
  /** Times as long on cores that issue in order, where it waits for what it loads; default 1. */
  readonly waiting?: number;
  work(tile: Tile, core: Core): Work;
  /** Beside the loop along k: start, requantization, stores. */
  finish(tile: Tile, core: Core): number;
}

/** An inner loop in issue order, for tiles of at least `rows` x `columns` on cores that issue in order. */
export interface InOrderLoop {
  readonly rows: number;
  readonly columns: number;
  registers(tile: Tile): number;
  /** Cycles of a step. */
  cycles(tile: Tile): number;
  finish(tile: Tile): number;
}

/** Where the packer puts a column's elements and what it adds for columns. */
export interface PanelLayout {
  /** Elements of k of one column side by side. */
  readonly block: number;
  /** Columns whose blocks alternate, `block / alternate` elements at a time. */
  readonly alternate: 1 | 2;
  readonly storage: 'int8' | 'int16' | 'float32';
  /** Of uint8 operands: weights stay uint8. */
  readonly unsignedWeights?: boolean;
  /** Words of a column's bias; those after the first are 0. */
  readonly biasWords: 1 | 2;
  /** Values by column come as [panel][nr / 2][2][2]: each pair of columns twice. */
  readonly pairsTwice?: boolean;
}

export interface GemmKernel {
  /** File of native/kernels: it defines gemm_tile_NAME of the kernel's name, or gemm_rows_NAME and gemm_tiles_NAME. */
  readonly header: string;
  readonly needs: {
    readonly arch: 'aarch64' | 'host';
    readonly features?: readonly (keyof Features)[];
    /** The cores that it is made for. */
    readonly issue?: 'in order' | 'out of order';
  };
  /** The operands whose products it sums without overflow. */
  readonly exactFor: readonly Operands[];
  /** k is packed in multiples of this; rows of A must be readable so far. */
  readonly unit: number;
  /** Multiples of rows and columns of a tile. */
  readonly rows: number;
  readonly columns: number;
  readonly layout: PanelLayout;
  /** What it subtracts from stored data and weights before it multiplies; `zeroPoint`: of the weights. */
  offsets(w: { readonly unsigned: boolean; readonly operands: Operands }, zeroPoint: number): Offsets;
  /** Sums products of several K-blocks in 16 bits: knobs `kBlocks` and `singles`. */
  readonly sums16?: true;
  /** 128-bit registers that the inner loop needs. */
  registers(tile: Tile): number;
  /** General registers, where they are many. */
  general?(tile: Tile): number;
  readonly rates: Rates;
  readonly inOrder?: InOrderLoop;
}

export interface Offsets {
  readonly data: number;
  readonly weights: number;
}

/** The loop in issue order that a tile takes on a core. */
export function inOrderLoop({ inOrder }: GemmKernel, { mr, nr }: Tile, core: Core): InOrderLoop | null {
  return core.inOrder && inOrder && mr >= inOrder.rows && nr >= inOrder.columns ? inOrder : null;
}

/** Registers of results, of four 32-bit lanes. */
export const accumulators = ({ mr, nr }: Tile): number => (mr * nr) / 4;

/** Cycles of a tile's end: some for each register of results, and some for the tile. */
export const perAccumulator =
  (cycles: number, start = 10) =>
  (tile: Tile): number =>
    accumulators(tile) * cycles + start;

/** Stores of a row of 8-bit results: of 16, 8 and 4. */
export const stores = (nr: number): number => Math.floor(nr / 16) + [0, 1, 1, 2][Math.ceil((nr % 16) / 4)];

/** Kernels that multiply the stored data by weights less their zero point. */
export const centersWeights: GemmKernel['offsets'] = (_, zeroPoint) => ({ data: 0, weights: zeroPoint });

/** 8-bit operands with constant weights of any values, and those of products that are known only when they run. */
export const CONSTANT_BYTES = [
  'int8',
  'int8-full',
  'uint8-offset',
  'uint8-full',
] as const satisfies readonly Operands[];
export const DYNAMIC_BYTES = ['int8-dynamic', 'int8-dynamic-narrow'] as const satisfies readonly Operands[];
