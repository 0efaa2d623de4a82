import { quantizeBatches } from '../arithmetic/hybrid.ts';
import { multiplyRows32, multiplyRowsFloat, multiplyRowsWide } from '../arithmetic/linear.ts';
import type { Profile } from '../arithmetic/multiplier.ts';
import { multiplyByMultiplier64, quantizeMultiplier, requantizer } from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { allocate, integerRange, type TensorData } from '../tensor/dtype.ts';
import { broadcast, elements, type Shape, strides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  weightsQuantized,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { centered, type Finish } from './shared/weights.ts';

export interface BatchMatmulFamily {
  /** lhs [..., M, K], rhs [..., K, N], either with its last two dimensions swapped. TFLite BATCH_MATMUL. */
  'nn.batch_matmul': {
    readonly adjX: boolean;
    readonly adjY: boolean;
    readonly asymmetricQuantizeInputs: boolean;
  };
}
declare module './attrs.ts' {
  interface OpAttrs extends BatchMatmulFamily {}
}
type Kind = 'nn.batch_matmul';

/** `sums`: int8 operands with an int32 result, the plain sums of products without zero points. */
export type MatmulForm = 'float' | 'hybrid' | 'int8' | 'wide' | 'sums';
const FORMS: Readonly<Record<string, MatmulForm>> = {
  'float32 float32 float32': 'float',
  'float32 int8 float32': 'hybrid',
  'int8 int8 int8': 'int8',
  'int8 int8 int32': 'sums',
  'int16 int16 int16': 'wide',
  'int16 int8 int16': 'wide',
};
const formOf = (op: OpView<Kind>): MatmulForm | undefined =>
  FORMS[[operand(op, 0), operand(op, 1), op.outputs[0]].map((t) => t.dtype).join(' ')];
export const matmulForm = (op: OpView<Kind>): MatmulForm => formOf(op)!;

/** One product of matrices: which matrix of each operand, and whose scales and row sums a hybrid one takes. */
export interface MatrixPair {
  readonly lhs: number;
  readonly rhs: number;
  /** The row of the left operand whose scale is that of the product's first row. */
  readonly scales: number;
  /** The matrix of the right operand whose sums go with the zero point. */
  readonly sums: number;
}
export interface Matmul {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly pairs: readonly MatrixPair[];
}

const lastTwo = (t: Tensor, swapped: boolean): readonly [number, number] => {
  const [a, b] = t.shape.slice(-2);
  return swapped ? [b, a] : [a, b];
};

export function matmulOf(op: OpView<Kind>, profile: Profile): Matmul {
  const [lhs, rhs] = [operand(op, 0), operand(op, 1)];
  const [m, k] = lastTwo(lhs, op.attrs.adjX);
  const [, n] = lastTwo(rhs, op.attrs.adjY);
  const batch = broadcast(lhs.shape.slice(0, -2), rhs.shape.slice(0, -2))!;
  const [left, right] = [lhs, rhs].map((t) => t.shape.slice(0, -2));
  const pairs = Array.from({ length: elements(batch) }, (_, p): MatrixPair => {
    const at = coordinates(p, batch);
    const [l, r] = [matrixAt(at, left), matrixAt(at, right)];
    if (profile !== 'tflite') return { lhs: l, rhs: r, scales: l * m, sums: r };
    return { lhs: l, rhs: r, ...referenceIndices(op, at, left, right, m) };
  });
  return { m, n, k, pairs };
}

const coordinates = (index: number, shape: Shape): number[] =>
  strides(shape).map((step, d) => Math.floor(index / step) % shape[d]);

/** The matrix of an operand with these batch dimensions that broadcasts to the coordinates. */
function matrixAt(at: readonly number[], batch: Shape): number {
  const step = strides(batch);
  const skip = at.length - batch.length;
  return batch.reduce((sum, n, d) => sum + (n === 1 ? 0 : at[d + skip] * step[d]), 0);
}

/**
 * Where TFLite's reference kernel looks for scales and row sums: it steps by one matrix along every batch dimension,
 * so that with several of them it takes those of another matrix (reference/batch_matmul.h). Before that, a right operand
 * with an innermost batch dimension of 1 makes the left one's a part of its rows (Eval in batch_matmul.cc).
 */
function referenceIndices(
  op: OpView<Kind>,
  at: readonly number[],
  left: Shape,
  right: Shape,
  m: number,
): Pick<MatrixPair, 'scales' | 'sums'> {
  const steps = (batch: Shape): number =>
    batch.reduce((sum, n, d) => sum + (n === 1 ? 0 : at[d + at.length - batch.length]), 0);
  const merged = !op.attrs.adjX && left.length > 0 && right.length > 0 && right[right.length - 1] === 1;
  if (!merged) return { scales: steps(left) * m, sums: steps(right) };
  const inner = left[left.length - 1];
  const own = inner === 1 ? 0 : at[at.length - 1];
  return { scales: (steps(left) - own) * inner * m + own * m, sums: steps(right) };
}

/** The scales' product is rounded to float32, as TFLite does for a single scale (GetQuantizedConvolutionMultipler). */
export const matmulFactor = (op: OpView<Kind>): number => {
  const scale = (t: Tensor): number => t.quantization!.scales[0];
  return Math.fround(scale(operand(op, 0)) * scale(operand(op, 1))) / scale(op.outputs[0]);
};

/** Matrices of rows × columns from ones stored the other way. */
function transposed<T extends Int16Array | Float32Array>(data: T, rows: number, columns: number): T {
  const out = data.slice() as T;
  const size = rows * columns;
  for (let at = 0; at < data.length; at += size)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) out[at + r * columns + c] = data[at + c * rows + r];
  return out;
}

