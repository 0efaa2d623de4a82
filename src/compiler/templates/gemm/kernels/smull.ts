/**
 * SMULL, SMLAL2 and SADALP on 8-bit lanes: two products fit 16 bits for weights in [-127, 127]. Rates: instructions of the loop / units
 * of the core; epilogue fitted to modelled cycles.
 */
import { type GemmKernel, perAccumulator, stores } from './kernel.ts';

export const smull: GemmKernel = {
  ...{ header: 'gemm_smull.h' },
  // In-order cores stall on SADALP: they have mlal.ts and k_sums.ts.
  needs: { arch: 'aarch64', issue: 'out of order' },
  exactFor: ['int8', 'uint8-offset', 'int8-dynamic-narrow'],
  ...{ unit: 8, rows: 1, columns: 4 },
  layout: { block: 8, alternate: 2, storage: 'int8', biasWords: 2 },
  // uint8 is read as x ^ 0x80 = x - 128.
  offsets: ({ unsigned, operands }, zeroPoint) => ({
    data: unsigned ? 128 : 0,
    weights: operands === 'uint8-offset' ? 128 : zeroPoint,
  }),
  registers: ({ mr, nr }) => (mr * nr) / 2 + 2 * mr + 6,
  rates: {
    step: 16,
    finish: (tile) => perAccumulator(4)(tile) + tile.mr * stores(tile.nr),
    work: ({ mr, nr }, core) => ({
      vector: (2 * mr * nr) / core.smull,
      loads: mr + nr,
      instructions: 3 * mr * nr + mr + nr + 3,
    }),
  },
};
