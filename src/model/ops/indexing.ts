import { allocate } from '../tensor/dtype.ts';
import { elements, sameShape, showShape, strides } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, integers, operand, resolveAxis, sameDtype } from './checks.ts';
import type { OpDefinition, OpTable, OpView } from './definition.ts';

import { INDEX, move, moved, outside, type TupleLoops } from './shared/indices.ts';
/**
 * Operators that pick or place elements by indices that are data. An index outside of its range is a problem wherever
 * the indices are known: in constants on import, in fed ones when the interpreter or a build meets them.
 */
export interface IndexingFamily {
  /** data, indices. TFLite GATHER. */
  take: { readonly axis: number; readonly batchDims: number };
  /** data, indices [..., k]. */
  gather_nd: NoAttrs;
  /** indices, depth, on value, off value. An index outside of the depth makes everything off. */
  one_hot: { readonly axis: number };
  /** indices, output shape, values, default value. */
  sparse_to_dense: { readonly validateIndices: boolean };
  /** data, lengths. */
  reverse_sequence: { readonly seqAxis: number; readonly batchAxis: number };
}
declare module './attrs.ts' {
  interface OpAttrs extends IndexingFamily {}
}

/** GATHER as nested loops: batch · outer · index · inner. */
export interface TakeLoops {
  readonly batch: number;
  readonly outer: number;
  readonly extent: number;
  readonly indices: number;
  readonly inner: number;
}
function takeAxes(op: OpView<'take'>): { axis: number; batch: number } | string {
  const data = operand(op, 0).shape;
  const indices = operand(op, 1).shape;
  const axis = resolveAxis(op.attrs.axis, data.length);
  if (axis === null) return `axis ${op.attrs.axis} is outside of ${showShape(data)}`;
  const batch = op.attrs.batchDims < 0 ? op.attrs.batchDims + indices.length : op.attrs.batchDims;
  if (!(Number.isInteger(batch) && batch >= 0 && batch <= Math.min(axis, indices.length)))
    return `${op.attrs.batchDims} batch dimensions do not fit`;
  if (!sameShape(data.slice(0, batch), indices.slice(0, batch))) return 'data and indices have different batches';
  return { axis, batch };
}
/** The loops of a gather that its check has passed. */
export function takeLoops(op: OpView<'take'>): TakeLoops {
  const { axis, batch } = takeAxes(op) as { axis: number; batch: number };
  const data = operand(op, 0).shape;
  return {
    batch: elements(data.slice(0, batch)),
    outer: elements(data.slice(batch, axis)),
    extent: data[axis],
    indices: elements(operand(op, 1).shape.slice(batch)),
    inner: elements(data.slice(axis + 1)),
  };
}

const take: OpDefinition<'take'> = defineOp<'take'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check(op) {
    const axes = takeAxes(op);
    return firstProblems(
      () => [dtypeIs(operand(op, 1), 'the indices', ...INDEX, 'int16'), moved(op), typeof axes === 'string' && axes],
      () => [outside(operand(op, 1).data, () => takeLoops(op).extent)],
    );
  },
  shapes(op) {
    const { axis, batch } = takeAxes(op) as { axis: number; batch: number };
    const data = operand(op, 0).shape;
    return [[...data.slice(0, axis), ...operand(op, 1).shape.slice(batch), ...data.slice(axis + 1)]];
  },
  evaluate(op) {
    const { batch, outer, extent, indices, inner } = takeLoops(op);
    const out = allocate(op.outputs[0].dtype, batch * outer * indices * inner);
    for (let b = 0, to = 0; b < batch; b++)
      for (let o = 0; o < outer; o++)
        for (let i = 0; i < indices; i++, to += inner) {
          const index = Number(op.data[1]![b * indices + i]);
          move(op.data[0]!, ((b * outer + o) * extent + index) * inner, out, to, inner);
        }
    return [out];
  },
});