function evaluate(op: EvalView<Kind>): TensorData[] {
  const plan = matmulOf(op, op.profile);
  const { m, n, k, pairs } = plan;
  const out = allocate(op.outputs[0].dtype, elements(op.outputs[0].shape)) as Float32Array;
  const form = matmulForm(op);
  const zero = (i: number): number => (form === 'int8' ? parameters(operand(op, i)).zeroPoint : 0);
  const rows = <T extends Int16Array | Float32Array>(data: T): T => (op.attrs.adjX ? transposed(data, m, k) : data);
  const columns = <T extends Int16Array | Float32Array>(data: T): T => (op.attrs.adjY ? data : transposed(data, n, k));
  if (form === 'float') {
    const [x, y] = [rows(op.data[0] as Float32Array), columns(op.data[1] as Float32Array)];
    const sums = new Float32Array(n);
    pairs.forEach((pair, p) => {
      for (let i = 0; i < m; i++) {
        multiplyRowsFloat(x, (pair.lhs * m + i) * k, y, pair.rhs * n * k, k, n, sums, 0);
        out.set(sums, (p * m + i) * n);
      }
    });
    return [out];
  }
  const y = columns(centered(op.data[1]!, [zero(1)]));
  if (form === 'hybrid') {
    evaluateHybrid(op, plan, rows(op.data[0] as Float32Array), y, out);
    return [out];
  }
  const x = rows(centered(op.data[0]!, [zero(0)]));
  const finish = matmulFinish(op, form);
  const wide = form === 'wide';
  const sums = wide ? new Float64Array(n) : new Int32Array(n);
  pairs.forEach((pair, p) => {
    for (let i = 0; i < m; i++) {
      const [from, by] = [(pair.lhs * m + i) * k, pair.rhs * n * k];
      if (wide) multiplyRowsWide(x, from, y, by, k, n, sums as Float64Array, 0);
      else multiplyRows32(x, from, y, by, k, n, sums as Int32Array, 0);
      for (let j = 0; j < n; j++) out[(p * m + i) * n + j] = finish(sums[j], j);
    }
  });
  return [out];
}

function matmulFinish(op: EvalView<Kind>, form: MatmulForm): Finish {
  if (form === 'sums') return (acc) => acc;
  const output = op.outputs[0];
  const [min, max] = integerRange(output.dtype);
  const { zeroPoint } = parameters(output);
  const factor = matmulFactor(op);
  if (form === 'wide') {
    const multiplier = quantizeMultiplier(factor);
    return (acc) => clamp(multiplyByMultiplier64(acc, multiplier) + zeroPoint, min, max);
  }
  const requantize = requantizer(op.profile, [factor]);
  return (acc) => clamp((requantize(acc, 0) + zeroPoint) | 0, min, max);
}

