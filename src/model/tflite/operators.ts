import type { Tensor } from '../ir/graph.ts';
import type { Activation, NoAttrs, Padding, Pads } from '../ops/attrs.ts';
import type { Conv2dAttrs } from '../ops/conv.ts';
import type { SumAttrs } from '../ops/elementwise.ts';
import type { OpAttrs, OpKind } from '../ops/kinds.ts';
import type { PoolAttrs } from '../ops/pool.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { dtypeOf, tensorTypeOf } from './dtypes.ts';
import { BUILTIN_OPERATORS, type BuiltinOperator } from './schema/enums.ts';
import type { OptionsName, OptionsOf } from './schema/options.ts';

type Versions = Partial<Record<DType, number>>;

/** How a kind of the IR and a builtin operator of TFLite stand for one another. */
export interface OperatorRow<K extends OpKind> {
  readonly builtin: BuiltinOperator;
  /** The options table the operator carries; null: none. */
  readonly options: OptionsName | null;
  /** Operator versions that runtimes expect, by the first operand's type; 1 elsewhere. */
  readonly versions: Versions;
  /** Where several kinds share a builtin operator: whether these operands make it this kind. */
  when?(inputs: readonly (Tensor | null)[]): boolean;
  /** Attributes from options; a string says why the options cannot be honoured. */
  read(options: unknown): OpAttrs[K] | string;
  /** Options from attributes and the number of operands; what is left out has the schema's default. */
  write(attrs: OpAttrs[K], operands: number): Readonly<Record<string, unknown>>;
}

interface RowOf<K extends OpKind, N extends OptionsName> {
  readonly builtin: BuiltinOperator;
  readonly options: N;
  readonly versions?: Versions;
  read(options: OptionsOf<N>): OpAttrs[K] | string;
  write(attrs: OpAttrs[K], operands: number): Partial<OptionsOf<N>>;
}
const row = <K extends OpKind, N extends OptionsName>(r: RowOf<K, N>): OperatorRow<K> => ({
  builtin: r.builtin,
  options: r.options,
  versions: r.versions ?? {},
  read: r.read as OperatorRow<K>['read'],
  write: r.write,
});

type PlainKind = { [K in OpKind]: NoAttrs extends OpAttrs[K] ? K : never }[OpKind];
/** An operator without attributes. */
const plain = <K extends PlainKind>(
  builtin: BuiltinOperator,
  options: OptionsName | null = null,
  versions: Versions = {},
): OperatorRow<K> => ({ builtin, options, versions, read: () => ({}) as OpAttrs[K], write: () => ({}) });

/** Only the file's own padding can be written: explicit extents are the compiler's. */
function filePadding(padding: Padding | Pads): Padding {
  if (typeof padding === 'string') return padding;
  throw new Error('a convolution with explicit padding has no TFLite form');
}

const activated = {
  read: (o: { readonly fusedActivationFunction: Activation }) => ({ activation: o.fusedActivationFunction }),
  write: (a: { readonly activation: Activation }) => ({ fusedActivationFunction: a.activation }),
};
const binary = { versions: { int8: 2, int16: 4 }, ...activated };
const sum = {
  ...binary,
  read: (o: OptionsOf<'AddOptions'>): SumAttrs => ({
    ...activated.read(o),
    ...(o.potScaleInt16 && { potScaleInt16: true }),
  }),
  write: (a: SumAttrs) => ({ ...activated.write(a), potScaleInt16: a.potScaleInt16 ?? false }),
};

const pool = {
  options: 'Pool2DOptions',
  versions: { int8: 2, int16: 3 },
  read: (o: OptionsOf<'Pool2DOptions'>): PoolAttrs => ({
    padding: o.padding,
    strides: [o.strideH, o.strideW],
    pool: [o.filterHeight, o.filterWidth],
    ...activated.read(o),
  }),
  write: (a: PoolAttrs) => ({
    padding: a.padding,
    strideH: a.strides[0],
    strideW: a.strides[1],
    filterHeight: a.pool[0],
    filterWidth: a.pool[1],
    ...activated.write(a),
  }),
} as const;

const window = {
  read: (o: OptionsOf<'Conv2DOptions'> | OptionsOf<'DepthwiseConv2DOptions'>): Conv2dAttrs => ({
    padding: o.padding,
    strides: [o.strideH, o.strideW],
    dilation: [o.dilationHFactor, o.dilationWFactor],
    ...activated.read(o),
  }),
  write: (a: Conv2dAttrs) => ({
    padding: filePadding(a.padding),
    strideH: a.strides[0],
    strideW: a.strides[1],
    dilationHFactor: a.dilation[0],
    dilationWFactor: a.dilation[1],
    ...activated.write(a),
  }),
};

const NEWER: Versions = { int8: 2, int16: 3 };

export const operators: { readonly [K in OpKind]: OperatorRow<K> } = {
  'nn.conv2d': row({ builtin: 'CONV_2D', options: 'Conv2DOptions', versions: { int8: 3, int16: 4 }, ...window }),
  'nn.depthwise_conv2d': row({
    builtin: 'DEPTHWISE_CONV_2D',
    options: 'DepthwiseConv2DOptions',
    versions: { int8: 3, int16: 5 },
    read: (o) => ({ ...window.read(o), depthMultiplier: o.depthMultiplier }),
    write: (a) => ({ ...window.write(a), depthMultiplier: a.depthMultiplier }),
  }),
  'nn.dense': row({
    builtin: 'FULLY_CONNECTED',
    options: 'FullyConnectedOptions',
    versions: { int8: 4, int16: 7 },
    read: (o) =>
      o.weightsFormat !== 'DEFAULT'
        ? `weights stored as ${o.weightsFormat} are not supported: convert the model again without shuffled weights`
        : {
            activation: o.fusedActivationFunction,
            keepNumDims: o.keepNumDims,
            asymmetricQuantizeInputs: o.asymmetricQuantizeInputs,
          },
    write: (a) => ({
      fusedActivationFunction: a.activation,
      keepNumDims: a.keepNumDims,
      asymmetricQuantizeInputs: a.asymmetricQuantizeInputs,
    }),
  }),
  'nn.avg_pool2d': row({ builtin: 'AVERAGE_POOL_2D', ...pool }),
  'nn.max_pool2d': row({ builtin: 'MAX_POOL_2D', ...pool }),
  add: row({ builtin: 'ADD', options: 'AddOptions', ...sum }),
  subtract: row({ builtin: 'SUB', options: 'SubOptions', ...sum }),
  multiply: row({ builtin: 'MUL', options: 'MulOptions', ...binary }),
  'nn.relu': plain('RELU', null, NEWER),
  'nn.relu6': plain('RELU6', null, NEWER),
  sigmoid: plain('LOGISTIC', null, NEWER),
  tanh: plain('TANH', null, NEWER),
  mean: row({
    builtin: 'MEAN',
    options: 'ReducerOptions',
    versions: { int8: 2, int16: 3 },
    read: (o) => ({ keepDims: o.keepDims }),
    write: (a) => ({ keepDims: a.keepDims }),
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

/** The kind that a builtin operator on these operands is, or null where the project does not know it. */
export function kindOf(builtin: BuiltinOperator, inputs: readonly (Tensor | null)[]): OpKind | null {
  return kindsOf.get(builtin)?.find((kind) => operators[kind].when?.(inputs) ?? true) ?? null;
}

/** The number that stands for a builtin operator in the file. */
export const builtinCode = (builtin: BuiltinOperator): number => BUILTIN_OPERATORS.indexOf(builtin);
