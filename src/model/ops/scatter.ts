import { allocate, type DType, type TensorData } from '../tensor/dtype.ts';
import { elements, sameShape, showShape, strides } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, integers, operand, rankIs, sameDtype } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { outside, type TupleLoops } from './shared/indices.ts';

export interface ScatterFamily {
  /**
   * indices [..., k], updates, shape: zeros of that shape to which each update is added where its index says, so that
   * updates of one place add up. TFLite SCATTER_ND.
   */
  scatter_nd: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends ScatterFamily {}
}
type Kind = 'scatter_nd';

const SCATTERED: readonly DType[] = ['float32', 'int8', 'uint8', 'int32', 'int64'];

/** The tuples of indices; null while the shape of the result is unknown. */
export function scatterLoops(op: OpView<Kind>): TupleLoops | null {
  const shape = integers(op.inputs[2]);
  if (shape === null) return null;
  const indices = operand(op, 0).shape;
  const depth = indices.at(-1)!;
  return {
    count: elements(indices.slice(0, -1)),
    depth,
    extents: shape.slice(0, depth),
    steps: strides(shape).slice(0, depth),
    inner: elements(shape.slice(depth)),
  };
}

/** Source: ScatterNd (reference_ops.h). */
function evaluate(op: EvalView<Kind>): TensorData[] {
  const shape = { ...operand(op, 2), data: op.data[2] };
  const { count, depth, steps, inner } = scatterLoops({ ...op, inputs: op.inputs.with(2, shape) })!;
  const out = allocate(op.outputs[0].dtype, elements(integers(shape)!)) as Int32Array;
  const [indices, updates] = op.data as Int32Array[];
  for (let i = 0; i < count; i++) {
    const at = steps.reduce((sum, step, d) => sum + indices[i * depth + d] * step, 0);
    // Storing rounds floats and wraps integers.
    for (let k = 0; k < inner; k++) out[at + k] += updates[i * inner + k];
  }
  return [out];
}

export const scatterOps: OpTable<ScatterFamily> = {
  scatter_nd: defineOp({
    arity: { inputs: [3, 3], outputs: [1, 1] },
    check: (op) => {
      const [indices, updates, size] = [operand(op, 0), operand(op, 1), operand(op, 2)];
      const shape = integers(size);
      return firstProblems(
        () => [
          dtypeIs(indices, 'the indices', 'int32'),
          dtypeIs(size, 'the shape', 'int32'),
          rankIs(size, 'the shape', 1),
          dtypeIs(updates, 'the updates', ...SCATTERED),
          sameDtype(updates, 'the updates', op.outputs[0], 'the output'),
          indices.shape.length === 0 && 'the indices are a scalar',
          updates.shape.length === 0 && 'the updates are a scalar',
          shape?.some((d) => d < 0) && `the shape is ${showShape(shape)}`,
        ],
        () => {
          const depth = indices.shape.at(-1)!;
          const fits =
            shape === null ||
            (depth <= shape.length && sameShape(updates.shape, [...indices.shape.slice(0, -1), ...shape.slice(depth)]));
          return [
            !fits &&
              `updates ${showShape(updates.shape)} at indices ${showShape(indices.shape)} do not fit ${showShape(shape)}`,
          ];
        },
        () => [shape !== null && outside(indices.data, (i) => shape[i % indices.shape.at(-1)!])],
      );
    },
    shapes: (op) => [integers(op.inputs[2])],
    evaluate,
  }),
};