/** The loops of a gather by tuples that its check has passed. */
export function gatherLoops(op: OpView<'gather_nd'>): TupleLoops {
  const { shape } = operand(op, 0);
  const indices = operand(op, 1).shape;
  const depth = indices.at(-1)!;
  return {
    count: elements(indices.slice(0, -1)),
    depth,
    extents: shape.slice(0, depth),
    steps: strides(shape).slice(0, depth),
    inner: elements(shape.slice(depth)),
  };
}

const gatherNd: OpDefinition<'gather_nd'> = defineOp<'gather_nd'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check(op) {
    const [data, indices] = [operand(op, 0), operand(op, 1)];
    return firstProblems(
      () => [
        dtypeIs(indices, 'the indices', ...INDEX, 'int16'),
        moved(op),
        indices.shape.length === 0 && 'the indices are a scalar',
      ],
      () => [
        indices.shape.at(-1)! > data.shape.length && `${indices.shape.at(-1)} indices for ${showShape(data.shape)}`,
      ],
      () => [outside(indices.data, (i) => data.shape[i % indices.shape.at(-1)!])],
    );
  },
  shapes(op) {
    const indices = operand(op, 1).shape;
    return [[...indices.slice(0, -1), ...operand(op, 0).shape.slice(indices.at(-1))]];
  },
  evaluate(op) {
    const { count, depth, steps, inner } = gatherLoops(op);
    const out = allocate(op.outputs[0].dtype, count * inner);
    for (let i = 0; i < count; i++) {
      const from = steps.reduce((sum, step, d) => sum + Number(op.data[1]![i * depth + d]) * step, 0);
      move(op.data[0]!, from, out, i * inner, inner);
    }
    return [out];
  },
});

/** Where the hot elements stand: result [outer, depth, inner]. null while the depth is unknown. */
export function oneHotLoops(op: OpView<'one_hot'>): { outer: number; depth: number; inner: number } | null {
  const depth = integers(op.inputs[1])?.[0];
  if (depth === undefined) return null;
  const { shape } = operand(op, 0);
  const axis = oneHotAxis(op)!;
  return { outer: elements(shape.slice(0, axis)), depth, inner: elements(shape.slice(axis)) };
}
const oneHotAxis = (op: OpView<'one_hot'>): number | null =>
  resolveAxis(op.attrs.axis, operand(op, 0).shape.length + 1);

const oneHot: OpDefinition<'one_hot'> = defineOp<'one_hot'>({
  arity: { inputs: [4, 4], outputs: [1, 1] },
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the indices', ...INDEX),
      dtypeIs(operand(op, 1), 'the depth', 'int32'),
      ...[1, 2, 3].map((i) => elements(operand(op, i).shape) !== 1 && 'depth, on and off value must be single'),
      (integers(op.inputs[1])?.[0] ?? 0) < 0 && 'the depth is negative',
      oneHotAxis(op) === null && `axis ${op.attrs.axis} is outside of the result`,
      moved(op, 2),
      sameDtype(operand(op, 2), 'the on value', operand(op, 3), 'the off value'),
    ]),
  shapes(op) {
    const depth = integers(op.inputs[1])?.[0];
    return [depth === undefined ? null : operand(op, 0).shape.toSpliced(oneHotAxis(op)!, 0, depth)];
  },
  evaluate(op) {
    const axis = oneHotAxis(op)!;
    const depth = Number(op.data[1]![0]);
    const inner = elements(operand(op, 0).shape.slice(axis));
    const indices = op.data[0]!;
    const out = allocate(op.outputs[0].dtype, indices.length * depth);
    (out as Uint8Array).fill(op.data[3]![0] as number);
    for (let i = 0; i < indices.length; i++) {
      const hot = Number(indices[i]);
      if (hot >= 0 && hot < depth) out[(Math.floor(i / inner) * depth + hot) * inner + (i % inner)] = op.data[2]![0];
    }
    return [out];
  },
});

/** The tuples of a sparse_to_dense; null while the shape of its result is unknown. */
export function sparseLoops(op: OpView<'sparse_to_dense'>): TupleLoops | null {
  const shape = integers(op.inputs[1]);
  if (shape === null) return null;
  const indices = operand(op, 0);
  const count = indices.shape.length === 0 ? 1 : indices.shape[0];
  return { count, depth: shape.length, extents: shape, steps: strides(shape), inner: 1 };
}

