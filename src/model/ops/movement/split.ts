import { type Shape, showShape, strides } from '../../tensor/shape.ts';
import { operand, resolveAxis } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, type StridedCopy, whole } from '../shared/strided_copy.ts';

/** Parts along one axis: of equal sizes, or of the given ones, of which one may be −1. */
export function planSplit(
  op: OpView<'split' | 'split_v'>,
  from: number,
  [at, ...others]: readonly number[],
  asked: readonly number[] | null,
): MovementPlan | string {
  const { shape } = operand(op, from);
  const axis = at === undefined || others.length > 0 ? null : resolveAxis(at, shape.length);
  if (axis === null) return `axis ${at} is outside ${showShape(shape)}`;
  const extent = shape[axis];
  const count = op.outputs.length;
  if (op.attrs.parts !== count) return `${op.attrs.parts} parts for ${count} results`;
  if (asked === null && extent % count !== 0) return `${extent} does not split into ${count} equal parts`;
  const given = asked ?? new Array<number>(count).fill(extent / count);
  if (given.length !== count) return `${given.length} sizes for ${count} results`;
  if (given.filter((n) => n === -1).length > 1) return 'more than one size is -1';
  const known = given.reduce((sum, n) => sum + (n === -1 ? 0 : n), 0);
  const sizes = given.map((n) => (n === -1 ? extent - known : n));
  if (sizes.some((n) => n < 0) || sizes.reduce((a, b) => a + b, 0) !== extent)
    return `sizes ${showShape(given)} do not add up to ${extent}`;
  const step = strides(shape);
  const shapes: Shape[] = [];
  let done = 0;
  const copies = sizes.map((n, to): StridedCopy => {
    const part = shape.with(axis, n);
    shapes.push(part);
    const copy = { ...intoWhole(part, done * step[axis], step), from, to };
    done += n;
    return copy;
  });
  return whole(shapes, copies);
}

/** One result for each slice along an axis. */
export function planUnstack(op: OpView<'unstack'>): MovementPlan | string {
  const data = op.inputs[0]!;
  const axis = resolveAxis(op.attrs.axis, data.shape.length);
  if (axis === null) return `axis ${op.attrs.axis} is outside ${showShape(data.shape)}`;
  if (op.attrs.parts !== op.outputs.length || data.shape[axis] !== op.outputs.length)
    return `dimension ${axis} has ${data.shape[axis]} slices for ${op.outputs.length} results`;
  const step = strides(data.shape);
  const shape = data.shape.toSpliced(axis, 1);
  const steps = step.toSpliced(axis, 1);
  return whole(
    op.outputs.map(() => shape),
    op.outputs.map((_, to) => ({ ...intoWhole(shape, to * step[axis], steps), to })),
  );
}
