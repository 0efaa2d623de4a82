/** Schedules of the matrix multiplication template: the knobs, their values, and which are legal. */
import { z } from 'zod';
import type { Target } from '../../targets/target.ts';
import { bandsOf, leastBand } from './bands.ts';
import { exactKernels, GEMM_KERNEL_NAMES, type GemmKernelName, kernelOf, lacking } from './kernels/index.ts';
import { inOrderLoop, type Tile } from './kernels/kernel.ts';
import { depthOf, type GemmWorkload, isPointwise, rowsOf } from './workload.ts';

export const gemmKnobs = z.strictObject({
  kernel: z.enum(GEMM_KERNEL_NAMES),
  /** Rows and columns of the register tile. */
  mr: z.int(),
  nr: z.int(),
  /** Of kernels with `sums16`, else absent: K-blocks whose products are summed in 16 bits. */
  kBlocks: z.literal([1, 2, 4]).optional(),
  /** Likewise: K-blocks that fit beside no other are summed alone, by a loop of their own. */
  singles: z.boolean().optional(),
  /** Loop order: a panel of weights outside and tiles of rows inside; else tiles of rows outside. */
  weightsFirst: z.boolean(),
  /** Output rows whose rows of A are gathered from one padded copy of the input; 0: rows of A are read in place. */
  band: z.int(),
});

/** A value for every knob. */
export type GemmSchedule = Readonly<z.infer<typeof gemmKnobs>>;

/** The register tile of a schedule. */
export const tileOf = ({ mr, nr, kBlocks = 1 }: GemmSchedule): Tile => ({ mr, nr, kBlocks });

/** Tiles: GEMM_MR rows and GEMM_NV registers of columns at most. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8];
const COLUMNS = [4, 8, 12, 16, 20, 24, 28, 32];
/** 128-bit registers, and general registers of a loop. */
const REGISTERS = 32;
const GENERAL = 32;

/** The knobs of kernels with `sums16`. */
const SUMS16: readonly Pick<GemmSchedule, 'kBlocks' | 'singles'>[] = [
  { kBlocks: 1, singles: false },
  { kBlocks: 2, singles: false },
  { kBlocks: 2, singles: true },
  { kBlocks: 4, singles: false },
];

/** Every combination of knobs that is legal, larger tiles later. */
export function* gemmSpace(w: GemmWorkload, target: Target): Generator<GemmSchedule> {
  for (const kernel of exactKernels(w.weights.operands, target))
    for (const mr of ROWS)
      for (const nr of COLUMNS)
        for (const sums16 of kernelOf(kernel).sums16 ? SUMS16 : [{}])
          for (const walk of walks(w, mr)) {
            const schedule = { kernel, mr, nr, ...sums16, ...walk };
            if (illegalGemm(w, schedule, target) === null) yield schedule;
          }
}

/** Loop orders and bands. */
function walks(w: GemmWorkload, mr: number): Pick<GemmSchedule, 'weightsFirst' | 'band'>[] {
  const gathered = w.right === 'constant' && mr <= w.output[0] * w.output[1] ? bandsOf(w, mr) : [];
  return [
    ...gathered.map((band) => ({ weightsFirst: false, band })),
    ...[true, false].map((weightsFirst) => ({ weightsFirst, band: 0 })),
  ];
}

export function illegalGemm(w: GemmWorkload, s: GemmSchedule, target: Target): string | null {
  return illegalKernel(w, s, target) ?? illegalTile(s, target) ?? illegalRows(w, s) ?? illegalColumns(w, s);
}

function illegalKernel(w: GemmWorkload, { kernel, kBlocks, singles }: GemmSchedule, target: Target): string | null {
  const { exactFor, sums16 } = kernelOf(kernel);
  const missing = lacking(kernel, target);
  if (missing !== null) return missing;
  if (!exactFor.includes(w.weights.operands)) return `kernel ${kernel} is not exact for ${w.weights.operands} operands`;
  if (!sums16)
    return kBlocks === undefined && singles === undefined ? null : `kernel ${kernel} has no kBlocks or singles`;
  const known = SUMS16.some((form) => form.kBlocks === kBlocks && form.singles === singles);
  return known ? null : `kernel ${kernel} has no loop for kBlocks ${kBlocks}, singles ${singles}`;
}

function illegalTile(s: GemmSchedule, target: Target): string | null {
  const { rows, columns } = kernelOf(s.kernel);
  const { mr, nr } = s;
  if (!ROWS.includes(mr) || mr % rows !== 0)
    return `mr ${mr}: kernel ${s.kernel} takes ${rows === 1 ? '' : 'pairs of '}1 to 8 rows`;
  if (!COLUMNS.includes(nr) || nr % columns !== 0)
    return `nr ${nr}: kernel ${s.kernel} takes multiples of ${columns} columns up to 32`;
  return holdsTile(s.kernel, tileOf(s), target) ? null : `a tile of ${mr} x ${nr} does not fit the registers`;
}

function illegalRows(w: GemmWorkload, { kernel, mr, weightsFirst, band }: GemmSchedule): string | null {
  const { unit } = kernelOf(kernel);
  if (band === 0) {
    if (!isPointwise(w)) return 'rows are read in place only of 1x1 windows without strides and padding';
    if (!w.paddedRows && depthOf(w) % unit !== 0) return `rows in place: k ${depthOf(w)} is no multiple of ${unit}`;
    return mr > rowsOf(w) ? `mr ${mr} is more than the ${rowsOf(w)} rows` : null;
  }
  if (w.right !== 'constant') return 'products of matrices have no bands';
  if (weightsFirst) return 'weights come first only with rows in place';
  if (band < leastBand(w, mr) || band > w.output[0])
    return `band ${band}: mr ${mr} needs ${leastBand(w, mr)} to ${w.output[0]} output rows`;
  return null;
}

/** nr > n only for a single panel, by less than the kernel's column step. */
function illegalColumns({ n }: GemmWorkload, { kernel, nr }: GemmSchedule): string | null {
  const { columns } = kernelOf(kernel);
  return nr > columns && nr - columns >= n ? `nr ${nr} is too wide for ${n} columns` : null;
}

/** Whether a tile fits the registers. */
export function holdsTile(kernel: GemmKernelName, tile: Tile, target: Target): boolean {
  const record = kernelOf(kernel);
  const { registers } = inOrderLoop(record, tile, target.core) ?? record;
  return registers(tile) <= REGISTERS && (record.general?.(tile) ?? 0) <= GENERAL;
}
