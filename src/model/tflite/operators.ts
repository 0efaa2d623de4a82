import type { OpKind } from '../ops/attrs.ts';
import type { SumAttrs } from '../ops/sums.ts';
import { isFloat } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { dtypeOf, tensorTypeOf } from './dtypes.ts';
import { movingOperators } from './moving_operators.ts';
import { activated, NEWER, newRow, type OperatorRow, plain, row } from './rows.ts';
import { BUILTIN_OPERATORS, type BuiltinOperator } from './schema/enums.ts';
import type { OptionsOf } from './schema/options.ts';
import { statefulOperators } from './stateful_operators.ts';
import { weightedOperators } from './weighted_operators.ts';

const binary = { versions: { int8: 2, int16: 4 }, ...activated };
const sum = {
  ...binary,
  read: (o: OptionsOf<'AddOptions'>): SumAttrs => ({
    ...activated.read(o),
    ...(o.potScaleInt16 && { potScaleInt16: true }),
  }),
  write: (a: SumAttrs) => ({ ...activated.write(a), potScaleInt16: a.potScaleInt16 ?? false }),
};

export const operators: { readonly [K in OpKind]: OperatorRow<K> } = {
  ...weightedOperators,
  add: row({ builtin: 'ADD', options: 'AddOptions', ...sum }),
  subtract: row({ builtin: 'SUB', options: 'SubOptions', ...sum }),
  multiply: row({ builtin: 'MUL', options: 'MulOptions', ...binary }),
  divide: row({ builtin: 'DIV', options: 'DivOptions', versions: { int8: 2, int16: 2 }, ...activated }),
  floor_divide: plain('FLOOR_DIV', 'FloorDivOptions', { int8: 2, int16: 3 }),
  floor_mod: plain('FLOOR_MOD', 'FloorModOptions', { int8: 2, int16: 2 }),
  maximum: plain('MAXIMUM', 'MaximumMinimumOptions', NEWER),
  minimum: plain('MINIMUM', 'MaximumMinimumOptions', NEWER),
  power: plain('POW', 'PowOptions'),
  atan2: plain('ATAN2', 'ATan2Options'),
  squared_difference: plain('SQUARED_DIFFERENCE', 'SquaredDifferenceOptions', { int8: 2 }),
  'nn.prelu': plain('PRELU'),
  add_n: plain('ADD_N', 'AddNOptions'),
  equal: plain('EQUAL', 'EqualOptions', NEWER),
  not_equal: plain('NOT_EQUAL', 'NotEqualOptions', { int8: 2 }),
  less: plain('LESS', 'LessOptions', { int8: 2, int16: 3 }),
  less_equal: plain('LESS_EQUAL', 'LessEqualOptions', { int8: 2, int16: 2 }),
  greater: plain('GREATER', 'GreaterOptions', { int8: 2, int16: 2 }),
  greater_equal: plain('GREATER_EQUAL', 'GreaterEqualOptions', { int8: 2, int16: 3 }),
  logical_and: plain('LOGICAL_AND', 'LogicalAndOptions'),
  logical_or: plain('LOGICAL_OR', 'LogicalOrOptions'),
  reinterpret: plain('BITCAST', 'BitcastOptions'),
  bitwise_xor: plain('BITWISE_XOR', 'BitwiseXorOptions'),
  right_shift: plain('RIGHT_SHIFT', 'RightShiftOptions'),
  'signal.rfft2d': plain('RFFT2D', 'Rfft2dOptions'),
  real: plain('REAL'),
  imag: plain('IMAG'),
  complex_abs: plain('COMPLEX_ABS'),
  'hlo.add': plain('STABLEHLO_ADD'),
  'hlo.multiply': plain('STABLEHLO_MULTIPLY'),
  'hlo.maximum': plain('STABLEHLO_MAXIMUM'),
  'hlo.minimum': plain('STABLEHLO_MINIMUM'),
  'hlo.dilate': newRow({ builtin: 'DILATE', options2: 'DilateOptions', read: () => ({}), write: () => ({}) }),
  'hlo.reduce_window': newRow({
    builtin: 'REDUCE_WINDOW',
    options2: 'ReduceWindowOptions',
    read: ({ reduceFunction }) =>
      reduceFunction === 'UNSUPPORTED' ? 'it names no function to fold with' : { fold: reduceFunction },
    write: ({ fold }) => ({ reduceFunction: fold }),
  }),
  'nn.relu': plain('RELU', null, NEWER),
  'nn.relu6': plain('RELU6', null, NEWER),
  'nn.relu_n1_to_1': plain('RELU_N1_TO_1'),
  'nn.relu_0_to_1': plain('RELU_0_TO_1'),
  'nn.leaky_relu': row({
    builtin: 'LEAKY_RELU',
    options: 'LeakyReluOptions',
    versions: { int8: 2, int16: 2 },
    read: (o) => ({ alpha: o.alpha }),
    write: (a) => ({ alpha: a.alpha }),
  }),
  'nn.elu': plain('ELU'),
  'nn.gelu': row({
    builtin: 'GELU',
    options: 'GeluOptions',
    versions: { int8: 2 },
    read: (o) => ({ approximate: o.approximate }),
    write: (a) => ({ approximate: a.approximate }),
  }),
  'nn.hard_swish': plain('HARD_SWISH', 'HardSwishOptions'),
  sigmoid: plain('LOGISTIC', null, NEWER),
  tanh: plain('TANH', null, NEWER),
  abs: plain('ABS', 'AbsOptions', NEWER),
  negative: plain('NEG', 'NegOptions'),
  ceil: plain('CEIL'),
  floor: plain('FLOOR'),
  round: plain('ROUND'),
  cos: plain('COS', 'CosOptions'),
  sin: plain('SIN'),
  exp: plain('EXP', 'ExpOptions', { int8: 2, int16: 2 }),
  log: plain('LOG', null, { int8: 2, int16: 2 }),
  sqrt: plain('SQRT', null, { int8: 2, int16: 2 }),
  rsqrt: plain('RSQRT', null, { int8: 2, int16: 3 }),
  square: plain('SQUARE', 'SquareOptions'),
  sign: plain('SIGN', 'SignOptions'),
  logical_not: plain('LOGICAL_NOT', 'LogicalNotOptions'),
  'nn.log_softmax': plain('LOG_SOFTMAX', 'LogSoftmaxOptions', { int8: 2 }),
  'nn.l2_normalize': row({
    builtin: 'L2_NORMALIZATION',
    options: 'L2NormOptions',
    versions: { int8: 2 },
    read: (o) =>
      o.fusedActivationFunction === 'NONE'
        ? {}
        : `the fused activation ${o.fusedActivationFunction} is not defined here`,
    write: () => ({ fusedActivationFunction: 'NONE' as const }),
  }),
  'nn.lrn': row({
    builtin: 'LOCAL_RESPONSE_NORMALIZATION',
    options: 'LocalResponseNormalizationOptions',
    read: (o) => ({ radius: o.radius, bias: o.bias, alpha: o.alpha, beta: o.beta }),
    write: (a) => ({ ...a }),
  }),
  'nn.softmax': row({
    builtin: 'SOFTMAX',
    options: 'SoftmaxOptions',
    versions: NEWER,
    read: (o) => ({ beta: o.beta }),
    write: (a) => ({ beta: a.beta }),
  }),
  reshape: row({
    builtin: 'RESHAPE',
    options: 'ReshapeOptions',
    read: (o) => ({ newShape: o.newShape }),
    write: (a) => ({ newShape: a.newShape }),
  }),
  squeeze: row({
    builtin: 'SQUEEZE',
    options: 'SqueezeOptions',
    versions: { int8: 2 },
    read: (o) => ({ axes: o.squeezeDims ?? [] }),
    write: (a) => ({ squeezeDims: a.axes }),
  }),
  shape_of: row({
    builtin: 'SHAPE',
    options: 'ShapeOptions',
    read: (o) => ({ dtype: dtypeOf(o.outType) ?? 'int32' }),
    write: (a) => ({ outType: tensorTypeOf(a.dtype) }),
  }),
  rank_of: plain('RANK', 'RankOptions'),
  strided_slice: row({
    builtin: 'STRIDED_SLICE',
    options: 'StridedSliceOptions',
    versions: { int8: 2, uint8: 2, int16: 4 },
    read: (o) => ({ ...o }),
    write: (a) => ({ ...a }),
  }),
  stack: row({
    builtin: 'PACK',
    options: 'PackOptions',
    versions: { int8: 2, uint8: 2, int16: 3 },
    read: (o) => ({ axis: o.axis }),
    write: (a, operands) => ({ axis: a.axis, valuesCount: operands }),
  }),
  concatenate: row({
    builtin: 'CONCATENATION',
    options: 'ConcatenationOptions',
    versions: NEWER,
    read: (o) => ({ axis: o.axis, activation: o.fusedActivationFunction }),
    write: (a) => ({ axis: a.axis, fusedActivationFunction: a.activation }),
  }),
  'nn.pad': plain('PAD', 'PadOptions', NEWER),
  transpose: plain('TRANSPOSE', 'TransposeOptions', { int8: 2, int16: 4 }),
  ...movingOperators,
  ...statefulOperators,
  'qnn.quantize': { ...plain('QUANTIZE', 'QuantizeOptions'), when: ([x]) => x == null || isFloat(x.dtype) },
  'qnn.dequantize': plain('DEQUANTIZE', 'DequantizeOptions', { int8: 2, int16: 3, float16: 3 }),
  'qnn.requantize': {
    ...plain('QUANTIZE', 'QuantizeOptions', { int8: 2, uint8: 2, int16: 3 }),
    when: ([x]) => x != null && !isFloat(x.dtype),
  },
};

const kindsOf = new Map<BuiltinOperator, OpKind[]>();
for (const kind of Object.keys(operators) as OpKind[]) {
  const { builtin } = operators[kind];
  kindsOf.set(builtin, [...(kindsOf.get(builtin) ?? []), kind]);
}

/**
 * The kind that a builtin operator on these operands is, or null where the project does not know it.
 * @param custom the name of a custom operator
 */
export function kindOf(
  builtin: BuiltinOperator,
  inputs: readonly (Tensor | null)[],
  custom: string | null = null,
): OpKind | null {
  const fits = ({ when, custom: name }: OperatorRow<never>): boolean =>
    (name === undefined || name === custom) && (when?.(inputs) ?? true);
  return kindsOf.get(builtin)?.find((kind) => fits(operators[kind] as OperatorRow<never>)) ?? null;
}

/** The number that stands for a builtin operator in the file. */
export const builtinCode = (builtin: BuiltinOperator): number => BUILTIN_OPERATORS.indexOf(builtin);
