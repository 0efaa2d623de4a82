/** The inner loop in issue order that a schedule takes on in-order cores. */
import type { Emission } from '../../emission/context.ts';
import type { Fields } from '../../emission/description.ts';
import { coreOf } from '../../targets/cores.ts';
import type { Target } from '../../targets/target.ts';
import { chainLoop } from '../in_order/gemm.ts';
import { floatLoop } from '../in_order/gemm_f32.ts';
import { type GemmSchedule, inOrderLoop } from './schedule.ts';

/** The member of a `gemm_i8` or `gemm_f32` that names the loop, and the loop; nothing where a schedule has none. */
export function loopOf(
  { kernel, mr, nr, chain, singles = false }: GemmSchedule,
  unsigned: boolean,
  target: Target,
): { readonly fields: Fields } & Required<Pick<Emission, 'functions'>> {
  const loop =
    chain !== undefined
      ? chainLoop({ mr, nr, chain, singles, unsigned })
      : inOrderLoop(kernel, mr, nr, coreOf(target)) && floatLoop({ mr, nr });
  return loop === null ? { fields: {}, functions: [] } : { fields: { loop: loop.name }, functions: [loop.text] };
}
