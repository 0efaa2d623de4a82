import type { OpKind } from '../../../../model/ops/attrs.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { rulesOf } from '../../../../model/ops/index.ts';
import { fromBytes, type TensorData } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import type { Emission, EmitContext } from '../../../emission/context.ts';

/** Whether a unary operator can be a table of 256 results. */
export const fitsTable = (op: OpView<OpKind>): boolean =>
  [op.inputs[0]!, op.outputs[0]].every(({ dtype }) => dtype === 'int8' || dtype === 'uint8');

/** The results of a unary operator for every bit pattern of its operand, by the operator's semantics. */
export function tabulate(op: OpView<OpKind>, ctx: EmitContext): TensorData {
  const operand = op.inputs[0]!;
  const shape = [256];
  const values = fromBytes(
    operand.dtype,
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  const [results] = rulesOf(op.kind).evaluate({
    ...op,
    inputs: [{ ...operand, shape }, ...op.inputs.slice(1)],
    outputs: [{ ...op.outputs[0], shape }],
    data: [values, ...op.inputs.slice(1).map((tensor) => tensor?.data ?? null)],
    profile: ctx.profile,
  });
  return results;
}

/** The C of a node as a table look-up per element. */
export function emitTable(op: OpView<OpKind>, ctx: EmitContext): Emission {
  const table = ctx.constant(tabulate(op, ctx));
  const n = elements(op.outputs[0].shape);
  const cast = (pointer: string): string => `(const uint8_t *)${pointer}`;
  const call = `ig_table_8(${cast(ctx.input(0))}, (uint8_t *)${ctx.output(0)}, ${n}, ${cast(table)});`;
  return { includes: ['table.h'], body: call, inPlace: [{ operand: 0, lead: 0 }] };
}
