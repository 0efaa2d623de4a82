/** The structures of native/kernels/gemm.h and conv.h that describe a matrix multiplication. */
import type { Emission, EmitContext } from '../../emission/context.ts';
import { type Fields, integers } from '../../emission/description.ts';
import type { Target } from '../../targets/target.ts';
import type { Chosen } from '../template.ts';
import { paddedCopy } from './bands.ts';
import { type GemmKernelName, kernelOf } from './kernels/index.ts';
import type { PanelLayout } from './kernels/kernel.ts';
import { loopOf } from './loop.ts';
import type { PackedWeights } from './pack.ts';
import type { GemmSchedule } from './space.ts';
import { depthOf, type GemmWorkload, itemOf, packedDepth, rowsOf } from './workload.ts';

/** CONV_SPARE of native/kernels/conv.h: bytes behind scratch memory that copies may read and write. */
export const SPARE = 16;

/** Elements between rows of A and of C. */
export interface Pitches {
  readonly lda: number;
  readonly ldc: number;
}

/** m of the description: all rows of A, or those of a band. */
export const rowsAtOnce = (w: GemmWorkload, { band }: GemmSchedule): number =>
  band === 0 ? rowsOf(w) : band * w.output[1];

/** packed_k of a schedule's kernel. */
export const packedDepthOf = (w: GemmWorkload, s: GemmSchedule): number => packedDepth(w, kernelOf(s.kernel).unit);

/** Bytes of an element of packed weights. */
export const WEIGHT_BYTES = { int8: 1, int16: 2, float32: 4 } as const;

const layoutFields = ({ storage, block, alternate, biasWords, pairsTwice = false }: PanelLayout): Fields =>
  integers({
    ...{ 'layout.weight_bytes': WEIGHT_BYTES[storage], 'layout.block': block, 'layout.alternate': alternate },
    ...{ 'layout.bias_words': biasWords, 'layout.pairs_twice': pairsTwice },
  });

/** Includes of the chosen kernels, and `file` of native/kernels instantiated for them. */
export function kernelC(
  chosen: readonly Chosen<GemmWorkload, GemmSchedule>[],
  file: 'conv' | 'hybrid' | 'matmul',
  target: Target,
): Required<Pick<Emission, 'includes' | 'functions'>> {
  const kernels = chosen.map(({ schedule }) => schedule.kernel);
  const loops = chosen.flatMap(({ workload, schedule }) => loopOf(workload, schedule, target).functions);
  const made = kernels.map((name) => madeFor([name], 'conv'));
  return {
    includes: [INCLUDES[file], ...kernels.map((name) => kernelOf(name).header)],
    functions: [...loops, ...made, ...(file === 'conv' ? [] : [madeFor(kernels, file)])],
  };
}

const INCLUDES = { conv: 'conv.h', hybrid: 'hybrid_gemm.h', matmul: 'matmul_gemm.h' } as const;

/** The include of a header that is instantiated per kernel: conv_i8.h and so on. */
function madeFor([name, wide]: readonly GemmKernelName[], file: 'conv' | 'hybrid' | 'matmul'): string {
  const type = kernelOf(name).layout.storage === 'float32' ? 'f32' : 'i8';
  const second = file === 'matmul' && type === 'i8' ? `#define GEMM_WIDE ${wide ?? name}\n` : '';
  return `#define GEMM_KERNEL ${name}\n${second}#include "${file}_${type}.h"`;
}

/** Common members of `gemm_i8` and `gemm_f32`. */
export const tileFields = (w: GemmWorkload, s: GemmSchedule, target: Target, { lda, ldc }: Pitches): Fields => ({
  ...layoutFields(kernelOf(s.kernel).layout),
  ...integers({ m: rowsAtOnce(w, s), n: w.n, k: depthOf(w), packed_k: packedDepthOf(w, s), mr: s.mr, nr: s.nr }),
  ...integers({ weights_first: s.weightsFirst, lda, ldc }),
  ...loopOf(w, s, target).fields,
});

/** Members for packed integer weights. */
export const packedFields = (s: GemmSchedule, packed: PackedWeights, ctx: EmitContext): Fields => ({
  weights: ctx.constant(packed.weights),
  ...integers({ row_factor: packed.rowFactor }),
  ...(packed.kSums && {
    ...integers({ k_blocks: s.kBlocks ?? 1, singles: s.singles ?? false }),
    ...{ order: ctx.constant(packed.kSums.order), counts: ctx.constant(packed.kSums.counts) },
  }),
});

/** Members of a `conv_shape` that depend on the schedule. */
export const bandFields = (w: GemmWorkload, s: GemmSchedule): Fields =>
  integers({
    ...{ item: itemOf(w), band: s.band, band_w: paddedCopy(w, s.band).width },
    row_bytes: packedDepthOf(w, s) * itemOf(w),
  });

/** Bytes of scratch memory for gathered rows: the padded copy of a band (0: none), and mr rows of A. */
export function gatherBytes(w: GemmWorkload, s: GemmSchedule): { readonly copy: number; readonly rows: number } {
  const copy = paddedCopy(w, s.band).elements * itemOf(w);
  return { copy: copy === 0 ? 0 : copy + SPARE, rows: s.mr * packedDepthOf(w, s) * itemOf(w) + SPARE };
}
