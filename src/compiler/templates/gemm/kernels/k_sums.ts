/**
 * K-sums: SMULL and SMLAL of several K-blocks before SADALP, for in-order cores; the packer combines K-blocks whose sums fit 16 bits.
 * Rates: instructions of the loop; epilogue fitted to modelled cycles of cortex-a53.
 */
import { CONSTANT_BYTES, type GemmKernel, perAccumulator, type Tile } from './kernel.ts';

/** Whether ZIP1 doubles the bytes of A, because the general registers do not suffice. */
export const zips = (mr: number, kBlocks: number): boolean => kBlocks === 4 && mr > 1;

/** General registers: they hold the next K-blocks of A; twice as many if the bytes are doubled there. */
const general = ({ mr, nr, kBlocks }: Tile): number =>
  Math.max(kBlocks * ((zips(mr, kBlocks) ? 1 : 2) * mr + 3) + mr + 4, 2 * nr);

export const kSums: GemmKernel = {
  ...{ header: 'gemm_k_sums.h', needs: { arch: 'aarch64', issue: 'in order' } },
  // Weights beyond 8 bits become sums of several.
  exactFor: [...CONSTANT_BYTES, 'int8-wide'],
  ...{ unit: 8, rows: 1, columns: 8, sums16: true },
  layout: { block: 8, alternate: 2, storage: 'int8', biasWords: 1 },
  offsets: ({ unsigned }, zeroPoint) => ({ data: unsigned ? 128 : 0, weights: zeroPoint }),
  // Accumulators; three 16-bit sums; weights of two column pairs.
  registers: ({ mr, nr, kBlocks }) => (mr * nr) / 2 + kBlocks * (mr + 2) + 3,
  general,
  rates: {
    step: 8,
    finish: perAccumulator(5, 16),
    // SADALP takes two cycles; four moves from general registers take one.
    work({ mr, nr, kBlocks }) {
      const zipped = zips(mr, kBlocks);
      return {
        vector: (kBlocks + 1) * mr * nr + (kBlocks * (mr * (zipped ? 2.5 : 1) + nr / 2)) / 2 + (mr === 1 ? 8 : 4),
        loads: 0,
        // Eight bytes of A: 7 instructions to load, split, double and move; a register of weights: 3.
        instructions: (kBlocks + 0.5) * mr * nr + kBlocks * ((zipped ? 4 : 7) * mr + 1.5 * nr + 1) + 3,
      };
    },
  },
};
