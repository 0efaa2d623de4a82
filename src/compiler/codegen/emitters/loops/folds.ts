import type { OpView } from '../../../../model/ops/definition.ts';
import { type ReduceKind, reducedMask } from '../../../../model/ops/reduce/axes.ts';
import type { DType } from '../../../../model/tensor/dtype.ts';
import { type Shape, strides } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import { known } from '../known.ts';
import { indexed, nest } from './nest.ts';

/** Which dimensions are reduced. */
export const maskOf = (op: OpView<ReduceKind>): boolean[] => known(reducedMask(op.inputs[0]!, op.inputs[1]!), op);

/** Runs of neighbouring dimensions that are all reduced or all kept, outermost first; at least one. */
export function reduceRuns(shape: Shape, mask: readonly boolean[]): { extents: number[]; reduced: boolean[] } {
  const extents: number[] = [];
  const reduced: boolean[] = [];
  shape.forEach((n, d) => {
    if (n === 1) return;
    if (extents.length > 0 && reduced.at(-1) === mask[d]) extents[extents.length - 1] *= n;
    else {
      extents.push(n);
      reduced.push(mask[d]);
    }
  });
  return extents.length > 0 ? { extents, reduced } : { extents: [1], reduced: [false] };
}

/** C that folds rows of `from` into `to` with the kernels `NAME_along_TYPE` and `NAME_across_TYPE`. */
export function foldLoops(
  shape: Shape,
  mask: readonly boolean[],
  name: string,
  dtype: DType,
  from: string,
  to: string,
): string {
  const { extents, reduced } = reduceRuns(shape, mask);
  const inner = extents.length - 1;
  const steps = strides(extents.map((n, k) => (reduced[k] ? 1 : n))).map((step, k) => (reduced[k] ? 0 : step));
  const row = indexed(from, 0, strides(extents).slice(0, inner));
  const result = indexed(to, 0, steps.slice(0, inner));
  const kernel = `${name}_${reduced[inner] ? 'along' : 'across'}_${SUFFIX[dtype]}`;
  return nest(extents.slice(0, inner), `${kernel}(${result}, ${row}, ${extents[inner]});`);
}
