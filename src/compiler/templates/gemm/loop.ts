/** The inner loop in issue order that a schedule takes on in-order cores. */
import type { Emission } from '../../emission/context.ts';
import type { Fields } from '../../emission/description.ts';
import type { Core } from '../../targets/cpus.ts';
import { kSumsLoop } from '../in_order/gemm.ts';
import { floatLoop } from '../in_order/gemm_f32.ts';
import { inOrderLoop } from './cost.ts';
import { kernelOf } from './kernels/index.ts';
import { type GemmSchedule, tileOf } from './schedule.ts';
import type { GemmWorkload } from './workload.ts';

/** The member of a `gemm_i8` or `gemm_f32` that names the loop, and the loop; nothing where a schedule has none. */
export function loopOf(
  { data }: Pick<GemmWorkload, 'data'>,
  s: GemmSchedule,
  core: Core,
): { readonly fields: Fields } & Required<Pick<Emission, 'functions'>> {
  const { kernel, mr, nr, kBlocks, singles = false } = s;
  const sums16 = kBlocks !== undefined && { mr, nr, kBlocks, singles, unsigned: data === 'uint8' };
  const loop = sums16 ? kSumsLoop(sums16) : inOrderLoop(kernelOf(kernel), tileOf(s), core) && floatLoop({ mr, nr });
  return loop === null ? { fields: {}, functions: [] } : { fields: { loop: loop.name }, functions: [loop.text] };
}
