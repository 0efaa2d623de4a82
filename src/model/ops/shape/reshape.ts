/** Operators that give the same elements another shape. */
import { elements, type Shape, showShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { integers, operand, resolveAxis } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, whole } from '../shared/strided_copy.ts';

/** `shape` with its one −1 worked out, or why it does not hold `count` elements. */
function fillIn(shape: readonly number[], count: number): number[] | string {
  const stretch = shape.indexOf(-1);
  if (shape.some((d, i) => (d < 0 && d !== -1) || (d === -1 && i !== stretch)))
    return `the new shape is ${showShape(shape)}`;
  const known = elements(shape.filter((d) => d !== -1));
  const rest = known === 0 ? 0 : count / known;
  const filled = shape.map((d) => (d === -1 ? rest : d));
  return elements(filled) === count && filled.every(Number.isInteger)
    ? filled
    : `${count} elements do not fit the new shape ${showShape(shape)}`;
}

/** Whether TFLite reads the new shape off this operand: 64-bit vectors it does not, where the options have a shape. */
const isNewShape = (t: Tensor | null | undefined, option: readonly number[] | null): t is Tensor =>
  t?.shape.length === 1 && (t.dtype === 'int32' || (t.dtype === 'int64' && option === null));

/**
 * The shape asked for; null while it is unknown. In the options none at all is a scalar's, and so is [0], as early
 * converters wrote it. Source: GetOutputShape (reshape.cc).
 */
function newShapeOf({ inputs: [, operand], attrs: { newShape } }: OpView<'reshape'>): readonly number[] | null {
  if (isNewShape(operand, newShape)) return integers(operand);
  return newShape?.length === 1 && newShape[0] === 0 ? [] : (newShape ?? []);
}

const flatCopy = (from: Shape, to: Shape): MovementPlan => whole([to], [intoWhole([elements(from)], 0, [1])]);

export function planReshape(op: OpView<'reshape'>): MovementPlan | string | null {
  const { shape } = operand(op, 0);
  const asked = newShapeOf(op);
  const filled = asked && fillIn(asked, elements(shape));
  if (filled === null) return null;
  return typeof filled === 'string' ? filled : flatCopy(shape, filled);
}

export function planSqueeze(op: OpView<'squeeze'>): MovementPlan | string {
  const { shape } = operand(op, 0);
  const axes = op.attrs.axes.map((a) => resolveAxis(a, shape.length));
  const bad = op.attrs.axes.find((_, i) => axes[i] === null || shape[axes[i]!] !== 1);
  if (bad !== undefined) return `dimension ${bad} of ${showShape(shape)} cannot be dropped`;
  const dropped = (d: number) => (axes.length === 0 ? shape[d] === 1 : axes.includes(d));
  return flatCopy(
    shape,
    shape.filter((_, d) => !dropped(d)),
  );
}
