import type { OpKind } from '../ops/attrs.ts';
import { isQuantizable } from '../tensor/dtype.ts';
import { isPerAxis, type Quantization } from '../tensor/quantization.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Graph, type Node, operandsOf, resultsOf } from './graph.ts';

/**
 * How the text form names a kind when it computes on quantized tensors, in Relay's manner: the name with `qnn.`, and
 * what its operands are called in the attributes that repeat their parameters. null: the kind only moves values, and
 * keeps its plain name.
 */
const QUANTIZED_FORM: {
  readonly [K in OpKind]: { readonly name: string; readonly operands: readonly string[] } | null;
} = {
  'nn.conv2d': { name: 'qnn.conv2d', operands: ['input', 'kernel'] },
  'nn.depthwise_conv2d': { name: 'qnn.depthwise_conv2d', operands: ['input', 'kernel'] },
  'nn.dense': { name: 'qnn.dense', operands: ['input', 'kernel'] },
  'nn.conv2d_transpose': { name: 'qnn.conv2d_transpose', operands: ['shape', 'kernel', 'input'] },
  'nn.conv3d': null,
  'nn.conv3d_transpose': null,
  'nn.batch_matmul': { name: 'qnn.batch_matmul', operands: ['x', 'y'] },
  'image.resize_bilinear': null,
  'image.resize_nearest': null,
  'nn.avg_pool2d': { name: 'qnn.avg_pool2d', operands: ['input'] },
  'nn.l2_pool2d': null,
  'nn.max_pool2d': null,
  add: { name: 'qnn.add', operands: ['lhs', 'rhs'] },
  subtract: { name: 'qnn.subtract', operands: ['lhs', 'rhs'] },
  multiply: { name: 'qnn.mul', operands: ['lhs', 'rhs'] },
  divide: { name: 'qnn.divide', operands: ['lhs', 'rhs'] },
  floor_divide: null,
  floor_mod: null,
  maximum: null,
  minimum: null,
  power: null,
  atan2: null,
  squared_difference: { name: 'qnn.squared_difference', operands: ['lhs', 'rhs'] },
  'nn.prelu': { name: 'qnn.prelu', operands: ['input', 'alpha'] },
  add_n: null,
  equal: { name: 'qnn.equal', operands: ['lhs', 'rhs'] },
  not_equal: { name: 'qnn.not_equal', operands: ['lhs', 'rhs'] },
  less: { name: 'qnn.less', operands: ['lhs', 'rhs'] },
  less_equal: { name: 'qnn.less_equal', operands: ['lhs', 'rhs'] },
  greater: { name: 'qnn.greater', operands: ['lhs', 'rhs'] },
  greater_equal: { name: 'qnn.greater_equal', operands: ['lhs', 'rhs'] },
  logical_and: null,
  logical_or: null,
  reinterpret: null,
  bitwise_xor: null,
  right_shift: null,
  'nn.relu': { name: 'qnn.relu', operands: ['input'] },
  'nn.relu6': { name: 'qnn.relu6', operands: ['input'] },
  'nn.relu_n1_to_1': { name: 'qnn.relu_n1_to_1', operands: ['input'] },
  'nn.relu_0_to_1': { name: 'qnn.relu_0_to_1', operands: ['input'] },
  'nn.leaky_relu': { name: 'qnn.leaky_relu', operands: ['input'] },
  'nn.elu': { name: 'qnn.elu', operands: ['input'] },
  'nn.gelu': { name: 'qnn.gelu', operands: ['input'] },
  'nn.hard_swish': { name: 'qnn.hard_swish', operands: ['input'] },
  sigmoid: { name: 'qnn.sigmoid', operands: ['input'] },
  tanh: { name: 'qnn.tanh', operands: ['input'] },
  abs: { name: 'qnn.abs', operands: ['input'] },
  negative: null,
  ceil: null,
  floor: null,
  round: null,
  cos: null,
  sin: null,
  exp: { name: 'qnn.exp', operands: ['input'] },
  log: { name: 'qnn.log', operands: ['input'] },
  sqrt: { name: 'qnn.sqrt', operands: ['input'] },
  rsqrt: { name: 'qnn.rsqrt', operands: ['input'] },
  square: null,
  sign: null,
  logical_not: null,
  'nn.log_softmax': { name: 'qnn.log_softmax', operands: ['input'] },
  'nn.l2_normalize': { name: 'qnn.l2_normalize', operands: ['input'] },
  'nn.lrn': null,
  mean: { name: 'qnn.mean', operands: ['input'] },
  'nn.softmax': { name: 'qnn.softmax', operands: ['input'] },
  reshape: null,
  squeeze: null,
  shape_of: null,
  rank_of: null,
  strided_slice: null,
  stack: null,
  concatenate: { name: 'qnn.concatenate', operands: [] },
  'nn.pad': null,
  transpose: null,
  slice: null,
  split: null,
  split_v: null,
  unstack: null,
  tile: null,
  broadcast_to: null,
  expand_dims: null,
  reverse: null,
  'nn.space_to_batch_nd': null,
  'nn.batch_to_space_nd': null,
  'nn.space_to_depth': null,
  'nn.depth_to_space': null,
  'nn.mirror_pad': null,
  'nn.pad_v2': null,
  zeros_like: null,
  matrix_diag: null,
  matrix_set_diag: null,
  densify: null,
  take: null,
  gather_nd: null,
  one_hot: null,
  sparse_to_dense: null,
  reverse_sequence: null,
  scatter_nd: null,
  embedding_lookup: null,
  select: null,
  where: null,
  argwhere: null,
  full: null,
  arange: null,
  broadcast_args: null,
  argmax: null,
  argmin: null,
  topk: null,
  cumsum: null,
  bucketize: null,
  unique: null,
  segment_sum: null,
  unsorted_segment_sum: null,
  unsorted_segment_prod: null,
  unsorted_segment_max: null,
  unsorted_segment_min: null,
  'signal.rfft2d': null,
  real: null,
  imag: null,
  complex_abs: null,
  'hlo.add': null,
  'hlo.multiply': null,
  'hlo.maximum': null,
  'hlo.minimum': null,
  'hlo.dilate': null,
  'hlo.reduce_window': null,
  cast: null,
  'nn.lstm': { name: 'qnn.lstm', operands: ['input'] },
  'nn.lstm_cell': { name: 'qnn.lstm_cell', operands: ['input'] },
  'nn.basic_lstm_cell': { name: 'qnn.basic_lstm_cell', operands: ['input'] },
  'nn.bidirectional_lstm': null,
  'nn.rnn_cell': null,
  'nn.rnn': null,
  'nn.bidirectional_rnn': null,
  'nn.svdf': { name: 'qnn.svdf', operands: ['input'] },
  'vision.non_max_suppression': null,
  'vision.soft_non_max_suppression': null,
  'vision.detection_postprocess': { name: 'qnn.detection_postprocess', operands: ['boxes', 'scores', 'anchors'] },
  dynamic_update_slice: null,
  if: null,
  while: null,
  call_once: null,
  var_handle: null,
  read_variable: null,
  assign_variable: null,
  fake_quant: null,
  max: null,
  min: null,
  any: null,
  all: null,
  sum: { name: 'qnn.sum', operands: ['input'] },
  prod: { name: 'qnn.prod', operands: ['input'] },
  'qnn.quantize': { name: 'qnn.quantize', operands: [] },
  'qnn.dequantize': { name: 'qnn.dequantize', operands: ['input'] },
  'qnn.requantize': { name: 'qnn.requantize', operands: ['input'] },
};

