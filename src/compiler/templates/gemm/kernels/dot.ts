/** SDOT and SMMLA: the loop is short, so the epilogue decides between tiles. Rates: instructions / units of the core. */
import type { Core } from '../../../targets/cpus.ts';
import { accumulators, CONSTANT_BYTES, DYNAMIC_BYTES, type GemmKernel, stores, type Tile } from './kernel.ts';

/**
 * Per row: SQRDMULH and SRSHL for each register; a move and a narrowing for each 8 columns; a narrowing and a sign flip for each store.
 */
function finish({ mr, nr }: Tile, core: Core): number {
  const [registers, eights] = [nr / 4, Math.ceil(nr / 8)];
  const vector = mr * (2 * registers + 2 * eights + 2 * stores(nr));
  const shifts = mr * (registers + eights);
  const loads = (mr + 2) * registers;
  const instructions = vector + loads + mr + 20;
  // A wide panel delays the first multiplications.
  return nr / 8 + Math.max(vector / core.dot, shifts / core.smull, loads / core.loads, instructions / core.width);
}

const common = {
  exactFor: [...CONSTANT_BYTES, ...DYNAMIC_BYTES],
  // UDOT and UMMLA: both operands as stored.
  offsets: ({ unsigned }, zeroPoint) => ({ data: 0, weights: unsigned ? 0 : zeroPoint }),
  registers: (tile) => accumulators(tile) + tile.mr + tile.nr / 4,
} satisfies Partial<GemmKernel>;

export const dot: GemmKernel = {
  ...common,
  ...{ header: 'gemm_dot.h', needs: { arch: 'aarch64', features: ['dotprod'] } },
  ...{ unit: 4, rows: 1, columns: 4 },
  layout: { block: 4, alternate: 1, storage: 'int8', unsignedWeights: true, biasWords: 1 },
  rates: {
    ...{ step: 16, finish },
    work: (tile, core) => ({
      vector: (4 * accumulators(tile)) / core.dot,
      loads: tile.mr + tile.nr,
      instructions: 4 * accumulators(tile) + tile.mr + tile.nr + 3,
    }),
  },
};

export const mmla: GemmKernel = {
  ...common,
  ...{ header: 'gemm_mmla.h', needs: { arch: 'aarch64', features: ['i8mm'] } },
  ...{ unit: 8, rows: 2, columns: 8 },
  layout: { block: 8, alternate: 1, storage: 'int8', unsignedWeights: true, biasWords: 1, pairsTwice: true },
  rates: {
    ...{ step: 16, finish },
    work: (tile, core) => ({
      vector: (2 * accumulators(tile) + tile.mr) / core.dot,
      loads: tile.mr + tile.nr,
      instructions: 2 * accumulators(tile) + 2 * tile.mr + tile.nr + 3,
    }),
  },
};
