import { strides } from '../../tensor/shape.ts';
import { integers, operand } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, type StridedCopy, whole } from '../shared/strided_copy.ts';

/** The copies of a mirrored padding; words when there are none; null while the paddings are unknown. */
export function planMirrorPad(op: OpView<'nn.mirror_pad'>): MovementPlan | string | null {
  const data = operand(op, 0);
  const edge = integers(op.inputs[1]);
  if (!edge) return null;
  if (edge.length !== 2 * data.shape.length) return `${edge.length} paddings for ${data.shape.length} dimensions`;
  const keep = op.attrs.mode === 'REFLECT' ? 1 : 0;
  const wrong = data.shape.findIndex((n, i) =>
    [edge[2 * i], edge[2 * i + 1]].some((e) => e < 0 || e > Math.max(0, n - keep)),
  );
  if (wrong >= 0) return `dimension ${wrong} is too small for its mirrored padding`;
  const shape = data.shape.map((n, i) => n + edge[2 * i] + edge[2 * i + 1]);
  const from = strides(data.shape);
  const to = strides(shape);
  // Along each dimension three runs: the mirrored front, the data itself, the mirrored back.
  const runs = data.shape.map((n, i) => [
    { n: edge[2 * i], src: edge[2 * i] - 1 + keep, step: -1, dst: 0 },
    { n, src: 0, step: 1, dst: edge[2 * i] },
    { n: edge[2 * i + 1], src: n - 1 - keep, step: -1, dst: edge[2 * i] + n },
  ]);
  let copies: StridedCopy[] = [intoWhole([], 0, [])];
  for (let i = 0; i < runs.length; i++)
    copies = copies.flatMap((c) =>
      runs[i]
        .filter((r) => r.n > 0)
        .map((r) => ({
          ...c,
          extents: [...c.extents, r.n],
          srcOffset: c.srcOffset + r.src * from[i],
          srcStrides: [...c.srcStrides, r.step * from[i]],
          dstOffset: c.dstOffset + r.dst * to[i],
          dstStrides: [...c.dstStrides, to[i]],
        })),
    );
  return whole([shape], copies);
}
