/** Schedules of the matrix multiplication template. */
import { z } from 'zod';
import { GEMM_KERNEL_NAMES, type GemmKernelName } from './kernels/index.ts';
import type { KBlocks, Tile } from './kernels/kernel.ts';

/** A value for every knob. */
export interface GemmSchedule {
  readonly kernel: GemmKernelName;
  /** Rows and columns of the register tile. */
  readonly mr: number;
  readonly nr: number;
  /** Of kernels with `sums16`, else absent: K-blocks whose products are summed in 16 bits. */
  readonly kBlocks?: KBlocks;
  /** Likewise: K-blocks that fit beside no other are summed alone, by a loop of their own. */
  readonly singles?: boolean;
  /** Loop order: a panel of weights outside and tiles of rows inside; else tiles of rows outside. */
  readonly weightsFirst: boolean;
  /** Output rows whose rows of A are gathered from one padded copy of the input; 0: rows of A are read in place. */
  readonly band: number;
}

/** A schedule as records write it. */
export const gemmKnobs: z.ZodType<GemmSchedule> = z.strictObject({
  kernel: z.enum(GEMM_KERNEL_NAMES),
  mr: z.int(),
  nr: z.int(),
  kBlocks: z.literal([1, 2, 4]).optional(),
  singles: z.boolean().optional(),
  weightsFirst: z.boolean(),
  band: z.int(),
});

/** The register tile of a schedule. */
export const tileOf = ({ mr, nr, kBlocks = 1 }: GemmSchedule): Tile => ({ mr, nr, kBlocks });
