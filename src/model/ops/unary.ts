import { erfc } from '../arithmetic/erfc.ts';
import { clamp, roundEven } from '../arithmetic/rounding.ts';
import { lookUp16 } from '../arithmetic/table16.ts';
import { expF32, expm1F32, sigmoidF32, tanhF32 } from '../arithmetic/transcendental.ts';
import { allocate, type DType, isFloat, type TensorData } from '../tensor/dtype.ts';
import { floatOfHalf, halfOfFloat } from '../tensor/half.ts';
import { elements } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs, OpAttrs } from './attrs.ts';
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
import {
  absolute,
  type CodeMap,
  hardSwish,
  hardSwishFits,
  leakyRelu,
  logOrLowest,
  type RealMap,
  relu,
  rsqrt8,
  rsqrtOrLargest,
  sigmoidal16,
  squareRoot,
  table8,
  table16Of,
} from './unary/quantized.ts';

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
declare module './attrs.ts' {
  interface OpAttrs extends UnaryFamily {}
}

const f = Math.fround;

/** √(2/π) and 1/√2 in float32. */
const ROOT_2_PI = f(Math.sqrt(2 / Math.PI));
const ROOT_HALF = f(Math.SQRT1_2);
const SIXTH = f(1 / 6);

/** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))), or x/2 · erfc(−x/√2), which does not cancel. Source: reference/gelu.h. */
function gelu(x: number, approximate: boolean, tanh: (x: number) => number): number {
  const half = f(0.5 * x);
  if (!approximate) return f(half * f(erfc(f(x * -ROOT_HALF))));
  const cube = f(f(f(f(0.044715) * x) * x) * x);
  return f(half * f(1 + f(tanh(f(ROOT_2_PI * f(x + cube))))));
}

/** What one operator computes, and of which element types. */
interface UnaryRules<K extends UnaryKind> {
  /** The element types that TFLite's kernel knows. */
  readonly types: readonly DType[];
  /** The result for a value, each step in float32 as the reference kernels do; integers without scale, too. */
  readonly real: (x: number, attrs: OpAttrs[K]) => number;
  /** What the tables of a quantized operator hold: one of 256 results for 8 bits, one of 513 for int16. */
  readonly tabulated?: (op: OpView<K>) => RealMap;
  /** What a quantized operator makes of a code; null: `tabulated` says. */
  readonly codes?: (op: OpView<K>) => CodeMap | null;
}

const FLOAT = ['float32'] as const;
const BYTES = ['float32', 'int8', 'uint8'] as const;
const SIGNED = ['float32', 'int8', 'int16'] as const;
const QUANTIZED = ['float32', 'int8', 'uint8', 'int16'] as const;

