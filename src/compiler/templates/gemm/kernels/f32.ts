/**
 * FMLA by lane. Rates: instructions of the loop / units of the core; epilogue and the loop for in-order cores fitted to modelled
 * cycles (bench/kernels/tiles.mjs).
 */
import { accumulators, centersWeights, type GemmKernel, perAccumulator } from './kernel.ts';

export const f32: GemmKernel = {
  ...{ header: 'gemm_neon_f32.h', needs: { arch: 'aarch64' }, exactFor: ['float32'] },
  ...{ unit: 1, rows: 1, columns: 4, offsets: centersWeights },
  layout: { block: 1, alternate: 1, storage: 'float32', biasWords: 1 },
  registers: (tile) => accumulators(tile) + tile.mr + 3,
  rates: {
    ...{ step: 4, waiting: 3 },
    finish: perAccumulator(2),
    work: (tile, core) => ({
      vector: (4 * accumulators(tile)) / core.fmla,
      loads: tile.mr + tile.nr,
      instructions: 4 * accumulators(tile) + tile.mr + tile.nr + 3,
    }),
  },
  // gemm_in_order_f32.h: two moves from general registers, four of which take a cycle, to a load.
  inOrder: {
    ...{ rows: 5, columns: 8, finish: perAccumulator(3.4, 20) },
    registers: (tile) => accumulators(tile) + tile.mr + 4,
    cycles: ({ mr, nr }) => mr * nr + (mr + nr) / 2 + 4,
  },
};
