import { allocate, type TensorData } from '../../tensor/dtype.ts';
import { elements, type Shape, sameShape, strides } from '../../tensor/shape.ts';
import type { OpKind } from '../attrs.ts';
import { operand } from '../checks.ts';
import type { EvalView } from '../definition.ts';

/**
 * For each element of `out`, the index of the element of a tensor of `shape` that broadcasts to it; null when the
 * shapes are equal and the index is the element's own.
 */
export function broadcastIndices(shape: Shape, out: Shape): Int32Array | null {
  if (sameShape(shape, out)) return null;
  const rank = out.length;
  const own = strides(shape);
  const step = out.map((_, d) => {
    const k = d - (rank - shape.length);
    return k < 0 || shape[k] === 1 ? 0 : own[k];
  });
  const indices = new Int32Array(elements(out));
  const position = new Array<number>(rank).fill(0);
  for (let i = 0, at = 0; i < indices.length; i++) {
    indices[i] = at;
    for (let d = rank - 1; d >= 0; d--) {
      at += step[d];
      if (++position[d] < out[d]) break;
      position[d] = 0;
      at -= step[d] * out[d];
    }
  }
  return indices;
}

/** Of two elements, or of their codes, one. */
export type Combine = (x: number, y: number) => number;

/** The result of a binary operator: `f` of each pair of elements, by numpy's broadcast. int64 elements are bigints. */
export function combine<T extends number | bigint>(op: EvalView<OpKind>, f: (x: T, y: T) => T): TensorData[] {
  const { dtype, shape } = op.outputs[0];
  const data = allocate(dtype, elements(shape));
  const i = broadcastIndices(operand(op, 0).shape, shape);
  const j = broadcastIndices(operand(op, 1).shape, shape);
  const [x, y, out] = [op.data[0], op.data[1], data] as unknown as T[][];
  for (let k = 0; k < data.length; k++) out[k] = f(x[i === null ? k : i[k]], y[j === null ? k : j[k]]);
  return [data];
}