/** Float data, int8 constants: each row of the data gets its own scale. The zero point is taken off in float32. */
function evaluateHybrid(op: EvalView<Kind>, plan: Matmul, data: Float32Array, y: Int16Array, out: Float32Array): void {
  const { m, n, k, pairs } = plan;
  const f = Math.fround;
  const q = quantizeBatches(data, data.length / k, op.attrs.asymmetricQuantizeInputs);
  const x = Int16Array.from(q.values);
  const ones = new Int16Array(k).fill(1);
  const rowSums = new Int32Array(y.length / k);
  multiplyRows32(ones, 0, y, 0, k, rowSums.length, rowSums, 0);
  const weights = operand(op, 1).quantization!.scales;
  const sums = new Int32Array(n);
  pairs.forEach((pair, p) => {
    for (let i = 0; i < m; i++) {
      const row = pair.scales + i;
      multiplyRows32(x, (pair.lhs * m + i) * k, y, pair.rhs * n * k, k, n, sums, 0);
      for (let j = 0; j < n; j++) {
        const offset = f(f(rowSums[pair.sums * n + j]) * q.offsets[row]);
        const total = Math.trunc(f(f(sums[j]) - offset));
        out[(p * m + i) * n + j] = f(f(q.scales[row] * weights[weights.length === 1 ? 0 : j]) * f(total));
      }
    }
  });
}

function check(op: OpView<Kind>): string[] {
  const [lhs, rhs, output] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const rank = (t: Tensor, what: string): Problem =>
    (t.shape.length < 2 || t.shape.length > 5) && `${what} has ${t.shape.length} dimensions, must have 2 to 5`;
  return firstProblems(
    () => [
      ...[rank(lhs, 'the left operand'), rank(rhs, 'the right operand')],
      dtypeIs(lhs, 'the left operand', 'float32', 'int8', 'int16'),
      formOf(op) === undefined && `${lhs.dtype} times ${rhs.dtype} to ${output.dtype} is not supported`,
    ],
    () => {
      const [depth, other] = [lastTwo(lhs, op.attrs.adjX)[1], lastTwo(rhs, op.attrs.adjY)[0]];
      return [
        depth !== other && `the left operand's rows have ${depth} values, the right one's columns ${other}`,
        depth < 1 && 'the rows are empty',
        broadcast(lhs.shape.slice(0, -2), rhs.shape.slice(0, -2)) === null && 'the batch dimensions do not fit',
      ];
    },
    () => {
      const form = matmulForm(op);
      if (form === 'hybrid') {
        const axis = rhs.shape.length - (op.attrs.adjY ? 2 : 1);
        const off = rhs.quantization?.zeroPoints.some((z) => z !== 0);
        return [weightsQuantized(rhs, 'the weights', axis), off && 'the weights have a zero point other than 0'];
      }
      if (form === 'float' || form === 'sums') return [];
      return [
        perTensorQuantized(lhs, 'the left operand'),
        perTensorQuantized(rhs, 'the right operand'),
        perTensorQuantized(output, 'the output'),
        form === 'wide' && rhs.quantization?.zeroPoints[0] !== 0 && 'the weights have a zero point other than 0',
      ];
    },
  );
}

export const batchMatmulOps: OpTable<BatchMatmulFamily> = {
  'nn.batch_matmul': defineOp({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames: ['x', 'y'],
    macs: (op) => elements(operand(op, 0).shape.slice(-2)) * elements(op.outputs[0].shape.toSpliced(-2, 1)),
    check,
    shapes: (op) => {
      const [lhs, rhs] = [operand(op, 0), operand(op, 1)];
      const batch = broadcast(lhs.shape.slice(0, -2), rhs.shape.slice(0, -2))!;
      return [[...batch, lastTwo(lhs, op.attrs.adjX)[0], lastTwo(rhs, op.attrs.adjY)[1]]];
    },
    evaluate,
  }),
};
