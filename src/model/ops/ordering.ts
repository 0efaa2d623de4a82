import { allocate, type DType } from '../tensor/dtype.ts';
import { elements, type Shape, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  integers,
  isIndexVector,
  operand,
  type Problem,
  resolveAxis,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

/** Operators that compare or accumulate along one axis. */
export interface OrderingFamily {
  /** data, axis. Index of the first largest element. */
  argmax: { readonly dtype: DType };
  /** data, axis. Index of the first smallest element. */
  argmin: { readonly dtype: DType };
  /** data, k. The k largest along the last axis and their indices; among equals the lower index comes first. */
  topk: NoAttrs;
  /** data, axis. */
  cumsum: { readonly exclusive: boolean; readonly reverse: boolean };
}
declare module './attrs.ts' {
  interface OpAttrs extends OrderingFamily {}
}

type AlongAxis = 'argmax' | 'argmin' | 'cumsum';

/** Row-major data seen from one axis: element (o, i, n) stands at (o·extent + i)·inner + n. */
export interface AxisView {
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

const axisView = (shape: Shape, axis: number): AxisView => ({
  outer: elements(shape.slice(0, axis)),
  extent: shape[axis],
  inner: elements(shape.slice(axis + 1)),
});

/** The axis that operand 1 names; words when it names none; null while it is unknown. */
function axisOf(op: OpView<AlongAxis>): number | string | null {
  const given = integers(op.inputs[1]);
  if (given === null) return null;
  const axis = given.length === 1 ? resolveAxis(given[0], operand(op, 0).shape.length) : null;
  return axis ?? `axis ${given} is outside of ${showShape(operand(op, 0).shape)}`;
}

/** The data of an operator that its check has passed, seen from its axis; null while that is unknown. */
export function alongAxis(op: OpView<AlongAxis>): AxisView | null {
  const axis = axisOf(op);
  return typeof axis === 'number' ? axisView(operand(op, 0).shape, axis) : null;
}
const evaluatedAxis = (op: EvalView<AlongAxis>): AxisView =>
  alongAxis({ ...op, inputs: [operand(op, 0), { ...operand(op, 1), data: op.data[1] }] })!;

const axisProblems = (op: OpView<AlongAxis>): Problem[] => {
  const axis = axisOf(op);
  return [...isIndexVector(operand(op, 1), 'the axis'), typeof axis === 'string' && axis];
};

function argument<K extends 'argmax' | 'argmin'>(
  better: (a: number | bigint, b: number | bigint) => boolean,
): OpDefinition<K> {
  return defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) =>
      firstProblems(
        () => [
          dtypeIs(operand(op, 0), 'the input', 'float32', 'int8', 'uint8', 'int32', 'bool'),
          dtypeIs(op.outputs[0], 'the output', 'int32', 'int64'),
          op.outputs[0].dtype !== op.attrs.dtype && `the output is ${op.outputs[0].dtype}, not ${op.attrs.dtype}`,
          ...axisProblems(op),
        ],
        () => [alongAxis(op)?.extent === 0 && 'there is nothing to choose from'],
      ),
    shapes(op) {
      const axis = axisOf(op);
      return [typeof axis === 'number' ? operand(op, 0).shape.toSpliced(axis, 1) : null];
    },
    evaluate(op) {
      const { outer, extent, inner } = evaluatedAxis(op);
      const data = op.data[0]!;
      const out = allocate(op.outputs[0].dtype, outer * inner);
      for (let o = 0; o < outer; o++)
        for (let n = 0; n < inner; n++) {
          let best = 0;
          for (let i = 1; i < extent; i++)
            if (better(data[(o * extent + i) * inner + n], data[(o * extent + best) * inner + n])) best = i;
          out[o * inner + n] = out instanceof BigInt64Array ? BigInt(best) : best;
        }
      return [out];
    },
  });
}

/** How many elements are asked for; null while that is unknown. */
export const topkCount = (op: OpView<'topk'>): number | null => {
  const k = integers(op.inputs[1]);
  return k && Math.max(0, k[0]);
};

const topk: OpDefinition<'topk'> = defineOp<'topk'>({
  arity: { inputs: [2, 2], outputs: [2, 2] },
  check(op) {
    const [data, k] = [operand(op, 0), operand(op, 1)];
    return firstProblems(
      () => [
        dtypeIs(data, 'the input', 'float32', 'int8', 'uint8', 'int16', 'int32', 'int64'),
        sameDtype(data, 'the input', op.outputs[0], 'the output of values'),
        dtypeIs(op.outputs[1], 'the output of indices', 'int32', 'int16'),
        data.shape.length === 0 && 'the input is a scalar',
        dtypeIs(k, 'k', 'int32', 'int16'),
        elements(k.shape) !== 1 && `k has ${elements(k.shape)} values`,
      ],
      () => [(topkCount(op) ?? 0) > data.shape.at(-1)! && `k is ${topkCount(op)} of ${data.shape.at(-1)} elements`],
    );
  },
  shapes(op) {
    const k = topkCount(op);
    const shape = k === null ? null : operand(op, 0).shape.with(-1, k);
    return [shape, shape];
  },
  evaluate(op) {
    const { shape, dtype } = operand(op, 0);
    const data = op.data[0]!;
    const extent = shape.at(-1)!;
    const k = Math.max(0, Number(op.data[1]![0]));
    const rows = elements(shape.slice(0, -1));
    const values = allocate(dtype, rows * k);
    const indices = allocate(op.outputs[1].dtype, rows * k);
    for (let r = 0; r < rows; r++)
      for (let i = 0; i < extent; i++) {
        // Insertion: an element goes before all that are smaller, and pushes the smallest out.
        const x = data[r * extent + i];
        let at = Math.min(i, k);
        while (at > 0 && x > values[r * k + at - 1]) at--;
        if (at >= k) continue;
        values.copyWithin(r * k + at + 1, r * k + at, r * k + k - 1);
        indices.copyWithin(r * k + at + 1, r * k + at, r * k + k - 1);
        values[r * k + at] = x;
        indices[r * k + at] = i;
      }
    return [values, indices];
  },
});

const cumsum: OpDefinition<'cumsum'> = defineOp<'cumsum'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  decisive: [1],
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the input', 'float32', 'int32', 'int64'),
      sameDtype(operand(op, 0), 'the input', op.outputs[0], 'the output'),
      ...axisProblems(op),
    ]),
  shapes: (op) => [operand(op, 0).shape],
  evaluate(op) {
    const { outer, extent, inner } = evaluatedAxis(op);
    const { exclusive, reverse } = op.attrs;
    const data = op.data[0] as Int32Array;
    const { dtype } = operand(op, 0);
    const out = allocate(dtype, data.length) as Int32Array;
    // One element of the type: storing rounds floats and wraps integers.
    const sum = allocate(dtype, 1) as Int32Array;
    for (let o = 0; o < outer; o++)
      for (let n = 0; n < inner; n++) {
        sum.fill((dtype === 'int64' ? 0n : 0) as number);
        for (let step = 0; step < extent; step++) {
          const at = (o * extent + (reverse ? extent - 1 - step : step)) * inner + n;
          if (exclusive) out[at] = sum[0];
          sum[0] += data[at];
          if (!exclusive) out[at] = sum[0];
        }
      }
    return [out];
  },
});

export const orderingOps: OpTable<OrderingFamily> = {
  argmax: argument((a, b) => a > b),
  argmin: argument((a, b) => a < b),
  topk,
  cumsum,
};
