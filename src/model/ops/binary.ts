import type { Activation } from '../arithmetic/activation.ts';
import { activationInterval, floatRange } from '../arithmetic/activation.ts';
import { castInt32, clamp } from '../arithmetic/rounding.ts';
import { allocate, type DType, isFloat, isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { broadcast, elements, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
import { prelu, quotient, squaredDifference } from './binary/quantized.ts';
import {
  clampingActivation,
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  perTensorQuantized,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { type Combine, combine } from './shared/broadcast.ts';

/** Operators on two operands that broadcast, besides sums, products and comparisons; and the sum of many. */
export interface BinaryFamily {
  divide: { readonly activation: Activation };
  floor_divide: NoAttrs;
  floor_mod: NoAttrs;
  maximum: NoAttrs;
  minimum: NoAttrs;
  power: NoAttrs;
  /** y, x of one shape: the angle of (x, y). TFLite ATAN2. */
  atan2: NoAttrs;
  squared_difference: NoAttrs;
  /** data, alpha: alpha broadcasts to the data's shape. */
  'nn.prelu': NoAttrs;
  /** One or more operands of one shape. */
  add_n: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends BinaryFamily {}
}
export type BinaryKind = Exclude<keyof BinaryFamily, 'add_n'>;

const f = Math.fround;

const remainder: Combine = (x, y) => {
  const rest = x % y;
  return rest !== 0 && y < 0 !== rest < 0 ? rest + y : rest;
};
const wideRemainder = (x: bigint, y: bigint): bigint => {
  if (y === 0n) return 0n;
  const rest = x % y;
  return rest !== 0n && y < 0n !== rest < 0n ? rest + y : rest;
};

// A NaN in the first place loses, one in the second wins.
const larger = <T extends number | bigint>(x: T, y: T): T => (x > y ? x : y);
const smaller = <T extends number | bigint>(x: T, y: T): T => (x < y ? x : y);

/** x to a whole power, exact as far as it matters: what leaves int32 is out of range either way. */
function integerPower(x: number, y: number): number {
  if (y < 0) return Math.trunc(1 / integerPower(x, -y));
  let result = 1;
  for (let base = x, n = y; n > 0; n = Math.floor(n / 2), base *= base) if (n % 2 === 1) result *= base;
  return result;
}
function wrappingPower(x: number, y: number): number {
  let result = 1;
  for (let base = x, n = y; n > 0; n = Math.floor(n / 2), base = Math.imul(base, base))
    if (n % 2 === 1) result = Math.imul(result, base);
  return result;
}

/** TFLite multiplies where one exponent serves all, wrapping; otherwise it goes through double. Source: BroadcastPow4D. */
export const powerWraps = (op: OpView<'power'>): boolean =>
  elements(operand(op, 1).shape) === 1 && !sameShape(operand(op, 0).shape, operand(op, 1).shape);

/** What one operator computes, and of which element types. */
interface BinaryRules<K extends BinaryKind> {
  /** The element types that TFLite's kernel knows. */
  readonly types: readonly DType[];
  /** The result for two values; for integers without scale, too, unless `integers` says otherwise. */
  readonly real: Combine;
  /** For integers. A division by 0, which TFLite refuses, is 0. */
  readonly integers?: (op: OpView<K>) => Combine;
  readonly wide?: (x: bigint, y: bigint) => bigint;
  /** For codes, where the operator looks at scales and zero points. The others compute on the codes themselves. */
  readonly codes?: (op: OpView<K>) => Combine;
  readonly operandNames?: readonly string[];
}

const INTEGERS = ['int8', 'int16', 'int32'] as const;
const ALL = ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'] as const;

const BINARY: { readonly [K in BinaryKind]: BinaryRules<K> } = {
  divide: {
    types: ['float32', 'int32', 'int8', 'uint8', 'int16'],
    real: (x, y) => f(x / y),
    integers: ({ attrs }) => {
      const { min, max } = activationInterval(attrs.activation);
      return (x, y) => clamp(y === 0 ? 0 : (x / y) | 0, min, max);
    },
    codes: quotient,
    operandNames: ['lhs', 'rhs'],
  },
  floor_divide: {
    types: ['float32', ...INTEGERS],
    real: (x, y) => Math.floor(x / y),
    integers: () => (x, y) => (y === 0 ? 0 : castInt32(Math.floor(x / y))),
  },
  floor_mod: {
    types: ['float32', ...INTEGERS, 'int64'],
    real: remainder,
    integers: () => (x, y) => (y === 0 ? 0 : remainder(x, y)),
    wide: wideRemainder,
  },
  maximum: { types: ALL, real: larger, wide: larger },
  minimum: { types: ALL, real: smaller, wide: smaller },
  power: {
    types: ['float32', 'int32'],
    real: (x, y) => (Math.abs(x) === 1 && !Number.isFinite(y) ? (Number.isNaN(y) && x < 0 ? y : 1) : x ** y),
    integers: (op) => {
      const wraps = powerWraps(op);
      return (x, y) => (wraps && y >= 1 ? wrappingPower(x, y) : castInt32(integerPower(x, y)));
    },
  },
  atan2: { types: ['float32', 'float64'], real: Math.atan2 },
  squared_difference: {
    types: ['float32', 'int32', 'int8'],
    real: (x, y) => f(f(x - y) * f(x - y)),
    integers: () => (x, y) => Math.imul(x - y, x - y),
    codes: squaredDifference,
    operandNames: ['lhs', 'rhs'],
  },
  'nn.prelu': {
    types: ['float32', 'int8', 'uint8'],
    real: (x, y) => (x >= 0 ? x : x * y),
    codes: prelu,
    operandNames: ['input', 'alpha'],
  },
};
const binaryRules = (kind: BinaryKind): BinaryRules<BinaryKind> => BINARY[kind] as BinaryRules<BinaryKind>;

/** Whether the operator looks at the scales of its operands and its result. */
export const isRescaling = (kind: BinaryKind, output: Tensor): boolean =>
  binaryRules(kind).codes !== undefined && isQuantizable(output.dtype);

function floatBinary(op: EvalView<BinaryKind>): Combine {
  const { real } = binaryRules(op.kind);
  if (!('activation' in op.attrs)) return real;
  const { min, max } = floatRange(op.attrs.activation);
  return (x, y) => clamp(real(x, y), min, max);
}

function evaluate(op: EvalView<BinaryKind>): TensorData[] {
  const output = op.outputs[0];
  const { real, integers, wide, codes } = binaryRules(op.kind);
  if (output.dtype === 'int64') return combine(op, wide!);
  if (isFloat(output.dtype)) return combine(op, floatBinary(op));
  return combine(op, (isRescaling(op.kind, output) ? codes : integers)?.(op) ?? real);
}

function check(op: OpView<BinaryKind>): string[] {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const shape = broadcast(a.shape, b.shape);
  return firstProblems(
    () => [
      dtypeIs(a, 'the input', ...binaryRules(op.kind).types),
      sameDtype(a, 'one operand', b, 'the other'),
      sameDtype(a, 'the input', out, 'the output'),
      'activation' in op.attrs && clampingActivation(op.attrs.activation),
      shape === null && `[${a.shape}] and [${b.shape}] do not broadcast`,
      op.kind === 'atan2' && !sameShape(a.shape, b.shape) && `[${a.shape}] and [${b.shape}] are not the same shape`,
      op.kind === 'nn.prelu' && shape !== null && !sameShape(shape, a.shape) && 'alpha is larger than the input',
    ],
    () =>
      isRescaling(op.kind, out)
        ? [perTensorQuantized(a, 'input 0'), perTensorQuantized(b, 'input 1'), perTensorQuantized(out, 'the output')]
        : [],
  );
}

const binary = ({ operandNames }: BinaryRules<BinaryKind>): OpDefinition<BinaryKind> =>
  defineOp({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames,
    check,
    shapes: (op) => [broadcast(operand(op, 0).shape, operand(op, 1).shape)],
    evaluate,
  });

const addN = defineOp<'add_n'>({
  arity: { inputs: [1, 1024], outputs: [1, 1] },
  check: (op) => {
    const first = operand(op, 0);
    return firstProblems(
      () => op.inputs.map((t, i) => t === null && `input ${i} is missing`),
      () => [
        dtypeIs(first, 'the input', 'float32', 'int32'),
        ...op.inputs.map((t, i) => sameDtype(first, 'input 0', t!, `input ${i}`)),
        sameDtype(first, 'the input', op.outputs[0], 'the output'),
        ...op.inputs.map((t, i) => !sameShape(first.shape, t!.shape) && `input ${i} has another shape than input 0`),
      ],
    );
  },
  shapes: (op) => [operand(op, 0).shape],
  evaluate: (op) => {
    const { dtype, shape } = op.outputs[0];
    const out = allocate(dtype, elements(shape)) as Float32Array;
    const [first, ...others] = op.data as Float32Array[];
    out.set(first);
    for (const data of others) for (let i = 0; i < out.length; i++) out[i] += data[i];
    return [out];
  },
});

export const binaryOps = {
  ...Object.fromEntries(
    Object.entries(BINARY).map(([kind, rules]) => [kind, binary(rules as BinaryRules<BinaryKind>)]),
  ),
  add_n: addN,
} as unknown as OpTable<BinaryFamily>;
