/** What operators with indices as data share. */
import type { DType, TensorData } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { OpKind } from '../attrs.ts';
import { operand, type Problem, sameDtype } from '../checks.ts';
import type { OpView } from '../definition.ts';

/** What an index may be. */
export const INDEX: readonly DType[] = ['int32', 'int64'];

/** The first known index that `extent` does not hold. `limit` is the extent of the index at a position. */
export function outside(indices: TensorData | null, limit: (position: number) => number): Problem {
  if (indices === null) return null;
  for (let i = 0; i < indices.length; i++) {
    const index = Number(indices[i]);
    if (!(index >= 0 && index < limit(i))) return `index ${index} is outside of 0 … ${limit(i) - 1}`;
  }
  return null;
}

/** Copies `n` elements; both arrays have the same type. */
export function move(from: TensorData, src: number, to: TensorData, dst: number, n: number): void {
  (to as Uint8Array).set((from as Uint8Array).subarray(src, src + n), dst);
}

/** Operand `i` has the type of the result; its codes are copied whatever the scales are. */
export const moved = (op: OpView<OpKind>, i = 0): Problem =>
  sameDtype(operand(op, i), `input ${i}`, op.outputs[0], 'the output');

/** Tuples of `depth` indices into row-major `shape`, whose element is `inner` numbers wide. */
export interface TupleLoops {
  readonly count: number;
  readonly depth: number;
  readonly extents: Shape;
  readonly steps: readonly number[];
  readonly inner: number;
}
