import { type Core, coreOf } from '../../targets/cores.ts';
import type { Target } from '../../targets/target.ts';
import type { GemmWorkload, Operands } from '../workload.ts';

/** The tile kernels of native/kernels/gemm_*.h. */
export type GemmKernel = 'portable' | 'mlal' | 'smull' | 'chains' | 'dot' | 'mmla' | 'f32' | 'f32_portable';

/** Blocks that a chain of native/kernels/gemm_chains.h may add up. */
export type ChainLength = 1 | 2 | 4;
/** How the blocks of a panel are added up: by chains of one length, or with single ones for those that fit no other. */
export interface ChainForm {
  readonly chain: ChainLength;
  readonly singles: boolean;
}
const SINGLE: ChainForm = { chain: 1, singles: false };
export const CHAINS: readonly ChainForm[] = [
  SINGLE,
  { chain: 2, singles: false },
  { chain: 2, singles: true },
  { chain: 4, singles: false },
];

/** The knobs of the matrix multiplication template. */
export interface GemmSchedule extends Partial<ChainForm> {
  readonly template: 'gemm';
  readonly kernel: GemmKernel;
  /** Rows and columns of the register tile. */
  readonly mr: number;
  readonly nr: number;
  /** Loop order: panels of weights outside, tiles of rows inside. Only where the rows are in place. */
  readonly weightsFirst: boolean;
}

interface KernelInfo {
  /** Depth is packed in multiples of this. */
  readonly unit: number;
  /** Whether rows must come in pairs. */
  readonly evenRows?: boolean;
  /** Columns of a tile are a multiple of this; 4 where it does not say. */
  readonly columns?: number;
  /** 128-bit registers that the inner loop needs. */
  registers(mr: number, nr: number, chain: ChainLength): number;
  /** General registers, where they are many. */
  general?(mr: number, nr: number, chain: ChainLength): number;
  /** Vector instructions and loads for one step of `step` along k. */
  readonly step: number;
  work(
    mr: number,
    nr: number,
    core: Core,
    chain: ChainLength,
  ): { readonly vector: number; readonly loads: number; readonly instructions: number };
  /** Cycles of a tile beside its inner loop: start, sums, requantization, stores. */
  finish(mr: number, nr: number, core: Core): number;
  /** The same for the inner loop that native/kernels/gemm_in_order_f32.h has for larger tiles on cores that issue in order. */
  readonly inOrder?: InOrderLoop;
}

interface InOrderLoop {
  /** The smallest tile. */
  readonly rows: number;
  readonly columns: number;
  registers(mr: number, nr: number): number;
  /** Cycles of a step: of the vector unit, which everything waits for. */
  cycles(mr: number, nr: number): number;
  finish(mr: number, nr: number): number;
}

const simd = (mr: number, nr: number) => (mr * nr) / 4;
/** So many cycles for each register of results, and some for the tile. */
const each =
  (cycles: number, start = 10) =>
  (mr: number, nr: number) =>
    simd(mr, nr) * cycles + start;
/** Stores of a row of 8-bit results: of 16, 8 and 4. */
const stores = (nr: number): number => Math.floor(nr / 16) + [0, 1, 1, 2][Math.ceil((nr % 16) / 4)];

/** Whether the vector unit doubles the bytes of A, because general registers would be too few. */
export const zips = (mr: number, chain: number): boolean => chain === 4 && mr > 1;

/**
 * The end of a tile on cores with dot products, whose inner loop is so short that the end decides: per row and register
 * a multiplication and a shift, per 8 columns a move and a narrowing, per store another and the flip of the sign.
 */
function finishShort(mr: number, nr: number, core: Core): number {
  const [registers, eights] = [nr / 4, Math.ceil(nr / 8)];
  const vector = mr * (2 * registers + 2 * eights + 2 * stores(nr));
  const shifts = mr * (registers + eights);
  const loads = (mr + 2) * registers;
  const instructions = vector + loads + mr + 20;
  // A wide panel keeps the first multiplications waiting.
  return nr / 8 + Math.max(vector / core.dot, shifts / core.smull, loads / core.loads, instructions / core.width);
}

