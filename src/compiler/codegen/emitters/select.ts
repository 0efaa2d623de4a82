import type { OpView } from '../../../model/ops/definition.ts';
import { choice, type SelectFamily } from '../../../model/ops/select.ts';
import { elements, strides } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emitter.ts';
import { walk } from './broadcast.ts';
import { indexed, nest } from './loops.ts';
import { known } from './movement.ts';

function choose(op: OpView<'select' | 'where'>, ctx: EmitContext): Emission {
  const { condition, out } = choice(op) as { condition: number[]; out: number[] };
  if (elements(out) === 0) return { includes: [], body: '' };
  const { extents, steps } = walk(out, condition, op.inputs[1]!.shape, op.inputs[2]!.shape);
  const [test, x, y] = steps.map((s, i) => `*(${indexed(ctx.input(i), 0, s)})`);
  const to = indexed(ctx.output(0), 0, strides(extents));
  return { includes: [], body: nest(extents, `*(${to}) = ${test} ? ${x} : ${y};`) };
}

export const selectEmitters: EmitterTable<SelectFamily> = {
  select: choose,
  where: choose,
  // How many rows there are is data.
  argwhere: () => known<Emission>(null),
};
