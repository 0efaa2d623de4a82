import { InputError } from '../../../errors.ts';
import { operand } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { bilinearTables, nearestTables, type ResizeFamily } from '../../../model/ops/resize.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { elements } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emitter.ts';
import { cStruct } from './struct.ts';

const SUFFIX: Readonly<Record<string, string>> = { int8: 's8', uint8: 'u8', int16: 's16', float32: 'f32' };

/** `call`: the kernel's name and what it takes after the description and before the tables. */
function emit(
  op: OpView<keyof ResizeFamily>,
  ctx: EmitContext,
  call: string,
  tables: () => readonly Parameters<EmitContext['constant']>[0][],
): Emission {
  if (op.inputs[1]!.data === null) throw new InputError('the size is computed while running; a build needs a constant');
  if (elements(op.outputs[0].shape) === 0) return { includes: [], body: '' };
  const [batches, in_h, in_w, channels] = operand(op, 0).shape;
  const [, out_h, out_w] = op.outputs[0].shape;
  const size = cStruct('ig_resize', 's', { batches, in_h, in_w, channels, out_h, out_w });
  const arguments_ = tables().map((table) => ctx.constant(table));
  return {
    includes: ['resize.h'],
    body: `${size}${call.replace('(', `(${ctx.input(0)}, ${ctx.output(0)}, &s, `)}${arguments_.join(', ')});\n`,
  };
}

export const resizeEmitters: EmitterTable<ResizeFamily> = {
  'image.resize_bilinear': (op, ctx) =>
    emit(op, ctx, `ig_bilinear_${SUFFIX[op.outputs[0].dtype]}(`, () =>
      bilinearTables(op).flatMap((axis) => [axis.low, axis.high, axis.fraction]),
    ),
  'image.resize_nearest': (op, ctx) => {
    const { shape, dtype } = op.outputs[0];
    return emit(op, ctx, `ig_nearest(${shape[3] * itemSize(dtype)}, `, () => nearestTables(op));
  },
};
