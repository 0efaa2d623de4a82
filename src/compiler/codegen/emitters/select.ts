import type { OpView } from '../../../model/ops/definition.ts';
import { choice, type SelectFamily } from '../../../model/ops/select.ts';
import { elements, type Shape, strides } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emitter.ts';
import { indexed, nest } from './loops.ts';
import { known } from './movement.ts';

/** The fewest loops that walk operands that broadcast to `out`; at least one. A step of 0 stays where it is. */
function walk(out: Shape, operands: readonly Shape[]): { extents: number[]; steps: number[][] } {
  const full = operands.map((shape) => {
    const own = strides(shape);
    const lead = out.length - shape.length;
    return out.map((_, k) => (k < lead || shape[k - lead] === 1 ? 0 : own[k - lead]));
  });
  const extents: number[] = [];
  const steps: number[][] = operands.map(() => []);
  out.forEach((n, k) => {
    if (n === 1) return;
    const last = extents.length - 1;
    if (last >= 0 && steps.every((s, i) => s[last] === n * full[i][k])) {
      extents[last] *= n;
      for (const [i, s] of steps.entries()) s[last] = full[i][k];
    } else {
      extents.push(n);
      for (const [i, s] of steps.entries()) s.push(full[i][k]);
    }
  });
  return extents.length > 0 ? { extents, steps } : { extents: [1], steps: operands.map(() => [0]) };
}

function choose(op: OpView<'select' | 'where'>, ctx: EmitContext): Emission {
  const { condition, out } = choice(op) as { condition: number[]; out: number[] };
  if (elements(out) === 0) return { includes: [], body: '' };
  const { extents, steps } = walk(out, [condition, op.inputs[1]!.shape, op.inputs[2]!.shape]);
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