const UNARY: { readonly [K in UnaryKind]: UnaryRules<K> } = {
  'nn.relu': { types: QUANTIZED, real: (x) => clamp(x, 0, Number.POSITIVE_INFINITY), codes: relu },
  'nn.relu6': { types: QUANTIZED, real: (x) => clamp(x, 0, 6), codes: relu },
  'nn.relu_n1_to_1': { types: BYTES, real: (x) => clamp(x, -1, 1), codes: relu },
  'nn.relu_0_to_1': { types: BYTES, real: (x) => clamp(x, 0, 1), codes: relu },
  'nn.leaky_relu': { types: QUANTIZED, real: (x, { alpha }) => (x > 0 ? x : x * f(alpha)), codes: leakyRelu },
  'nn.elu': {
    types: ['float32', 'int8'],
    real: (x) => (x < 0 ? expm1F32(x) : x),
    tabulated: () => (x) => (x < 0 ? f(f(Math.exp(x)) - 1) : x),
  },
  'nn.gelu': {
    types: BYTES,
    real: (x, { approximate }) => gelu(x, approximate, tanhF32),
    tabulated:
      ({ attrs }) =>
      (x) =>
        gelu(x, attrs.approximate, Math.tanh),
  },
  // A NaN counts as 0 in the clamp and comes back in the product.
  'nn.hard_swish': {
    types: BYTES,
    real: (x) => f(f(x * Math.min(6, Math.max(0, f(x + 3)) || 0)) * SIXTH),
    codes: hardSwish,
  },
  sigmoid: {
    types: QUANTIZED,
    real: sigmoidF32,
    tabulated: () => (x) => f(1 / f(1 + f(Math.exp(-x)))),
    codes: (op) => (op.outputs[0].dtype === 'int16' ? sigmoidal16(op) : null),
  },
  tanh: {
    types: QUANTIZED,
    real: tanhF32,
    tabulated: () => Math.tanh,
    codes: (op) => (op.outputs[0].dtype === 'int16' ? sigmoidal16(op) : null),
  },
  abs: { types: ['float32', 'int8', 'int16', 'int32'], real: Math.abs, codes: absolute },
  negative: { types: ['float32', 'int8', 'int16', 'int32', 'int64'], real: (x) => -x },
  ceil: { types: FLOAT, real: Math.ceil },
  floor: { types: ['float32', 'float16'], real: Math.floor },
  round: { types: FLOAT, real: roundEven },
  cos: { types: FLOAT, real: Math.cos },
  sin: { types: FLOAT, real: Math.sin },
  exp: { types: SIGNED, real: expF32, tabulated: () => Math.exp },
  log: { types: SIGNED, real: Math.log, tabulated: logOrLowest },
  sqrt: { types: SIGNED, real: Math.sqrt, codes: squareRoot },
  rsqrt: {
    types: SIGNED,
    real: (x) => f(1 / f(Math.sqrt(x))),
    tabulated: rsqrtOrLargest,
    codes: (op) => (op.outputs[0].dtype === 'int16' ? null : rsqrt8(op)),
  },
  square: { types: FLOAT, real: (x) => x * x },
  sign: { types: ['float32', 'int32'], real: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0) },
  logical_not: { types: ['bool'], real: (x) => (x === 0 ? 1 : 0) },
};
const unaryRules = (kind: UnaryKind): UnaryRules<UnaryKind> => UNARY[kind] as UnaryRules<UnaryKind>;

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
  const { real } = unaryRules(op.kind);
  if (dtype === 'float16') {
    for (let i = 0; i < out.length; i++) out[i] = halfOfFloat(real(floatOfHalf(x[i]), op.attrs));
    return [out];
  }
  const map = isPlainUnary(op.kind, input) ? (v: number) => real(v, op.attrs) : quantizedUnary(op);
  for (let i = 0; i < out.length; i++) out[i] = map(x[i]);
  return [out];
}

/** What a quantized operator makes of a code of its input. Its check has passed. */
function quantizedUnary(op: OpView<UnaryKind>): CodeMap {
  const { tabulated, codes } = unaryRules(op.kind);
  const own = codes?.(op) ?? null;
  if (own !== null) return own;
  if (tabulated === undefined) throw new TypeError(`${op.kind} has no quantized form`);
  if (op.outputs[0].dtype !== 'int16') return table8(op, tabulated(op));
  const table = table16Of(op, tabulated(op));
  return (q) => lookUp16(q, table);
}

/** The 513 entries of an int16 EXP, LOG or RSQRT. */
export const unaryTable16 = (op: OpView<UnaryKind>): Int16Array => table16Of(op, unaryRules(op.kind).tabulated!(op));

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
      dtypeIs(input, 'the input', ...unaryRules(op.kind).types),
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

const unary = ({ tabulated, codes }: UnaryRules<UnaryKind>): OpDefinition<UnaryKind> =>
  defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    ...((tabulated ?? codes) && { operandNames: ['input'] }),
    check: checkUnary,
    shapes: (op) => [operand(op, 0).shape],
    evaluate: evaluateUnary,
  });

export const unaryOps = Object.fromEntries(
  Object.entries(UNARY).map(([kind, rules]) => [kind, unary(rules as UnaryRules<UnaryKind>)]),
) as unknown as OpTable<UnaryFamily>;
