import { operand } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { choice, type SelectFamily } from '../../../../model/ops/select.ts';
import { elements, strides } from '../../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { walk } from '../loops/broadcast.ts';
import { indexed, nest } from '../loops/nest.ts';

function choose(op: OpView<'select' | 'where'>, ctx: EmitContext): Emission {
  const { condition, out } = choice(op) as { condition: number[]; out: number[] };
  if (elements(out) === 0) return { includes: [], body: '' };
  const { extents, steps } = walk(out, condition, op.inputs[1]!.shape, op.inputs[2]!.shape);
  const [test, x, y] = steps.map((s, i) => `*(${indexed(ctx.input(i), 0, s)})`);
  const to = indexed(ctx.output(0), 0, strides(extents));
  return { includes: [], body: nest(extents, `*(${to}) = ${test} ? ${x} : ${y};`) };
}

/** One row of indices per nonzero element; their number is data. */
function argwhere(op: OpView<'argwhere'>, ctx: EmitContext): Emission {
  const { shape } = operand(op, 0);
  const steps = strides(shape);
  const row = shape.map((n, d) => `    to[${d}] = i / ${steps[d]} % ${n};\n`);
  const body = `int64_t *to = ${ctx.output(0)};
int32_t *rows = ${ctx.extent(0)};
*rows = 0;
for (int64_t i = 0; i < ${elements(shape)}; i++)
  if (${ctx.input(0)}[i] != 0) {
${row.join('')}    to += ${shape.length};
    ++*rows;
  }
`;
  return { includes: [], body };
}

export const selectEmitters: EmitterTable<SelectFamily> = {
  select: choose,
  where: choose,
  argwhere,
};
