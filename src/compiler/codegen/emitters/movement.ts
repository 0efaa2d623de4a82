import type { OpView } from '../../../model/ops/definition.ts';
import type { OpKind } from '../../../model/ops/kinds.ts';
import type { MovementPlan } from '../../../model/ops/strided_copy.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { elements } from '../../../model/tensor/shape.ts';
import { C_TYPES } from '../c.ts';
import type { Emission, EmitContext } from '../emitter.ts';
import { copyLoops } from './loops.ts';

/** The C of an operator that only moves elements: results filled where copies leave gaps, then the copies. */
export function emitPlan(plan: MovementPlan, op: OpView<OpKind>, ctx: EmitContext): Emission {
  const { dtype } = op.outputs[0];
  const fills = plan.shapes.flatMap((shape, to) => {
    const n = elements(shape);
    const written = plan.copies.filter((copy) => copy.to === to).reduce((sum, copy) => sum + elements(copy.extents), 0);
    if (written >= n) return [];
    return plan.fill === 0 || itemSize(dtype) === 1
      ? [`memset(${ctx.output(to)}, ${plan.fill}, ${n * itemSize(dtype)});\n`]
      : [`for (size_t i = 0; i < ${n}; i++) ${ctx.output(to)}[i] = ${plan.fill};\n`];
  });
  return { includes: [], body: fills.join('') + copyLoops(plan.copies, C_TYPES[dtype], ctx.input, ctx.output) };
}
