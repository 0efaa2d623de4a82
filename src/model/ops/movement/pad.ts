import { elements, strides } from '../../tensor/shape.ts';
import { integers, operand } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { intoWhole, type MovementPlan, whole } from '../shared/strided_copy.ts';

export function planPadV2(op: OpView<'nn.pad_v2'>): MovementPlan | string | null {
  const { shape } = operand(op, 0);
  const edge = integers(op.inputs[1]);
  if (!edge) return null;
  if (edge.length !== 2 * shape.length) return `${edge.length} paddings for ${shape.length} dimensions`;
  if (edge.some((e) => e < 0)) return 'a padding is negative';
  if (elements(operand(op, 2).shape) !== 1) return 'the value to pad with is not single';
  const result = shape.map((n, i) => edge[2 * i] + n + edge[2 * i + 1]);
  const step = strides(result);
  const dstOffset = step.reduce((sum, s, i) => sum + s * edge[2 * i], 0);
  const copy = { ...intoWhole(result, 0, strides(shape)), extents: shape, dstOffset };
  return whole([result], [copy]);
}
