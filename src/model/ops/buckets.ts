import { allocate, type DType, type TensorData } from '../tensor/dtype.ts';
import { defineOp, dtypeIs, firstProblems, operand, rankIs } from './checks.ts';
import type { OpDefinition, OpTable } from './definition.ts';

/** Operators that put values into classes. */
export interface BucketFamily {
  /** How many of the boundaries, which ascend, are at most the value; a NaN is above all. TFLite BUCKETIZE. */
  bucketize: { readonly boundaries: readonly number[] };
  /** The different values in order of appearance, how many is data; and which of these each value is. */
  unique: { readonly dtype: DType };
}
declare module './attrs.ts' {
  interface OpAttrs extends BucketFamily {}
}

/** The float32 nearest to an int64: not by way of a double, which would round twice. */
function floatOf(x: bigint): number {
  if (BigInt.asIntN(54, x) === x) return Math.fround(Number(x));
  // What the last 11 bits hold matters only by being nothing or something.
  return Math.fround(Number((x >> 11n) | ((x & 2047n) === 0n ? 0n : 1n))) * 2048;
}

/**
 * The boundaries are float32, and integers are compared as float32; doubles as doubles. Source: std::upper_bound in
 * bucketize.cc.
 */
export function bucketOf(x: number | bigint, boundaries: readonly number[]): number {
  const value = typeof x === 'bigint' ? floatOf(x) : x;
  let low = 0;
  for (let rest = boundaries.length; rest > 0; ) {
    const half = rest >> 1;
    if (value < boundaries[low + half]) rest = half;
    else {
      low += half + 1;
      rest -= half + 1;
    }
  }
  return low;
}

const bucketize: OpDefinition<'bucketize'> = defineOp<'bucketize'>({
  arity: { inputs: [1, 1], outputs: [1, 1] },
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the input', 'float32', 'float64', 'int32', 'int64'),
      dtypeIs(op.outputs[0], 'the output', 'int32'),
      !op.attrs.boundaries.every(Number.isFinite) && 'a boundary is not finite',
      op.attrs.boundaries.some((b, i, all) => i > 0 && b < all[i - 1]) && 'the boundaries do not ascend',
    ]),
  shapes: (op) => [operand(op, 0).shape],
  evaluate: (op) => {
    const { dtype } = operand(op, 0);
    const data = op.data[0]!;
    const out = new Int32Array(data.length);
    const value = dtype === 'int32' ? Math.fround : (x: number) => x;
    for (let i = 0; i < out.length; i++)
      out[i] = bucketOf(typeof data[i] === 'bigint' ? data[i] : value(data[i] as number), op.attrs.boundaries);
    return [out];
  },
});

/** The values of a list without repetition, and where each element of the list is among them. */
export interface Distinct {
  readonly values: readonly (number | bigint)[];
  readonly places: readonly number[];
}

/**
 * Two are the same where neither is less, as in the ordered map of unique.cc. So −0 is 0, and a NaN the least value met
 * before it; one that comes first is equal to all.
 */
export function distinct(data: TensorData): Distinct {
  const values: (number | bigint)[] = [];
  const places: number[] = [];
  const seen = new Map<number | bigint, number>();
  let least = 0;
  for (const x of data) {
    const odd = Number.isNaN(x) || Number.isNaN(values[0]);
    const place = values.length > 0 && odd ? least : seen.get(x);
    if (place === undefined) {
      seen.set(x, values.push(x) - 1);
      if (x < values[least]) least = values.length - 1;
    }
    places.push(place ?? values.length - 1);
  }
  return { values, places };
}

const unique: OpDefinition<'unique'> = defineOp<'unique'>({
  arity: { inputs: [1, 1], outputs: [2, 2] },
  check: (op) =>
    firstProblems(() => [
      dtypeIs(operand(op, 0), 'the input', 'float32', 'int8', 'uint8', 'int16', 'int32', 'int64'),
      rankIs(operand(op, 0), 'the input', 1),
      dtypeIs(op.outputs[0], 'output 0', operand(op, 0).dtype),
      dtypeIs(op.outputs[1], 'output 1', op.attrs.dtype),
      op.attrs.dtype !== 'int32' && op.attrs.dtype !== 'int64' && `indices of type ${op.attrs.dtype}`,
    ]),
  shapes(op) {
    const { data, shape } = operand(op, 0);
    return [data === null ? null : [distinct(data).values.length], shape];
  },
  bounds: (op) => [operand(op, 0).shape, operand(op, 0).shape],
  evaluate(op) {
    const { values, places } = distinct(op.data[0]!);
    const [kept, indices] = [allocate(op.outputs[0].dtype, values.length), allocate(op.attrs.dtype, places.length)];
    (kept as Int32Array).set(values as number[]);
    (indices as Int32Array).set(op.attrs.dtype === 'int64' ? (places.map(BigInt) as never) : places);
    return [kept, indices];
  },
});

export const bucketOps: OpTable<BucketFamily> = { bucketize, unique };
