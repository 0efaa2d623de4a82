import type { OpView } from '../../../../model/ops/definition.ts';
import { type MovementFamily, type MovementKind, planMovement, sliceShape } from '../../../../model/ops/movement.ts';
import { intoWhole } from '../../../../model/ops/shared/strided_copy.ts';
import { strides } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { Emission, EmitContext, Emitter, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';
import { copyLoops, emitPlan } from '../loops/copies.ts';

const move = <K extends MovementKind>(op: OpView<K>, ctx: EmitContext): Emission =>
  emitPlan(known(planMovement(op), op), op, ctx);

/** A slice of known size whose start is known only at run time. */
function sliceAnywhere(op: OpView<'slice'>, ctx: EmitContext): Emission {
  const { shape, dtype } = op.inputs[0]!;
  const size = known(sliceShape(op), op);
  const step = strides(shape);
  const begin = ctx.input(1);
  const offset = step.map((s, d) => `(ptrdiff_t)${begin}[${d}] * ${s}`).join(' + ') || '0';
  const checks = shape.map(
    (n, d) => `if (${begin}[${d}] < 0 || ${begin}[${d}] > ${n - size[d]}) return INT8_GATE_INDEX_OUT_OF_RANGE;\n`,
  );
  const setup = `const ${C_TYPES[dtype]} *from = ${ctx.input(0)} + ${offset};\n`;
  const copies = copyLoops(
    [intoWhole(size, 0, step)],
    C_TYPES[dtype],
    () => 'from',
    () => ctx.output(0),
  );
  return { includes: [], body: checks.join('') + setup + copies, fallible: true };
}

const padWithOperand: Emitter<'nn.pad_v2'> = (op, ctx) =>
  emitPlan(known(planMovement(op), op), op, ctx, `*${ctx.input(2)}`);

export const movementEmitters: EmitterTable<MovementFamily> = {
  slice: (op, ctx) => (op.inputs[1]!.data === null ? sliceAnywhere(op, ctx) : move(op, ctx)),
  split: move,
  split_v: move,
  unstack: move,
  tile: move,
  broadcast_to: move,
  expand_dims: move,
  reverse: move,
  'nn.space_to_batch_nd': move,
  'nn.batch_to_space_nd': move,
  'nn.space_to_depth': move,
  'nn.depth_to_space': move,
  'nn.mirror_pad': move,
  'nn.pad_v2': padWithOperand,
  zeros_like: move,
  matrix_diag: move,
  matrix_set_diag: move,
  densify: move,
};
