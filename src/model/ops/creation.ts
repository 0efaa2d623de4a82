import { allocate, type DType } from '../tensor/dtype.ts';
import { broadcast, elements, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  integers,
  isIndexVector,
  operand,
  sameDtype,
  sameParameters,
} from './checks.ts';
import type { OpDefinition, OpTable, OpView } from './definition.ts';

/** Operators whose operands say which tensor to make. */
export interface CreationFamily {
  /** shape, value. TFLite FILL. */
  full: NoAttrs;
  /** start, limit, delta: scalars. TFLite RANGE. */
  arange: NoAttrs;
  /** The shape to which two shapes broadcast. */
  broadcast_args: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends CreationFamily {}
}

const full: OpDefinition<'full'> = defineOp<'full'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check: (op) =>
    firstProblems(() => [
      ...isIndexVector(operand(op, 0), 'the shape'),
      operand(op, 1).shape.length > 0 && `the value has the shape ${showShape(operand(op, 1).shape)}, must be a scalar`,
      sameDtype(operand(op, 1), 'the value', op.outputs[0], 'the output'),
      sameParameters(operand(op, 1), op.outputs[0]),
    ]),
  shapes: (op) => [integers(op.inputs[0])],
  evaluate(op) {
    const out = allocate(op.outputs[0].dtype, elements(Array.from(op.data[0] as Int32Array, Number)));
    return [(out as Uint8Array).fill(op.data[1]![0] as number)];
  },
});

const COUNTED: readonly DType[] = ['float32', 'int32', 'int64'];

/** How many elements a range has; words when its step never gets there; null while a bound is unknown. */
function rangeLength(op: OpView<'arange'>): number | string | null {
  const [start, limit, delta] = op.inputs.map((t) => t!.data?.[0]);
  if (start === undefined || limit === undefined || delta === undefined) return null;
  const forward = start <= limit && delta > 0;
  if (!forward && !(start >= limit && delta < 0)) return `${delta} does not lead from ${start} to ${limit}`;
  if (typeof start === 'bigint') {
    const [span, step] = [BigInt(limit) - start, BigInt(delta)];
    return Number((span + step + (forward ? -1n : 1n)) / step);
  }
  const span = Number(limit) - start;
  // Float ranges divide in float32, as TFLite does.
  if (operand(op, 0).dtype === 'float32') return Math.ceil(Math.fround(Math.fround(span) / Number(delta)));
  return Math.ceil(span / Number(delta));
}

const arange: OpDefinition<'arange'> = defineOp<'arange'>({
  arity: { inputs: [3, 3], outputs: [1, 1] },
  check: (op) =>
    firstProblems(
      () =>
        op.inputs.flatMap((t, i) => [
          dtypeIs(t!, `input ${i}`, ...COUNTED),
          sameDtype(t!, `input ${i}`, op.outputs[0], 'the output'),
          t!.shape.length > 0 && `input ${i} has the shape ${showShape(t!.shape)}, must be a scalar`,
        ]),
      () => {
        const length = rangeLength(op);
        return [typeof length === 'string' && length];
      },
    ),
  shapes(op) {
    const length = rangeLength(op);
    return [length === null ? null : [length as number]];
  },
  evaluate(op) {
    const known = { ...op, inputs: op.inputs.map((t, i) => ({ ...t!, data: op.data[i] })) };
    const out = allocate(op.outputs[0].dtype, rangeLength(known) as number);
    const [start, , delta] = op.data as Int32Array[];
    // Repeated addition in the element type, whose array rounds or wraps what is stored.
    for (let i = 0; i < out.length; i++) out[i] = i === 0 ? start[0] : (out[i - 1] as number) + delta[0];
    return [out];
  },
});

const broadcastArgs: OpDefinition<'broadcast_args'> = defineOp<'broadcast_args'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check: (op) =>
    firstProblems(
      () =>
        op.inputs.flatMap((t, i) => [
          ...isIndexVector(t!, `input ${i}`),
          t!.shape.length !== 1 && `input ${i} is a scalar`,
          sameDtype(t!, `input ${i}`, op.outputs[0], 'the output'),
        ]),
      () => {
        const [a, b] = op.inputs.map((t) => integers(t));
        return [a && b && !broadcast(a, b) && `${showShape(a)} and ${showShape(b)} do not broadcast`];
      },
    ),
  shapes: (op) => [[Math.max(...op.inputs.map((t) => t!.shape[0]))]],
  evaluate(op) {
    const [a, b] = op.data.map((d) => Array.from(d as Int32Array, Number));
    const out = allocate(op.outputs[0].dtype, Math.max(a.length, b.length));
    broadcast(a, b)!.forEach((n, i) => {
      out[i] = out instanceof BigInt64Array ? BigInt(n) : n;
    });
    return [out];
  },
});

export const creationOps: OpTable<CreationFamily> = { full, arange, broadcast_args: broadcastArgs };
