/** SMLAL by lane on 16-bit operands. Rates: instructions of the loop / units of the core; epilogue fitted to modelled cycles. */
import {
  accumulators,
  CONSTANT_BYTES,
  centersWeights,
  DYNAMIC_BYTES,
  type GemmKernel,
  perAccumulator,
} from './kernel.ts';

export const mlal: GemmKernel = {
  ...{ header: 'gemm_mlal.h', needs: { arch: 'aarch64' } },
  exactFor: [...CONSTANT_BYTES, 'int8-wide', ...DYNAMIC_BYTES],
  ...{ unit: 1, rows: 1, columns: 4, offsets: centersWeights },
  layout: { block: 1, alternate: 1, storage: 'int16', biasWords: 1 },
  registers: (tile) => accumulators(tile) + tile.mr + 3,
  rates: {
    ...{ step: 8, waiting: 3 },
    finish: perAccumulator(6),
    work: (tile, core) => ({
      vector: (8 * accumulators(tile)) / core.smull,
      loads: tile.mr + 2 * tile.nr,
      instructions: 8 * accumulators(tile) + 2 * tile.mr + 2 * tile.nr + 3,
    }),
  },
};
