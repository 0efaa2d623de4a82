import type { OpView } from '../../../../model/ops/definition.ts';
import {
  planShape,
  rescalesInput,
  type ShapeFamily,
  type ShapeMovingKind,
  shapeOps,
} from '../../../../model/ops/shape.ts';
import type { TensorData } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';
import { copyLoops, emitPlan } from '../loops/copies.ts';
import { tabulate } from '../loops/table.ts';

const move = <K extends ShapeMovingKind>(op: OpView<K>, ctx: EmitContext): Emission =>
  emitPlan(known(planShape(op.kind, op), op), op, ctx);

/** A uint8 concatenation may requantize its inputs, by a table each. */
function concatenate(op: OpView<'concatenate'>, ctx: EmitContext): Emission {
  const [out] = op.outputs;
  const steps = op.inputs.map((tensor, i) => {
    if (rescalesInput(tensor!, out) === null) return { source: ctx.input(i), before: '' };
    const n = elements(tensor!.shape);
    const table = ctx.constant(tabulate({ ...op, inputs: [tensor], attrs: { ...op.attrs, axis: 0 } }, ctx));
    const scaled = ctx.scratch(n);
    return {
      source: `(const uint8_t *)${scaled}`,
      before: `ig_table_8(${ctx.input(i)}, ${scaled}, ${n}, (const uint8_t *)${table});\n`,
    };
  });
  if (steps.every(({ before }) => before === '')) return move(op, ctx);
  const copies = copyLoops(
    known(planShape(op.kind, op), op).copies,
    C_TYPES[out.dtype],
    (from) => steps[from].source,
    () => ctx.output(0),
  );
  return { includes: ['table.h'], body: steps.map(({ before }) => before).join('') + copies };
}

/** Results that depend only on shapes are constants. */
function written([data]: readonly TensorData[], ctx: EmitContext): Emission {
  return { includes: [], body: `memcpy(${ctx.output(0)}, ${ctx.constant(data)}, ${data.byteLength});` };
}

export const shapeEmitters: EmitterTable<ShapeFamily> = {
  reshape: move,
  squeeze: move,
  shape_of: (op, ctx) => written(shapeOps.shape_of.evaluate({ ...op, data: [null], profile: ctx.profile }), ctx),
  rank_of: (op, ctx) => written(shapeOps.rank_of.evaluate({ ...op, data: [null], profile: ctx.profile }), ctx),
  strided_slice: move,
  stack: move,
  concatenate,
  'nn.pad': move,
  transpose: move,
};
