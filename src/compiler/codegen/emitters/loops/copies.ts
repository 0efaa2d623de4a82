import type { OpKind } from '../../../../model/ops/attrs.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { type MovementPlan, type StridedCopy, simplify } from '../../../../model/ops/shared/strided_copy.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { Emission, EmitContext } from '../../../emission/context.ts';
import { indexed, nest } from './nest.ts';

/**
 * The C of strided copies. `element`: a C type of the element's size; operands and results: pointer expressions to it.
 */
export function copyLoops(
  copies: readonly StridedCopy[],
  element: string,
  source: (from: number) => string,
  result: (to: number) => string,
): string {
  return copies
    .filter((copy) => copy.extents.every((n) => n > 0))
    .map((copy) => {
      const { extents, srcStrides, dstStrides, srcOffset, dstOffset, from, to } = simplify(copy);
      const inner = extents.length - 1;
      const contiguous = srcStrides[inner] === 1 && dstStrides[inner] === 1;
      const depth = contiguous ? inner : inner + 1;
      const src = indexed(source(from), srcOffset, srcStrides.slice(0, depth));
      const dst = indexed(result(to), dstOffset, dstStrides.slice(0, depth));
      if (!contiguous) return nest(extents, `*(${dst}) = *(${src});`);
      return nest(extents.slice(0, inner), `memcpy(${dst}, ${src}, ${extents[inner]} * sizeof(${element}));`);
    })
    .join('');
}

/** C that sets all `n` elements of result `to` to `value`. */
export const fillWith = (to: number, n: number, value: string, ctx: EmitContext): string =>
  `for (size_t i = 0; i < ${n}; i++) ${ctx.output(to)}[i] = ${value};\n`;

/** The C of an operator that only moves elements: fills the gaps between copies, then copies. */
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
