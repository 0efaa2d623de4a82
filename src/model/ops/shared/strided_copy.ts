import { allocate, type DType, type TensorData } from '../../tensor/dtype.ts';
import { elements, type Shape, strides } from '../../tensor/shape.ts';

/**
 * A copy of a box of elements between two row-major buffers:
 * dst[dstOffset + Σ iₖ·dstStrides[k]] = src[srcOffset + Σ iₖ·srcStrides[k]] for every index i below `extents`.
 * Operators that only move elements are lists of such copies; the interpreter runs them and code generation prints
 * them, so both always agree. Offsets and strides count elements; source strides may be zero (broadcast) or negative.
 */
export interface StridedCopy {
  /** Which operand is read, and which result is written. */
  readonly from: number;
  readonly to: number;
  readonly extents: Shape;
  readonly srcOffset: number;
  readonly srcStrides: readonly number[];
  readonly dstOffset: number;
  readonly dstStrides: readonly number[];
}

/** What a movement operator does, once its constant operands are known. */
export interface MovementPlan {
  readonly shapes: readonly Shape[];
  readonly copies: readonly StridedCopy[];
  /** The value of elements that no copy writes: a quantized tensor's zero point. */
  readonly fill: number;
}

export const whole = (shapes: readonly Shape[], copies: readonly StridedCopy[], fill = 0): MovementPlan => ({
  shapes,
  copies,
  fill,
});

/** A copy that fills the whole result, in order. */
export function intoWhole(result: Shape, srcOffset: number, srcStrides: readonly number[]): StridedCopy {
  return { from: 0, to: 0, extents: result, srcOffset, srcStrides, dstOffset: 0, dstStrides: strides(result) };
}

/**
 * The same copy with as few dimensions as possible: extents of one go, neighbours that run on into each other merge.
 * Every copy keeps at least one dimension, so that its last one can be a plain loop.
 */
export function simplify(copy: StridedCopy): StridedCopy {
  const extents: number[] = [];
  const src: number[] = [];
  const dst: number[] = [];
  for (let k = 0; k < copy.extents.length; k++) {
    const n = copy.extents[k];
    if (n === 1) continue;
    const last = extents.length - 1;
    if (last >= 0 && src[last] === n * copy.srcStrides[k] && dst[last] === n * copy.dstStrides[k]) {
      extents[last] *= n;
      src[last] = copy.srcStrides[k];
      dst[last] = copy.dstStrides[k];
    } else {
      extents.push(n);
      src.push(copy.srcStrides[k]);
      dst.push(copy.dstStrides[k]);
    }
  }
  if (extents.length === 0) {
    extents.push(1);
    src.push(1);
    dst.push(1);
  }
  return { ...copy, extents, srcStrides: src, dstStrides: dst };
}

/** Runs copies over results filled with `fill`. */
export function runCopies(
  copies: readonly StridedCopy[],
  operands: readonly (TensorData | null)[],
  results: readonly { readonly dtype: DType; readonly shape: Shape }[],
  fill: number | bigint = 0,
): TensorData[] {
  const outputs = results.map(({ dtype, shape }) => {
    const data = allocate(dtype, elements(shape));
    if (fill) (data as { fill(v: number | bigint): unknown }).fill(data instanceof BigInt64Array ? BigInt(fill) : fill);
    return data;
  });
  for (const copy of copies) runCopy(simplify(copy), operands[copy.from]!, outputs[copy.to]);
  return outputs;
}

function runCopy(copy: StridedCopy, src: TensorData, dst: TensorData): void {
  const { extents, srcStrides, dstStrides } = copy;
  const inner = extents.length - 1;
  const n = extents[inner];
  const ss = srcStrides[inner];
  const ds = dstStrides[inner];
  const visit = (k: number, s: number, d: number): void => {
    if (k < inner) {
      for (let i = 0; i < extents[k]; i++) visit(k + 1, s + i * srcStrides[k], d + i * dstStrides[k]);
    } else {
      for (let i = 0; i < n; i++) dst[d + i * ds] = src[s + i * ss];
    }
  };
  if (elements(extents) > 0) visit(0, copy.srcOffset, copy.dstOffset);
}
