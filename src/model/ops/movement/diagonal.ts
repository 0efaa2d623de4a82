import { elements, sameShape, showShape } from '../../tensor/shape.ts';
import { operand } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, type StridedCopy, whole } from '../shared/strided_copy.ts';

/** Rows of `n` elements onto the diagonals of `outer` matrices. */
const onDiagonal = (outer: number, n: number, rows: number, columns: number): StridedCopy => ({
  ...intoWhole([outer, n], 0, [n, 1]),
  dstStrides: [rows * columns, columns + 1],
});

export function planDiagonal(op: OpView<'matrix_diag'>): MovementPlan | string {
  const { shape } = operand(op, 0);
  const n = shape.at(-1);
  if (n === undefined) return 'the input is a scalar';
  return whole([[...shape, n]], [onDiagonal(elements(shape.slice(0, -1)), n, n, n)]);
}

export function planSetDiagonal(op: OpView<'matrix_set_diag'>): MovementPlan | string {
  const { shape } = operand(op, 0);
  const diagonal = operand(op, 1).shape;
  if (shape.length < 2) return `${showShape(shape)} is not a matrix`;
  const [rows, columns] = shape.slice(-2);
  const outer = shape.slice(0, -2);
  const n = Math.min(rows, columns);
  if (!sameShape(diagonal, [...outer, n])) return `a diagonal ${showShape(diagonal)} does not fit ${showShape(shape)}`;
  const onTop = { ...onDiagonal(elements(outer), n, rows, columns), from: 1 };
  return whole([shape], [intoWhole([elements(shape)], 0, [1]), onTop]);
}
