import type { Tensor } from '../ir/graph.ts';
import { allocate, type DType, isFloat, type TensorData } from '../tensor/dtype.ts';
import { floatOfHalf, halfOfFloat } from '../tensor/half.ts';
import { elements } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  parameters,
  perTensorOrBare,
  perTensorQuantized,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { unaryFunctions } from './unary_float.ts';
import { hardSwishFits, quantizedUnary } from './unary_quantized.ts';

/** Operators on one operand, element by element. */
export interface UnaryFamily {
  'nn.relu': NoAttrs;
  'nn.relu6': NoAttrs;
  'nn.relu_n1_to_1': NoAttrs;
  'nn.relu_0_to_1': NoAttrs;
  'nn.leaky_relu': { readonly alpha: number };
  'nn.elu': NoAttrs;
  /** By tanh where approximate, else by the error function. */
  'nn.gelu': { readonly approximate: boolean };
  'nn.hard_swish': NoAttrs;
  sigmoid: NoAttrs;
  tanh: NoAttrs;
  abs: NoAttrs;
  negative: NoAttrs;
  ceil: NoAttrs;
  floor: NoAttrs;
  /** Halves to even. */
  round: NoAttrs;
  cos: NoAttrs;
  sin: NoAttrs;
  exp: NoAttrs;
  log: NoAttrs;
  sqrt: NoAttrs;
  rsqrt: NoAttrs;
  square: NoAttrs;
  sign: NoAttrs;
  logical_not: NoAttrs;
}
export type UnaryKind = keyof UnaryFamily;

/** The element types that TFLite's kernels know. */
const TYPES: Readonly<Record<UnaryKind, readonly DType[]>> = {
  'nn.relu': ['float32', 'int8', 'uint8', 'int16'],
  'nn.relu6': ['float32', 'int8', 'uint8', 'int16'],
  'nn.relu_n1_to_1': ['float32', 'int8', 'uint8'],
  'nn.relu_0_to_1': ['float32', 'int8', 'uint8'],
  'nn.leaky_relu': ['float32', 'int8', 'uint8', 'int16'],
  'nn.elu': ['float32', 'int8'],
  'nn.gelu': ['float32', 'int8', 'uint8'],
  'nn.hard_swish': ['float32', 'int8', 'uint8'],
  sigmoid: ['float32', 'int8', 'uint8', 'int16'],
  tanh: ['float32', 'int8', 'uint8', 'int16'],
  abs: ['float32', 'int8', 'int16', 'int32'],
  negative: ['float32', 'int8', 'int16', 'int32', 'int64'],
  ceil: ['float32'],
  floor: ['float32', 'float16'],
  round: ['float32'],
  cos: ['float32'],
  sin: ['float32'],
  exp: ['float32', 'int8', 'int16'],
  log: ['float32', 'int8', 'int16'],
  sqrt: ['float32', 'int8', 'int16'],
  rsqrt: ['float32', 'int8', 'int16'],
  square: ['float32'],
  sign: ['float32', 'int32'],
  logical_not: ['bool'],
};

/**
 * Whether the operator computes on the codes themselves, whatever their scale: NEG does so even where there is one,
 * ABS where there is none.
 */
export const isPlainUnary = (kind: UnaryKind, input: Tensor): boolean =>
  isFloat(input.dtype) ||
  /^(bool|int32|int64)$/.test(input.dtype) ||
  kind === 'negative' ||
  (kind === 'abs' && input.dtype === 'int16' && input.quantization === null);

function evaluateUnary(op: EvalView<UnaryKind>): TensorData[] {
  const input = operand(op, 0);
  const { dtype, shape } = op.outputs[0];
  const out = allocate(dtype, elements(shape));
  if (dtype === 'int64') return [(op.data[0] as BigInt64Array).map((x) => BigInt.asIntN(64, -x))];
  const x = op.data[0] as Float32Array;
  const plain = unaryFunctions[op.kind] as (x: number, attrs: object) => number;
  if (dtype === 'float16') {
    for (let i = 0; i < out.length; i++) out[i] = halfOfFloat(plain(floatOfHalf(x[i]), op.attrs));
    return [out];
  }
  const f = isPlainUnary(op.kind, input) ? (v: number) => plain(v, op.attrs) : quantizedUnary(op);
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

/** On tensors without quantization these are 0 in TFLite: their multiplier, a quotient of scales, is none. */
const RELUS = /^nn\.(leaky_)?relu/;

function checkUnary(op: OpView<UnaryKind>): string[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const plain = isPlainUnary(op.kind, input);
  return firstProblems(
    () => [
      dtypeIs(input, 'the input', ...TYPES[op.kind]),
      sameDtype(input, 'the input', output, 'the output'),
      'alpha' in op.attrs && !Number.isFinite(op.attrs.alpha) && `alpha is ${op.attrs.alpha}`,
    ],
    () => {
      const scaled = RELUS.test(op.kind) ? perTensorOrBare : perTensorQuantized;
      return plain ? [] : [scaled(input, 'the input'), scaled(output, 'the output')];
    },
    () => [
      fixedOutputScale(op),
      op.kind === 'nn.hard_swish' &&
        !plain &&
        !hardSwishFits(input, output) &&
        "the output's scale is below 1/128 of the input's, too small for fixed point",
    ],
  );
}

const unary = <K extends UnaryKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    check: (op) => checkUnary(op as OpView<UnaryKind>),
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) => evaluateUnary(op as EvalView<UnaryKind>),
  });

export const unaryOps: OpTable<UnaryFamily> = {
  'nn.relu': unary(),
  'nn.relu6': unary(),
  'nn.relu_n1_to_1': unary(),
  'nn.relu_0_to_1': unary(),
  'nn.leaky_relu': unary(),
  'nn.elu': unary(),
  'nn.gelu': unary(),
  'nn.hard_swish': unary(),
  sigmoid: unary(),
  tanh: unary(),
  abs: unary(),
  negative: unary(),
  ceil: unary(),
  floor: unary(),
  round: unary(),
  cos: unary(),
  sin: unary(),
  exp: unary(),
  log: unary(),
  sqrt: unary(),
  rsqrt: unary(),
  square: unary(),
  sign: unary(),
  logical_not: unary(),
};
