import type { Tensor } from '../ir/graph.ts';
import { allocate, integerRange, isFloat, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import { activationRange, clamp, multiplyByMultiplier, quantizeMultiplier, roundAway } from './arithmetic.ts';
import type { Activation } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, operand, parameters, perTensorQuantized, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpView } from './definition.ts';
import { type Scaling16, scaling16, sigmoid16, tanh16 } from './table16.ts';

/** Operators of the elementwise family that take one operand. */
type UnaryKind = 'nn.relu' | 'nn.relu6' | 'sigmoid' | 'tanh';

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

/** How an int16 sigmoid or tanh scales its input. */
export const unaryScaling16 = (op: OpView<'sigmoid' | 'tanh'>): Scaling16 =>
  scaling16(parameters(operand(op, 0)).scale, op.kind === 'sigmoid' ? 0 : 1);

/** RELU operators rescale: input scale / output scale in float32. Source: ReluPrepare (activations.cc). */
export const reluFactor = (op: OpView<'nn.relu' | 'nn.relu6'>): number =>
  Math.fround(parameters(operand(op, 0)).scale / parameters(op.outputs[0]).scale);

export const reluActivation = (kind: 'nn.relu' | 'nn.relu6'): Activation => (kind === 'nn.relu' ? 'RELU' : 'RELU6');

function quantizedUnary(op: EvalView<UnaryKind>): (x: number) => number {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  if (input.dtype === 'int16' && (op.kind === 'sigmoid' || op.kind === 'tanh')) {
    const scaling = unaryScaling16(op as EvalView<'sigmoid' | 'tanh'>);
    const f = op.kind === 'sigmoid' ? sigmoid16 : tanh16;
    return (x) => f(x, scaling);
  }
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

/** Quantized sigmoids have a fixed output scale, as has tanh in int16. Source: SigmoidPrepare, TanhPrepare. */
function fixedOutputScale(op: OpView<UnaryKind>): string | false {
  const { dtype } = op.outputs[0];
  const fixed = op.kind === 'sigmoid' ? !isFloat(dtype) : op.kind === 'tanh' && dtype === 'int16';
  if (!fixed) return false;
  const expected = dtype === 'int16' ? 1 / 32768 : 1 / 256;
  const { scale } = parameters(op.outputs[0]);
  return Math.abs(scale - expected) > 1e-3 * expected && `the output's scale is ${scale}, must be ${expected}`;
}

function checkUnary(op: OpView<UnaryKind>): string[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  return firstProblems(
    () => [
      dtypeIs(input, 'the input', 'float32', 'int8', 'uint8', 'int16'),
      sameDtype(input, 'the input', output, 'the output'),
    ],
    () =>
      isFloat(input.dtype) ? [] : [perTensorQuantized(input, 'the input'), perTensorQuantized(output, 'the output')],
    () => [fixedOutputScale(op)],
  );
}

export const unary = <K extends UnaryKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    check: (op) => checkUnary(op as OpView<UnaryKind>),
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) => evaluateUnary(op as EvalView<UnaryKind>),
  });