export const GEMM_KERNELS: Readonly<Record<GemmKernel, KernelInfo>> = {
  portable: plain(4),
  f32_portable: plain(2),
  f32: {
    unit: 1,
    step: 4,
    finish: each(2),
    registers: (mr, nr) => simd(mr, nr) + mr + 3,
    work: (mr, nr, core) => ({
      vector: (4 * simd(mr, nr)) / core.fmla,
      loads: mr + nr,
      instructions: 4 * simd(mr, nr) + mr + nr + 3,
    }),
    // Two moves from general registers, four of which take a cycle, to a load.
    inOrder: {
      ...{ rows: 5, columns: 8, finish: each(3.4, 20) },
      registers: (mr, nr) => simd(mr, nr) + mr + 4,
      cycles: (mr, nr) => mr * nr + (mr + nr) / 2 + 4,
    },
  },
  mlal: {
    unit: 1,
    step: 8,
    finish: each(6),
    registers: (mr, nr) => simd(mr, nr) + mr + 3,
    work: (mr, nr, core) => ({
      vector: (8 * simd(mr, nr)) / core.smull,
      loads: mr + 2 * nr,
      instructions: 8 * simd(mr, nr) + 2 * mr + 2 * nr + 3,
    }),
  },
  smull: {
    unit: 8,
    step: 16,
    finish: (mr, nr) => each(4)(mr, nr) + mr * stores(nr),
    registers: (mr, nr) => (mr * nr) / 2 + 2 * mr + 6,
    work: (mr, nr, core) => ({
      vector: (2 * mr * nr) / core.smull,
      loads: mr + nr,
      instructions: 3 * mr * nr + mr + nr + 3,
    }),
  },
  chains: {
    unit: 8,
    step: 8,
    columns: 8,
    finish: each(5, 16),
    // Three sums in 16 bits, weights of two pairs of columns.
    registers: (mr, nr, chain) => (mr * nr) / 2 + chain * (mr + 2) + 3,
    // All of A's next blocks wait in general registers, of twice the size where they are doubled there.
    general: (mr, nr, chain) => Math.max(chain * ((zips(mr, chain) ? 1 : 2) * mr + 3) + mr + 4, 2 * nr),
    // SADALP takes two cycles; four moves from general registers take one.
    work: (mr, nr, _core, chain) => ({
      vector: (chain + 1) * mr * nr + (chain * (mr * (zips(mr, chain) ? 2.5 : 1) + nr / 2)) / 2 + (mr === 1 ? 8 : 4),
      loads: 0,
      // To load, split, double and move eight bytes of A takes seven, a register of weights three.
      instructions: (chain + 0.5) * mr * nr + chain * ((zips(mr, chain) ? 4 : 7) * mr + 1.5 * nr + 1) + 3,
    }),
  },
  dot: {
    unit: 4,
    step: 16,
    finish: finishShort,
    registers: (mr, nr) => simd(mr, nr) + mr + nr / 4,
    work: (mr, nr, core) => ({
      vector: (4 * simd(mr, nr)) / core.dot,
      loads: mr + nr,
      instructions: 4 * simd(mr, nr) + mr + nr + 3,
    }),
  },
  mmla: {
    unit: 8,
    step: 16,
    evenRows: true,
    columns: 8,
    finish: finishShort,
    registers: (mr, nr) => simd(mr, nr) + mr + nr / 4,
    work: (mr, nr, core) => ({
      vector: (2 * simd(mr, nr) + mr) / core.dot,
      loads: mr + nr,
      instructions: 2 * simd(mr, nr) + 2 * mr + nr + 3,
    }),
  },
};

/** The plain C kernels: no model of them, a tile of four rows and one vector length of columns does. */
function plain(rows: number): KernelInfo {
  return {
    unit: 1,
    step: 1,
    finish: each(4),
    registers: (mr, nr) => (mr <= rows && nr <= 8 ? 1 : 99),
    work: (mr, nr) => ({ vector: mr * nr, loads: mr + nr, instructions: mr * nr + mr + nr + 3 }),
  };
}

/** The kernels that compute `operands` exactly on the target, best first. */
export function gemmKernels(operands: Operands, target: Target, m: number): GemmKernel {
  if (target.arch === 'host') return operands === 'float32' ? 'f32_portable' : 'portable';
  if (operands === 'float32') return 'f32';
  const dynamic = operands === 'int8-dynamic' || operands === 'int8-dynamic-narrow';
  // Chains are arranged when compiling; without them, such cores gain nothing from SMULL.
  if (coreOf(target).inOrder && !target.features.dotprod) return dynamic ? 'mlal' : 'chains';
  if (operands === 'int8-wide') return 'mlal';
  if (target.features.i8mm && m > 1) return 'mmla';
  if (target.features.dotprod) return 'dot';
  const narrow = operands === 'int8' || operands === 'uint8-offset' || operands === 'int8-dynamic-narrow';
  return narrow ? 'smull' : 'mlal';
}

