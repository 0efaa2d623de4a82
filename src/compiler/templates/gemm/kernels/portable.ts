/** Portable C, for all operands. Rates: one multiplication per cycle, so that every other kernel is preferred. */
import { CONSTANT_BYTES, centersWeights, DYNAMIC_BYTES, type GemmKernel, perAccumulator } from './kernel.ts';

/** Compilers keep four rows (float: two) by one vector of columns in registers. */
const plain = (rows: number): Pick<GemmKernel, 'registers' | 'rates' | 'unit' | 'rows' | 'columns' | 'offsets'> => ({
  ...{ unit: 1, rows: 1, columns: 4, offsets: centersWeights },
  registers: ({ mr, nr }) => (mr <= rows && nr <= 8 ? 1 : Infinity),
  rates: {
    step: 1,
    finish: perAccumulator(4),
    work: ({ mr, nr }) => ({ vector: mr * nr, loads: mr + nr, instructions: mr * nr + mr + nr + 3 }),
  },
});

export const portable: GemmKernel = {
  ...plain(4),
  ...{ header: 'gemm_portable.h', needs: { arch: 'host' } },
  exactFor: [...CONSTANT_BYTES, 'int8-wide', ...DYNAMIC_BYTES],
  layout: { block: 1, alternate: 1, storage: 'int16', biasWords: 1 },
};

export const portableFloat: GemmKernel = {
  ...plain(2),
  ...{ header: 'gemm_portable.h', needs: { arch: 'host' } },
  exactFor: ['float32'],
  layout: { block: 1, alternate: 1, storage: 'float32', biasWords: 1 },
};
