/**
 * SMULL, SMLAL2 and SADALP on 8-bit lanes: two products fit 16 bits where no weight is -128. Rates: instructions of the
 * loop over the core's units; the end fitted to modelled cycles.
 */
import { type GemmKernel, perAccumulator, stores } from './kernel.ts';

export const smull: GemmKernel = {
  ...{ header: 'gemm_smull.h' },
  // Cores that issue in order wait for SADALP: mlal.ts and k_sums.ts suit them.
  needs: { arch: 'aarch64', issue: 'out of order' },
  exactFor: ['int8', 'uint8-offset', 'int8-dynamic-narrow'],
  ...{ unit: 8, rows: 1, columns: 4 },
  layout: { block: 8, alternate: 2, storage: 'int8', biasWords: 2 },
  // Unsigned bytes are read with 0x80 flipped.
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
