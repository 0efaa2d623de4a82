/** The scheduled inner loop of a schedule on in-order cores. */
import type { Emission } from '../../emission/context.ts';
import type { Fields } from '../../emission/description.ts';
import type { Target } from '../../targets/target.ts';
import { kSumsLoop } from '../in_order/gemm.ts';
import { floatLoop } from '../in_order/gemm_f32.ts';
import { kernelOf } from './kernels/index.ts';
import { inOrderLoop } from './kernels/kernel.ts';
import { type GemmSchedule, tileOf } from './space.ts';
import type { GemmKey } from './workload.ts';

/** The loop, and the member of `gemm_i8` or `gemm_f32` that points to it; empty if the schedule has none. */
export function loopOf(
  { data }: GemmKey,
  s: GemmSchedule,
  { core }: Target,
): { readonly fields: Fields } & Required<Pick<Emission, 'functions'>> {
  const { mr, nr, kBlocks, singles = false } = s;
  const loop =
    kBlocks !== undefined
      ? kSumsLoop({ mr, nr, kBlocks, singles, unsigned: data === 'uint8' })
      : inOrderLoop(kernelOf(s.kernel), tileOf(s), core) && floatLoop({ mr, nr });
  return loop === null ? { fields: {}, functions: [] } : { fields: { loop: loop.name }, functions: [loop.text] };
}