const sparseToDense: OpDefinition<'sparse_to_dense'> = defineOp<'sparse_to_dense'>({
  arity: { inputs: [4, 4], outputs: [1, 1] },
  check(op) {
    const [indices, size, values, rest] = op.inputs.map((t) => t!);
    const shape = integers(size);
    return firstProblems(
      () => [
        dtypeIs(indices, 'the indices', ...INDEX),
        dtypeIs(size, 'the shape', ...INDEX),
        indices.shape.length > 2 && `the indices have ${indices.shape.length} dimensions, at most 2`,
        values.shape.length > 1 && `the values have ${values.shape.length} dimensions, at most 1`,
        moved(op, 2),
        sameDtype(values, 'the values', rest, 'the default'),
        elements(rest.shape) !== 1 && 'the default must be single',
        indices.shape.length > 0 &&
          values.shape.length > 0 &&
          values.shape[0] !== indices.shape[0] &&
          `${values.shape[0]} values for ${indices.shape[0]} indices`,
      ],
      () => [
        shape !== null &&
          (indices.shape[1] ?? 1) !== shape.length &&
          `indices ${showShape(indices.shape)} for ${shape.length} dimensions`,
        shape?.some((d) => d < 0) && `the shape is ${showShape(shape)}`,
      ],
      () => [shape !== null && outside(indices.data, (i) => shape[i % shape.length])],
    );
  },
  shapes: (op) => [integers(op.inputs[1])],
  evaluate(op) {
    const { count, depth, extents, steps } = sparseLoops({
      ...op,
      inputs: op.inputs.with(1, { ...operand(op, 1), data: op.data[1] }),
    })!;
    const [indices, , values, rest] = op.data.map((d) => d!);
    const single = operand(op, 2).shape.length === 0;
    const out = allocate(op.outputs[0].dtype, elements(extents));
    (out as Uint8Array).fill(rest[0] as number);
    for (let i = 0; i < count; i++) {
      const to = steps.reduce((sum, step, d) => sum + Number(indices[i * depth + d]) * step, 0);
      out[to] = values[single ? 0 : i];
    }
    return [out];
  },
});

const reverseSequence: OpDefinition<'reverse_sequence'> = defineOp<'reverse_sequence'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check(op) {
    const [{ shape }, lengths] = [operand(op, 0), operand(op, 1)];
    const { seqAxis, batchAxis } = op.attrs;
    return firstProblems(
      () => [
        dtypeIs(lengths, 'the lengths', ...INDEX),
        moved(op),
        [seqAxis, batchAxis].some((a) => !(a >= 0 && a < shape.length)) &&
          `axes ${seqAxis} and ${batchAxis} of ${showShape(shape)}`,
        seqAxis === batchAxis && 'sequence and batch axis are the same',
      ],
      () => [
        elements(lengths.shape) !== shape[batchAxis] &&
          `${elements(lengths.shape)} lengths for ${shape[batchAxis]} batches`,
        outside(lengths.data, () => shape[seqAxis] + 1),
      ],
    );
  },
  shapes: (op) => [operand(op, 0).shape],
  evaluate(op) {
    const { shape } = operand(op, 0);
    const { seqAxis, batchAxis } = op.attrs;
    const step = strides(shape);
    const out = allocate(op.outputs[0].dtype, elements(shape));
    for (let i = 0; i < out.length; i++) {
      const s = Math.floor(i / step[seqAxis]) % shape[seqAxis];
      const length = Number(op.data[1]![Math.floor(i / step[batchAxis]) % shape[batchAxis]]);
      out[i] = op.data[0]![s < length ? i + (length - 1 - 2 * s) * step[seqAxis] : i];
    }
    return [out];
  },
});

export const indexingOps: OpTable<IndexingFamily> = {
  take,
  gather_nd: gatherNd,
  one_hot: oneHot,
  sparse_to_dense: sparseToDense,
  reverse_sequence: reverseSequence,
};
