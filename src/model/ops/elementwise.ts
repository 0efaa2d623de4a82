import type { Tensor } from '../ir/graph.ts';
import { allocate, type DType, integerRange, isFloat, isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { broadcast, elements } from '../tensor/shape.ts';
import {
  activationInterval,
  activationRange,
  clamp,
  floatRange,
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  requantizer,
  roundAway,
} from './arithmetic.ts';
import type { Activation, NoAttrs } from './attrs.ts';
import { broadcastIndices } from './broadcast.ts';
import {
  clampingActivation,
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  parameters,
  perTensorQuantized,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

export interface ElementwiseFamily {
  add: { readonly activation: Activation };
  subtract: { readonly activation: Activation };
  multiply: { readonly activation: Activation };
  'nn.relu': NoAttrs;
  'nn.relu6': NoAttrs;
  sigmoid: NoAttrs;
  tanh: NoAttrs;
}

type BinaryKind = 'add' | 'subtract' | 'multiply';
type UnaryKind = 'nn.relu' | 'nn.relu6' | 'sigmoid' | 'tanh';

/** A tensor whose values are computed on by scale and zero point; int16 without quantization is a plain integer. */
const isQuantized = (t: Tensor): boolean => isQuantizable(t.dtype) && (t.dtype !== 'int16' || t.quantization !== null);

/** Fixed-point parameters of a quantized ADD or SUB; see `sumParameters`. */
export interface SumParameters {
  readonly leftShift: number;
  readonly first: Multiplier;
  readonly second: Multiplier;
  readonly output: Multiplier;
}

/**
 * Both operands are brought to twice the larger scale, with `leftShift` more bits, added there and scaled to the
 * output. Source: add.cc, sub.cc.
 */
export function sumParameters(a: Tensor, b: Tensor, out: Tensor): SumParameters {
  const leftShift = out.dtype === 'int16' ? 15 : 20;
  const [sa, sb, so] = [parameters(a).scale, parameters(b).scale, parameters(out).scale];
  const twice = 2 * Math.max(sa, sb);
  return {
    leftShift,
    first: quantizeMultiplier(sa / twice),
    second: quantizeMultiplier(sb / twice),
    output: quantizeMultiplier(twice / (2 ** leftShift * so)),
  };
}

/** The factor of a quantized MUL, computed in float32. Source: mul.cc. */
export const productFactor = (a: Tensor, b: Tensor, out: Tensor): number =>
  Math.fround(Math.fround(parameters(a).scale * parameters(b).scale) / parameters(out).scale);

type Combine = (a: number, b: number) => number;

function quantizedBinary(op: EvalView<BinaryKind>): Combine {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const [za, zb] = [parameters(a).zeroPoint, parameters(b).zeroPoint];
  const { scale, zeroPoint } = parameters(out);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, out.dtype);
  if (op.kind === 'multiply') {
    const requantize = requantizer(op.profile === 'single' ? 'single' : 'tflite', [productFactor(a, b, out)]);
    return (x, y) => clamp((requantize((x - za) * (y - zb), 0) + zeroPoint) | 0, min, max);
  }
  const p = sumParameters(a, b, out);
  const sign = op.kind === 'add' ? 1 : -1;
  return (x, y) => {
    const first = multiplyByMultiplier((x - za) << p.leftShift, p.first);
    const second = multiplyByMultiplier((y - zb) << p.leftShift, p.second);
    const sum = (first + sign * second) | 0;
    return clamp((multiplyByMultiplier(sum, p.output) + zeroPoint) | 0, min, max);
  };
}

const FLOAT: Record<BinaryKind, Combine> = {
  add: (x, y) => Math.fround(x + y),
  subtract: (x, y) => Math.fround(x - y),
  multiply: (x, y) => Math.fround(x * y),
};
/** Wraps around as int32; narrower and unsigned types wrap again when stored. */
const INTEGER: Record<BinaryKind, Combine> = {
  add: (x, y) => (x + y) | 0,
  subtract: (x, y) => (x - y) | 0,
  multiply: (x, y) => Math.imul(x, y),
};
const WIDE: Record<BinaryKind, (a: bigint, b: bigint) => bigint> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
};

function plainBinary(op: EvalView<BinaryKind>): Combine {
  const { dtype } = op.outputs[0];
  if (isFloat(dtype)) {
    const { min, max } = floatRange(op.attrs.activation);
    return (x, y) => clamp(FLOAT[op.kind](x, y), min, max);
  }
  const { min, max } = activationInterval(op.attrs.activation);
  const combine = INTEGER[op.kind];
  if (dtype === 'int16') return (x, y) => clamp((combine(x, y) << 16) >> 16, min, max);
  if (dtype === 'uint32') return (x, y) => clamp(combine(x, y) >>> 0, min, max);
  return (x, y) => clamp(combine(x, y), min, max);
}

function wideBinary(op: EvalView<BinaryKind>, i: Int32Array | null, j: Int32Array | null, out: BigInt64Array): void {
  const [x, y] = [op.data[0] as BigInt64Array, op.data[1] as BigInt64Array];
  const { min, max } = activationInterval(op.attrs.activation);
  for (let k = 0; k < out.length; k++) {
    const v = BigInt.asIntN(64, WIDE[op.kind](x[i === null ? k : i[k]], y[j === null ? k : j[k]]));
    out[k] = v < min ? BigInt(min) : v > max ? BigInt(max) : v;
  }
}

