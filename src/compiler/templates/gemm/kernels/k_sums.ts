/**
 * SMULL and SMLAL of several K-blocks before SADALP, in issue order: the packer pairs blocks whose sums fit 16 bits. Rates:
 * instructions of the loop; ends fitted to modelled cycles of cortex-a53.
 */
import { CONSTANT_BYTES, type GemmKernel, perAccumulator, type Tile } from './kernel.ts';

/** Whether the vector unit doubles the bytes of A, because general registers would be too few. */
export const zips = (mr: number, kBlocks: number): boolean => kBlocks === 4 && mr > 1;

/** General registers: all of A's next blocks wait there, of twice the size where they are doubled there. */
const general = ({ mr, nr, kBlocks }: Tile): number =>
  Math.max(kBlocks * ((zips(mr, kBlocks) ? 1 : 2) * mr + 3) + mr + 4, 2 * nr);

export const kSums: GemmKernel = {
  ...{ header: 'gemm_k_sums.h', needs: { arch: 'aarch64', issue: 'in order' } },
  // Weights beyond 8 bits become several.
  exactFor: [...CONSTANT_BYTES, 'int8-wide'],
  ...{ unit: 8, rows: 1, columns: 8, sums16: true },
  layout: { block: 8, alternate: 2, storage: 'int8', biasWords: 1 },
  offsets: ({ unsigned }, zeroPoint) => ({ data: unsigned ? 128 : 0, weights: zeroPoint }),
  // Three sums in 16 bits, weights of two pairs of columns.
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
        // To load, split, double and move eight bytes of A takes seven, a register of weights three.
        instructions: (kBlocks + 0.5) * mr * nr + kBlocks * ((zipped ? 4 : 7) * mr + 1.5 * nr + 1) + 3,
      };
    },
  },
};
