import type { OpView } from '../../../../model/ops/definition.ts';
import { alongAxis, type OrderingFamily, topkCount } from '../../../../model/ops/ordering.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';

function argument(op: OpView<'argmax' | 'argmin'>, ctx: EmitContext): Emission {
  const { outer, extent, inner } = known(alongAxis(op), op);
  const name = `ig_${op.kind}_${SUFFIX[op.inputs[0]!.dtype]}_${SUFFIX[op.outputs[0].dtype]}`;
  const body = `${name}(${ctx.input(0)}, ${ctx.output(0)}, ${outer}, ${extent}, ${inner});`;
  return { includes: ['ordering.h'], body };
}

export const orderingEmitters: EmitterTable<OrderingFamily> = {
  argmax: argument,
  argmin: argument,
  topk: (op, ctx) => {
    const { shape, dtype } = op.inputs[0]!;
    const k = known(topkCount(op), op);
    const rows = elements(shape.slice(0, -1));
    const args = [ctx.input(0), ctx.output(0), ctx.output(1), rows, shape.at(-1)!, k];
    const name = `ig_topk_${SUFFIX[dtype]}_${SUFFIX[op.outputs[1].dtype]}`;
    return { includes: ['ordering.h'], body: `${name}(${args.join(', ')});` };
  },
  cumsum: (op, ctx) => {
    const { outer, extent, inner } = known(alongAxis(op), op);
    const flags = [op.attrs.exclusive, op.attrs.reverse].map(Number);
    const args = [ctx.input(0), ctx.output(0), outer, extent, inner, ...flags];
    return { includes: ['ordering.h'], body: `ig_cumsum_${SUFFIX[op.inputs[0]!.dtype]}(${args.join(', ')});` };
  },
};
