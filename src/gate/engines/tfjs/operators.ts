import type { Activation } from '../../../model/arithmetic/activation.ts';
import type { OpAttrs, OpKind, Pads } from '../../../model/ops/attrs.ts';
import { elements } from '../../../model/tensor/shape.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import { flag, float, type GraphDef, int, ints, plainData, type Ref, text } from './graph_def.ts';

/** A node to be written in TensorFlow's operators. */
export interface Translated<K extends OpKind> {
  readonly attrs: OpAttrs[K];
  /** An absent operand is null. */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  /** What the operands are called in the graph; `''` where absent. */
  readonly refs: readonly Ref[];
  readonly graph: GraphDef;
}

/** Its outputs, or why TF.js cannot compute it. */
export type Translation = readonly Ref[] | { readonly lacks: string };
type Translate<K extends OpKind> = (op: Translated<K>) => Translation;

/**
 * Our FP32 operators in TensorFlow's. Kinds that are not here are said to be missing, never approximated: this checks our
 * builds by arithmetic that is not ours.
 */
export const TRANSLATIONS: { readonly [K in OpKind]?: Translate<K> } = {
  'nn.conv2d': (op) => {
    const [data, kernel] = op.inputs as Tensor[];
    const [out, h, w, per] = kernel.shape;
    if (per !== data.shape[3]) return { lacks: 'convolutions in groups' };
    const weights = plainData(kernel.data ?? new Uint8Array());
    if (weights === null) return { lacks: 'convolutions with computed kernels' };
    // OHWI to HWIO
    const turned = new Float32Array(weights.length);
    for (let o = 0, at = 0; o < out; o++) for (let i = 0; i < h * w * per; i++) turned[i * out + o] = weights[at++];
    return convolved(op, 'Conv2D', op.graph.constant(turned, [h, w, per, out]));
  },
  'nn.depthwise_conv2d': (op) => {
    const [data, kernel] = op.inputs as Tensor[];
    const weights = plainData(kernel.data ?? new Uint8Array());
    if (weights === null) return { lacks: 'convolutions with computed kernels' };
    const [, h, w, all] = kernel.shape;
    const channels = data.shape[3];
    return convolved(op, 'DepthwiseConv2dNative', op.graph.constant(weights, [h, w, channels, all / channels]));
  },
  'nn.dense': ({ graph, refs, inputs, outputs, attrs }) => {
    const [units, depth] = (inputs[1] as Tensor).shape;
    const rows = graph.op('Reshape', [refs[0], graph.indices([-1, depth])]);
    const product = graph.op('MatMul', [rows, refs[1]], { transpose_a: flag(false), transpose_b: flag(true) });
    const sum = inputs[2] ? graph.op('AddV2', [product, refs[2]]) : product;
    const shaped =
      outputs[0].shape.length === 2 && outputs[0].shape[1] === units ? sum : reshaped(graph, sum, outputs[0]);
    return activated(graph, shaped, attrs.activation);
  },
  'nn.avg_pool2d': (op) => pooled(op, 'AvgPool'),
  'nn.max_pool2d': (op) => pooled(op, 'MaxPool'),
  add: (op) => binary(op, 'AddV2'),
  subtract: (op) => binary(op, 'Sub'),
  multiply: (op) => binary(op, 'Mul'),
  divide: (op) => binary(op, 'RealDiv'),
  maximum: (op) => binary(op, 'Maximum'),
  minimum: (op) => binary(op, 'Minimum'),
  squared_difference: (op) => binary(op, 'SquaredDifference'),
  'nn.prelu': (op) => binary(op, 'Prelu'),
  'nn.relu': (op) => unary(op, 'Relu'),
  'nn.relu6': (op) => unary(op, 'Relu6'),
  'nn.leaky_relu': ({ graph, refs, attrs }) => [graph.op('LeakyRelu', refs, { alpha: float(attrs.alpha) })],
  'nn.elu': (op) => unary(op, 'Elu'),
  'nn.hard_swish': ({ graph, refs: [x] }) => {
    const gate = graph.op('Relu6', [graph.op('AddV2', [x, graph.scalar(3)])]);
    return [graph.op('Mul', [x, graph.op('Mul', [gate, graph.scalar(1 / 6)])])];
  },
  sigmoid: (op) => unary(op, 'Sigmoid'),
  tanh: (op) => unary(op, 'Tanh'),
  abs: (op) => unary(op, 'Abs'),
  negative: (op) => unary(op, 'Neg'),
  ceil: (op) => unary(op, 'Ceil'),
  floor: (op) => unary(op, 'Floor'),
  cos: (op) => unary(op, 'Cos'),
  sin: (op) => unary(op, 'Sin'),
  exp: (op) => unary(op, 'Exp'),
  log: (op) => unary(op, 'Log'),
  sqrt: (op) => unary(op, 'Sqrt'),
  rsqrt: (op) => unary(op, 'Rsqrt'),
  square: (op) => unary(op, 'Square'),
  'nn.softmax': ({ graph, refs: [x], attrs: { beta } }) => [
    graph.op('Softmax', [beta === 1 ? x : graph.op('Mul', [x, graph.scalar(beta)])]),
  ],
  'nn.log_softmax': (op) => unary(op, 'LogSoftmax'),
  mean: (op) => reduced(op, 'Mean'),
  sum: (op) => reduced(op, 'Sum'),
  max: (op) => reduced(op, 'Max'),
  min: (op) => reduced(op, 'Min'),
  // Shapes are concrete here, so whatever only renames the extents is one operator.
  reshape: ({ graph, refs, outputs }) => [reshaped(graph, refs[0], outputs[0])],
  squeeze: ({ graph, refs, outputs }) => [reshaped(graph, refs[0], outputs[0])],
  expand_dims: ({ graph, refs, outputs }) => [reshaped(graph, refs[0], outputs[0])],
  transpose: ({ graph, refs }) => [graph.op('Transpose', refs)],
  concatenate: ({ graph, refs, attrs, outputs }) => {
    const axis = attrs.axis < 0 ? attrs.axis + outputs[0].shape.length : attrs.axis;
    const all = [...refs, graph.constant(Int32Array.of(axis), [])];
    return [graph.op('ConcatV2', all, { N: int(refs.length) })];
  },
  'nn.pad': ({ graph, refs }) => [graph.op('Pad', refs)],
  'nn.mirror_pad': ({ graph, refs, attrs }) => [graph.op('MirrorPad', refs, { mode: text(attrs.mode) })],
  'image.resize_bilinear': (op) => resized(op, 'ResizeBilinear'),
  'image.resize_nearest': (op) => resized(op, 'ResizeNearestNeighbor'),
};

