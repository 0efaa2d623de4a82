import { InputError } from '../../../errors.ts';
import { quoteName } from '../../../model/ir/names.ts';
import type { OpKind } from '../../../model/ops/attrs.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { type MovementFamily, type MovementKind, planMovement, sliceShape } from '../../../model/ops/movement.ts';
import { intoWhole, type MovementPlan } from '../../../model/ops/shared/strided_copy.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import { elements, strides } from '../../../model/tensor/shape.ts';
import { C_TYPES } from '../../emission/c.ts';
import {
  type Emission,
  type EmitContext,
  type Emitter,
  type EmitterTable,
  SIZE_REMEDY,
} from '../../emission/context.ts';
import { copyLoops } from './loops.ts';

/** What a build needs to know when it is made: a plan, a shape, an axis. */
export function known<T>(value: T | null, op: OpView<OpKind>): T {
  if (value !== null) return value;
  const [data, ...operands] = op.inputs;
  const computed = operands.filter((t) => t !== null && t.data === null && /^int(32|64)$/.test(t.dtype));
  const names = (computed.length > 0 ? computed : [data]).map((t) => quoteName(t!.name)).join(', ');
  throw new InputError(
    `the size of its result, ${quoteName(op.outputs[0].name)}, depends on data (${names}): ${SIZE_REMEDY}`,
  );
}

/** C that sets all `n` elements of result `to` to `value`. */
export const fillWith = (to: number, n: number, value: string, ctx: EmitContext): string =>
  `for (size_t i = 0; i < ${n}; i++) ${ctx.output(to)}[i] = ${value};\n`;

/** The C of an operator that only moves elements: results filled where copies leave gaps, then the copies. */
export function emitPlan(plan: MovementPlan, op: OpView<OpKind>, ctx: EmitContext, fill?: string): Emission {
  const { dtype } = op.outputs[0];
  const fills = plan.shapes.flatMap((shape, to) => {
    const n = elements(shape);
    const written = plan.copies.filter((copy) => copy.to === to).reduce((sum, copy) => sum + elements(copy.extents), 0);
    if (written >= n) return [];
    if (fill !== undefined) return [fillWith(to, n, fill, ctx)];
    return plan.fill === 0 || itemSize(dtype) === 1
      ? [`memset(${ctx.output(to)}, ${plan.fill}, ${n * itemSize(dtype)});\n`]
      : [fillWith(to, n, String(plan.fill), ctx)];
  });
  return { includes: [], body: fills.join('') + copyLoops(plan.copies, C_TYPES[dtype], ctx.input, ctx.output) };
}

const move = <K extends MovementKind>(op: OpView<K>, ctx: EmitContext): Emission =>
  emitPlan(known(planMovement(op), op), op, ctx);

/** A slice of known size that begins where its operand says when the model runs. */
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
