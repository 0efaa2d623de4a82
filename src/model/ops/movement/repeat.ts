import { showShape, strides } from '../../tensor/shape.ts';
import { integers } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, whole } from '../shared/strided_copy.ts';

export function planTile(op: OpView<'tile'>): MovementPlan | string | null {
  const data = op.inputs[0]!;
  const multiples = integers(op.inputs[1]);
  if (!multiples) return null;
  if (multiples.length !== data.shape.length) return `multiples need ${data.shape.length} entries`;
  if (multiples.some((m) => m < 0)) return 'multiples must not be negative';
  const shape = data.shape.map((n, i) => n * multiples[i]);
  const from = strides(data.shape);
  const to = strides(shape);
  // Each dimension becomes two: which tile (read again: stride 0), and where in the tile.
  return whole(
    [shape],
    [
      {
        ...intoWhole(shape, 0, []),
        extents: data.shape.flatMap((n, i) => [multiples[i], n]),
        srcStrides: from.flatMap((s) => [0, s]),
        dstStrides: data.shape.flatMap((n, i) => [n * to[i], to[i]]),
      },
    ],
  );
}

export function planBroadcast(op: OpView<'broadcast_to'>): MovementPlan | string | null {
  const data = op.inputs[0]!;
  const shape = integers(op.inputs[1]);
  if (!shape) return null;
  const lead = shape.length - data.shape.length;
  if (lead < 0 || shape.some((n) => n < 0)) return `${showShape(data.shape)} cannot become ${showShape(shape)}`;
  const from = strides(data.shape);
  const steps: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    const n = i < lead ? 1 : data.shape[i - lead];
    if (n !== 1 && n !== shape[i]) return `${showShape(data.shape)} cannot become ${showShape(shape)}`;
    steps.push(n === 1 ? 0 : from[i - lead]);
  }
  return whole([shape], [intoWhole(shape, 0, steps)]);
}