const KINDS = new Map<string, OpKind>();
for (const kind of Object.keys(QUANTIZED_FORM) as OpKind[]) {
  KINDS.set(kind, kind);
  const form = QUANTIZED_FORM[kind];
  if (form !== null) KINDS.set(form.name, kind);
}

/** The kind that a name of the text form stands for. */
export const kindNamed = (name: string): OpKind | undefined => KINDS.get(name);

const parametersOf = (t: Tensor | null | undefined): Quantization | null =>
  t != null && isQuantizable(t.dtype) ? t.quantization : null;

/** Whether the node computes on quantized values: then it has the `qnn.` name. */
const isQuantized = (graph: Graph, node: Node): boolean =>
  parametersOf(operandsOf(graph, node)[0]) !== null || parametersOf(resultsOf(graph, node)[0]) !== null;

/** The name of the node in the text form. */
export function textName(graph: Graph, node: Node): string {
  const form = QUANTIZED_FORM[node.kind];
  return form !== null && isQuantized(graph, node) ? form.name : node.kind;
}

/**
 * The parameters of a quantized node's operands and result as Relay's attributes (input_scale, kernel_zero_point …).
 * They repeat what stands on the tensors, for readers; long per-axis lists show their length.
 */
export function quantizationAttrs(graph: Graph, node: Node): readonly (readonly [key: string, value: string])[] {
  const form = QUANTIZED_FORM[node.kind];
  if (form === null || !isQuantized(graph, node)) return [];
  const operands = operandsOf(graph, node);
  const one = (role: string, t: Tensor | null | undefined): (readonly [string, string])[] => {
    const q = parametersOf(t);
    if (q === null) return [];
    const show = (values: readonly number[]): string =>
      isPerAxis(q) ? `per_axis_${values.length}` : String(values[0]);
    return [
      [`${role}_scale`, show(q.scales)],
      [`${role}_zero_point`, show(q.zeroPoints)],
    ];
  };
  return [...form.operands.flatMap((role, i) => one(role, operands[i])), ...one('output', resultsOf(graph, node)[0])];
}