const unary = ({ graph, refs }: { graph: GraphDef; refs: readonly Ref[] }, name: string): Translation => [
  graph.op(name, refs),
];

function binary<K extends OpKind>({ graph, refs, attrs, inputs }: Translated<K>, name: string): Translation {
  const odd = inputs.find((t) => t?.dtype !== 'float32');
  if (odd !== undefined) return { lacks: `${name} of ${odd?.dtype}` };
  const { activation = 'NONE' } = attrs as { readonly activation?: Activation };
  return activated(graph, graph.op(name, refs), activation);
}

/** The limits of a fused activation, as TFLite computes them. */
function activated(graph: GraphDef, x: Ref, activation: Activation): Translation {
  switch (activation) {
    case 'NONE':
      return [x];
    case 'RELU':
      return [graph.op('Relu', [x])];
    case 'RELU6':
      return [graph.op('Relu6', [x])];
    case 'RELU_N1_TO_1':
      return [graph.op('Minimum', [graph.op('Maximum', [x, graph.scalar(-1)]), graph.scalar(1)])];
    default:
      return { lacks: `the activation ${activation}` };
  }
}

const reshaped = (graph: GraphDef, x: Ref, { shape }: Tensor): Ref => graph.op('Reshape', [x, graph.indices(shape)]);

function convolved(op: Translated<'nn.conv2d' | 'nn.depthwise_conv2d'>, name: string, kernel: Ref): Translation {
  const { graph, refs, inputs, attrs } = op;
  const { strides, dilation, activation } = attrs;
  if (dilation.some((n) => n > 1) && strides.some((n) => n > 1)) return { lacks: 'strides together with dilation' };
  const [x, padding] =
    typeof attrs.padding === 'string' ? [refs[0], attrs.padding] : padded(graph, refs[0], attrs.padding);
  const result = graph.op(name, [x, kernel], {
    ...{ strides: ints([1, ...strides, 1]), dilations: ints([1, ...dilation, 1]) },
    ...{ padding: text(padding), data_format: text('NHWC') },
  });
  return activated(graph, inputs[2] ? graph.op('AddV2', [result, refs[2]]) : result, activation);
}

function padded(graph: GraphDef, x: Ref, { top, bottom, left, right }: Pads): readonly [Ref, 'VALID'] {
  const pads = graph.constant(Int32Array.of(0, 0, top, bottom, left, right, 0, 0), [4, 2]);
  return [graph.op('Pad', [x, pads]), 'VALID'];
}

function pooled({ graph, refs, attrs }: Translated<'nn.avg_pool2d' | 'nn.max_pool2d'>, name: string): Translation {
  const { pool, strides, padding, activation } = attrs;
  const result = graph.op(name, refs, {
    ...{ ksize: ints([1, ...pool, 1]), strides: ints([1, ...strides, 1]) },
    ...{ padding: text(padding), data_format: text('NHWC') },
  });
  return activated(graph, result, activation);
}

function reduced(
  { graph, refs, attrs, inputs }: Translated<'mean' | 'sum' | 'max' | 'min'>,
  name: string,
): Translation {
  const [data, axes] = inputs as Tensor[];
  if (data.dtype !== 'float32') return { lacks: `${name} of ${data.dtype}` };
  if (elements(axes.shape) === 0) return [graph.op('Identity', [refs[0]])];
  return [graph.op(name, refs, { keep_dims: flag(attrs.keepDims) })];
}

function resized(op: Translated<'image.resize_bilinear' | 'image.resize_nearest'>, name: string): Translation {
  const { alignCorners, halfPixelCenters } = op.attrs;
  return [
    op.graph.op(name, op.refs, { align_corners: flag(alignCorners), half_pixel_centers: flag(halfPixelCenters) }),
  ];
}