function evaluateBinary(op: EvalView<BinaryKind>): TensorData[] {
  const output = op.outputs[0];
  const out = allocate(output.dtype, elements(output.shape));
  const i = broadcastIndices(operand(op, 0).shape, output.shape);
  const j = broadcastIndices(operand(op, 1).shape, output.shape);
  if (output.dtype === 'int64') {
    wideBinary(op, i, j, out as BigInt64Array);
    return [out];
  }
  const combine = isQuantized(output) ? quantizedBinary(op) : plainBinary(op);
  const [x, y] = [op.data[0] as Float32Array, op.data[1] as Float32Array];
  for (let k = 0; k < out.length; k++) out[k] = combine(x[i === null ? k : i[k]], y[j === null ? k : j[k]]);
  return [out];
}

const BINARY_TYPES: Record<BinaryKind, readonly DType[]> = {
  add: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'],
  subtract: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'],
  multiply: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64', 'uint32'],
};

function checkBinary(op: OpView<BinaryKind>): string[] {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  return firstProblems(
    () => [
      dtypeIs(a, 'the input', ...BINARY_TYPES[op.kind]),
      sameDtype(a, 'one operand', b, 'the other'),
      sameDtype(a, 'the input', out, 'the output'),
      clampingActivation(op.attrs.activation),
      broadcast(a.shape, b.shape) === null && `[${a.shape}] and [${b.shape}] do not broadcast`,
    ],
    () =>
      [a, b, out].some(isQuantized)
        ? [perTensorQuantized(a, 'input 0'), perTensorQuantized(b, 'input 1'), perTensorQuantized(out, 'the output')]
        : [],
  );
}

const binary = <K extends BinaryKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    check: (op) => checkBinary(op as OpView<BinaryKind>),
    shapes: (op) => [broadcast(operand(op, 0).shape, operand(op, 1).shape)],
    evaluate: (op) => evaluateBinary(op as EvalView<BinaryKind>),
  });

/** Float functions as the reference kernels compute them, each step in float32. */
const FUNCTIONS: Record<UnaryKind, (x: number) => number> = {
  'nn.relu': (x) => clamp(x, 0, Number.POSITIVE_INFINITY),
  'nn.relu6': (x) => clamp(x, 0, 6),
  sigmoid: (x) => {
    if (x > 16.619047164916992) return 1;
    if (x < -9) return Math.fround(Math.exp(x));
    return logistic(x);
  },
  tanh: (x) => Math.fround(Math.tanh(x)),
};
const logistic = (x: number): number => Math.fround(1 / Math.fround(1 + Math.fround(Math.exp(-x))));

/** One entry for each 8-bit value, from the type's smallest: round(f(real) / scale) + zero point in float32. */
export function lookupTable(input: Tensor, output: Tensor, f: (x: number) => number): TensorData {
  const [lo, hi] = integerRange(input.dtype);
  const [from, to] = [parameters(input), parameters(output)];
  const inverse = Math.fround(1 / to.scale);
  const table = allocate(output.dtype, hi - lo + 1);
  for (let q = lo; q <= hi; q++) {
    const y = Math.fround(f(Math.fround(from.scale * (q - from.zeroPoint))));
    table[q - lo] = clamp(roundAway(Math.fround(y * inverse)) + to.zeroPoint, lo, hi);
  }
  return table;
}

/** The table of an 8-bit sigmoid or tanh. Source: LUTPopulate (common.h). */
export const unaryTable = (op: OpView<'sigmoid' | 'tanh'>): TensorData =>
  lookupTable(operand(op, 0), op.outputs[0], op.kind === 'sigmoid' ? logistic : FUNCTIONS.tanh);

/** RELU operators rescale: input scale / output scale in float32. Source: ReluPrepare (activations.cc). */
export const reluFactor = (op: OpView<'nn.relu' | 'nn.relu6'>): number =>
  Math.fround(parameters(operand(op, 0)).scale / parameters(op.outputs[0]).scale);

export const reluActivation = (kind: 'nn.relu' | 'nn.relu6'): Activation => (kind === 'nn.relu' ? 'RELU' : 'RELU6');

function quantizedUnary(op: EvalView<UnaryKind>): (x: number) => number {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  if (op.kind === 'sigmoid' || op.kind === 'tanh') {
    const table = unaryTable(op as EvalView<'sigmoid' | 'tanh'>) as Int8Array;
    const lo = integerRange(input.dtype)[0];
    return (x) => table[x - lo];
  }
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(reluActivation(op.kind), scale, zeroPoint, output.dtype);
  const zero = parameters(input).zeroPoint;
  const m = quantizeMultiplier(reluFactor(op as EvalView<'nn.relu'>));
  return (x) => clamp((multiplyByMultiplier(x - zero, m) + zeroPoint) | 0, min, max);
}

function evaluateUnary(op: EvalView<UnaryKind>): TensorData[] {
  const output = op.outputs[0];
  const out = allocate(output.dtype, elements(output.shape));
  const x = op.data[0] as Float32Array;
  const f = isFloat(output.dtype) ? FUNCTIONS[op.kind] : quantizedUnary(op);
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
  return [out];
}

function checkUnary(op: OpView<UnaryKind>): string[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const rescales = op.kind === 'nn.relu' || op.kind === 'nn.relu6';
  return firstProblems(
    () => [
      dtypeIs(input, 'the input', 'float32', 'int8', 'uint8', ...(rescales ? (['int16'] as const) : [])),
      sameDtype(input, 'the input', output, 'the output'),
    ],
    () =>
      isFloat(input.dtype) ? [] : [perTensorQuantized(input, 'the input'), perTensorQuantized(output, 'the output')],
  );
}

const unary = <K extends UnaryKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    check: (op) => checkUnary(op as OpView<UnaryKind>),
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) => evaluateUnary(op as EvalView<UnaryKind>),
  });

export const elementwiseOps: OpTable<ElementwiseFamily> = {
  add: binary(),
  subtract: binary(),
  multiply: binary(),
  'nn.relu': unary(),
  'nn.relu6': unary(),
  sigmoid: unary(),
  tanh: unary(),
};