const ROWS = [1, 2, 3, 4, 5, 6, 7, 8];
const COLUMNS = [4, 8, 12, 16, 20, 24, 28, 32];
const REGISTERS = 32;
/** Bytes of the first-level data cache that a tile or panel that is to stay may take. */
const RESIDENT = 24 * 1024;

/** General registers that a loop may use. */
const GENERAL = 32;

/** The loop in issue order that a tile takes on a core. */
export function inOrderLoop(kernel: GemmKernel, mr: number, nr: number, core: Core): InOrderLoop | null {
  const loop = GEMM_KERNELS[kernel].inOrder;
  return core.inOrder && loop && mr >= loop.rows && nr >= loop.columns ? loop : null;
}

/** Whether the registers hold a tile. */
export function holdsTile(kernel: GemmKernel, mr: number, nr: number, target: Target, chain: ChainLength = 1): boolean {
  const info = GEMM_KERNELS[kernel];
  const loop = inOrderLoop(kernel, mr, nr, coreOf(target)) ?? info;
  return loop.registers(mr, nr, chain) <= REGISTERS && (info.general?.(mr, nr, chain) ?? 0) <= GENERAL;
}

/** Cycles of two loops more, and of their branches. */
const MIXED = 6;

/** Estimated cycles of the whole workload: padded work at the rate of the scarcest unit, plus the ends of the tiles. */
export function gemmCycles(
  w: GemmWorkload,
  kernel: GemmKernel,
  mr: number,
  nr: number,
  core: Core,
  { chain, singles }: ChainForm = SINGLE,
): number {
  const info = GEMM_KERNELS[kernel];
  const depth = Math.ceil(w.k / info.unit) * info.unit;
  const loop = inOrderLoop(kernel, mr, nr, core);
  // Other loops wait for twice as long as they work on a core that issues in order.
  const waiting = core.inOrder && info.inOrder ? 3 : 1;
  const step = (length: ChainLength): number => {
    const { vector, loads, instructions } = info.work(mr, nr, core, length);
    return loop?.cycles(mr, nr) ?? waiting * Math.max(vector, loads / core.loads, instructions / core.width);
  };
  const steps = (): number => {
    if (kernel !== 'chains') return (depth / info.step) * step(1);
    if (!singles) return (w.chains?.[chain] ?? depth / 8 / chain) * step(chain);
    const mixed = w.chains?.mixed ?? { pairs: depth / 8 / chain, singles: 1 };
    return mixed.pairs * step(chain) + mixed.singles * step(1) + MIXED;
  };
  const tile = steps() + (loop?.finish(mr, nr) ?? waiting * info.finish(mr, nr, core));
  return Math.ceil(w.m / mr) * Math.ceil(w.n / nr) * w.groups * tile;
}

/** The fixed default: the tile that fits the registers and is estimated fastest; of equals the larger. */
export function scheduleGemm(w: GemmWorkload, target: Target): GemmSchedule {
  const core = coreOf(target);
  const kernel = gemmKernels(w.operands, target, w.m);
  const info = GEMM_KERNELS[kernel];
  const least = info.columns ?? 4;
  const forms = kernel === 'chains' ? CHAINS : [SINGLE];
  let best = { mr: 1, nr: least, form: SINGLE, cycles: Number.POSITIVE_INFINITY };
  for (const mr of ROWS) {
    if (mr > w.m || (info.evenRows && mr % 2 === 1)) continue;
    for (const nr of COLUMNS) {
      if (nr % least !== 0 || (nr > least && nr - least >= w.n)) continue;
      for (const form of forms) {
        if (!holdsTile(kernel, mr, nr, target, form.chain)) continue;
        const cycles = gemmCycles(w, kernel, mr, nr, core, form);
        if (cycles <= best.cycles) best = { mr, nr, form, cycles };
      }
    }
  }
  return {
    template: 'gemm',
    kernel,
    mr: best.mr,
    nr: best.nr,
    ...(kernel === 'chains' && best.form),
    weightsFirst: kernel !== 'chains' && w.inPlace && weightsFirst(w, best.mr, best.nr),
  };
}

/** The order that moves fewer bytes through the first-level cache. */
function weightsFirst(w: GemmWorkload, mr: number, nr: number): boolean {
  const item = w.operands === 'float32' ? 4 : 1;
  const a = w.m * w.k * item;
  const weights = w.n * w.k * item;
  const perTile = weights <= RESIDENT ? 0 : weights * Math.ceil(w.m / mr);
  const perPanel = a <= RESIDENT ? 0 : a * Math.ceil(w.n / nr);
  return perPanel < perTile;
}
