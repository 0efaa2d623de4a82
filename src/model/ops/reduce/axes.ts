import { elements, type Shape, strides } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { integers, isIndexVector, operand, type Problem, resolveAxis } from '../checks.ts';
import type { OpView } from '../definition.ts';

interface ReduceAttrs {
  readonly keepDims: boolean;
}
/** Reductions along axes. data, axes (constant int32). */
export interface ReduceFamily {
  mean: ReduceAttrs;
  sum: ReduceAttrs;
  prod: ReduceAttrs;
  max: ReduceAttrs;
  min: ReduceAttrs;
  any: ReduceAttrs;
  all: ReduceAttrs;
}
export type ReduceKind = keyof ReduceFamily;
declare module '../attrs.ts' {
  interface OpAttrs extends ReduceFamily {}
}

/** Which dimensions are reduced, or null while the axes are unknown. Duplicates count once. */
export function reducedMask(data: Tensor, axisOperand: Tensor): boolean[] | null {
  const axes = integers(axisOperand);
  const rank = data.shape.length;
  return axes && data.shape.map((_, d) => axes.some((a) => resolveAxis(a, rank) === d));
}

export const keptShape = (shape: Shape, mask: readonly boolean[]): number[] => shape.map((d, i) => (mask[i] ? 1 : d));

/** Elements of the operand for each one of the result. */
export const reducedCount = (shape: Shape, mask: readonly boolean[]): number =>
  elements(shape.filter((_, d) => mask[d]));

/** For each element of `shape`, in order, the index of the element of the result that it goes into. */
export function* reduceTargets(shape: Shape, mask: readonly boolean[]): Generator<number> {
  const step = strides(keptShape(shape, mask)).map((s, d) => (mask[d] ? 0 : s));
  const position = new Array<number>(shape.length).fill(0);
  const total = elements(shape);
  for (let i = 0, at = 0; i < total; i++) {
    yield at;
    for (let d = shape.length - 1; d >= 0; d--) {
      at += step[d];
      if (++position[d] < shape[d]) break;
      position[d] = 0;
      at -= step[d] * shape[d];
    }
  }
}

/** What is wrong with the axes of a reduction. */
export function axesProblems(op: OpView<ReduceKind>): Problem[] {
  const rank = operand(op, 0).shape.length;
  return [
    ...isIndexVector(operand(op, 1), 'the axes'),
    ...(integers(op.inputs[1]) ?? []).map(
      (a) => rank > 0 && resolveAxis(a, rank) === null && `axis ${a} of ${rank} dimensions`,
    ),
  ];
}

/** The shape of the result; null while the axes are unknown. */
export function reducedShape(op: OpView<ReduceKind>): Shape | null {
  const mask = reducedMask(operand(op, 0), operand(op, 1));
  const { shape } = operand(op, 0);
  if (mask === null) return null;
  return op.attrs.keepDims ? keptShape(shape, mask) : shape.filter((_, d) => !mask[d]);
}
