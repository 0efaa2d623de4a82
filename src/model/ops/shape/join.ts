/** Tensors side by side along one axis, an existing one or a new one. */
import { strides } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { resolveAxis } from '../checks.ts';
import { type MovementPlan, type StridedCopy, whole } from '../shared/strided_copy.ts';

export function planConcatenate(inputs: readonly Tensor[], axis: number): MovementPlan | string {
  const first = inputs[0].shape;
  const at = resolveAxis(axis, first.length);
  if (at === null) return `axis ${axis} of ${first.length} dimensions`;
  const odd = inputs.find((t) => t.shape.length !== first.length || t.shape.some((d, k) => k !== at && d !== first[k]));
  if (odd) return `[${first}] and [${odd.shape}] do not join along dimension ${at}`;
  const shape = first.with(
    at,
    inputs.reduce((sum, t) => sum + t.shape[at], 0),
  );
  const dst = strides(shape);
  let done = 0;
  const copies = inputs.map((t, from): StridedCopy => {
    const dstOffset = done * dst[at];
    done += t.shape[at];
    return { from, to: 0, extents: t.shape, srcOffset: 0, srcStrides: strides(t.shape), dstOffset, dstStrides: dst };
  });
  return whole([shape], copies);
}

export function planStack(inputs: readonly Tensor[], axis: number): MovementPlan | string {
  const { shape } = inputs[0];
  const at = resolveAxis(axis, shape.length + 1);
  if (at === null) return `axis ${axis} of ${shape.length + 1} dimensions`;
  const slices = inputs.map((t) => ({ ...t, shape: t.shape.toSpliced(at, 0, 1) }));
  return planConcatenate(slices, at);
}
