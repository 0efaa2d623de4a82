import type { Tensor } from '../../../model/ir/graph.ts';
import type { OpDefinition, OpView } from '../../../model/ops/definition.ts';
import { ops } from '../../../model/ops/index.ts';
import type { OpKind } from '../../../model/ops/kinds.ts';
import { fromBytes, type TensorData } from '../../../model/tensor/dtype.ts';
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext } from '../emitter.ts';

/** Whether a unary operator's results can be listed: one for each bit pattern of its operand. */
export const fitsTable = (op: OpView<OpKind>): boolean =>
  /^(u?int(8|16))$/.test(op.inputs[0]!.dtype) && width(op.inputs[0]!) === width(op.outputs[0]);

const width = (tensor: Tensor): number => Number(/\d+/.exec(tensor.dtype)?.[0]);

/** The results of a unary operator for every bit pattern of its operand, by the operator's own semantics. */
export function tabulate(op: OpView<OpKind>, ctx: EmitContext): TensorData {
  const operand = op.inputs[0]!;
  const shape = [2 ** width(operand)];
  const bits = width(operand) === 8 ? Uint8Array.from({ length: shape[0] }, (_, i) => i) : allPatterns16();
  const values = fromBytes(operand.dtype, new Uint8Array(bits.buffer));
  const definition = ops[op.kind] as OpDefinition<OpKind>;
  const [results] = definition.evaluate({
    ...op,
    inputs: [{ ...operand, shape }, ...op.inputs.slice(1)],
    outputs: [{ ...op.outputs[0], shape }],
    data: [values, ...op.inputs.slice(1).map((tensor) => tensor?.data ?? null)],
    profile: ctx.profile,
  });
  return results;
}

const allPatterns16 = (): Uint16Array => Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The node as one look-up an element. */
export function emitTable(op: OpView<OpKind>, ctx: EmitContext): Emission {
  const bits = width(op.inputs[0]!);
  const table = ctx.constant(tabulate(op, ctx));
  const cast = (pointer: string, constant = 'const ') => `(${constant}uint${bits}_t *)${pointer}`;
  const args = [cast(ctx.input(0)), cast(ctx.output(0), ''), elements(op.outputs[0].shape), cast(table)];
  return { includes: ['table.h'], body: `ig_table_${bits}(${args.join(', ')});` };
}
