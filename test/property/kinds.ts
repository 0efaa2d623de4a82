/** Where random instances of each operator come from: a kind without a generator does not compile. */
import fc from 'fast-check';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { families } from '../compiler/operators.ts';
import { recurrentFamilies } from '../compiler/recurrent.ts';
import { special } from '../compiler/special.ts';
import { vision } from '../compiler/vision.ts';
import { type Layer, layers, modelOfLayers } from '../native/layers.ts';
import { more, updates } from './constants.ts';
import { control } from './control.ts';
import { fedWith, type Instance, only } from './instance.ts';

type Draw = fc.Arbitrary<Instance>;
const all = <K extends OpKind>(family: Parameters<typeof only>[0], ...kinds: readonly K[]): Record<K, Draw> =>
  Object.fromEntries(kinds.map((kind) => [kind, only(family, kind)])) as Record<K, Draw>;

/** Ragged layers; elements fill the range of their type. */
const layer = (kind: Layer['kind']): Draw =>
  fc
    .tuple(
      layers.filter((l) => l.kind === kind),
      fc.nat(),
    )
    .map(([l, seed]) => fedWith(modelOfLayers([l]).model, seed));

const { lstm, svdf, bidirectionalLstm, rnns, basic } = recurrentFamilies;
const { pointwise, pools, means, softmaxes, moves, moving, windowed, conversions, rescaling, halves } = families;

const unaries = all(
  pointwise,
  ...(['nn.relu', 'nn.relu6', 'nn.relu_n1_to_1', 'nn.relu_0_to_1', 'nn.leaky_relu', 'nn.elu', 'nn.gelu'] as const),
  ...(['nn.hard_swish', 'sigmoid', 'tanh', 'abs', 'negative', 'ceil', 'floor', 'round', 'cos', 'sin', 'exp'] as const),
  ...(['log', 'sqrt', 'rsqrt', 'square', 'sign', 'logical_not'] as const),
);
const binaries = all(
  pointwise,
  ...(['divide', 'floor_divide', 'floor_mod', 'maximum', 'minimum', 'power', 'atan2', 'squared_difference'] as const),
  ...(['nn.prelu', 'add_n', 'equal', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal'] as const),
  ...(['logical_and', 'logical_or'] as const),
);

export const kinds: { readonly [K in OpKind]: Draw } = {
  ...unaries,
  ...binaries,
  ...all(pointwise, 'add', 'subtract', 'multiply', 'nn.log_softmax', 'nn.l2_normalize', 'nn.lrn'),
  'nn.conv2d': layer('nn.conv2d'),
  'nn.depthwise_conv2d': layer('nn.depthwise_conv2d'),
  'nn.dense': layer('nn.dense'),
  ...all(windowed, 'image.resize_bilinear', 'image.resize_nearest', 'nn.l2_pool2d'),
  'nn.conv2d_transpose': only(windowed, 'nn.conv2d_transpose', false),
  'nn.conv3d': only(windowed, 'nn.conv3d', false),
  'nn.conv3d_transpose': only(windowed, 'nn.conv3d_transpose', false),
  'nn.batch_matmul': only(windowed, 'nn.batch_matmul', false),
  ...all(pools, 'nn.avg_pool2d', 'nn.max_pool2d'),
  ...all(means, 'mean'),
  ...all(softmaxes, 'nn.softmax'),
  ...all(moves, 'transpose', 'strided_slice', 'stack', 'nn.pad', 'reshape', 'squeeze', 'shape_of', 'rank_of'),
  concatenate: fc.oneof(only(moves, 'concatenate'), only(rescaling, 'concatenate')),
  ...all(moving, 'slice', 'split', 'split_v', 'unstack', 'tile', 'broadcast_to', 'expand_dims', 'reverse'),
  ...all(moving, 'nn.space_to_batch_nd', 'nn.batch_to_space_nd', 'nn.space_to_depth', 'nn.depth_to_space'),
  ...all(moving, 'nn.mirror_pad', 'nn.pad_v2', 'zeros_like', 'matrix_diag', 'matrix_set_diag', 'take', 'gather_nd'),
  ...all(moving, 'one_hot', 'sparse_to_dense', 'reverse_sequence', 'select', 'where', 'full', 'topk', 'argmax'),
  ...all(moving, 'argmin', 'cumsum', 'sum', 'prod', 'max', 'min', 'any', 'all', 'cast', 'fake_quant'),
  ...all(moving, 'scatter_nd', 'embedding_lookup'),
  ...all(more, 'densify', 'argwhere', 'arange', 'broadcast_args'),
  ...all(special, 'reinterpret', 'bitwise_xor', 'right_shift', 'bucketize', 'unique', 'segment_sum'),
  ...all(special, 'unsorted_segment_sum', 'unsorted_segment_prod', 'unsorted_segment_max', 'unsorted_segment_min'),
  ...all(special, 'real', 'imag', 'complex_abs'),
  ...all(special, 'hlo.add', 'hlo.multiply', 'hlo.maximum', 'hlo.minimum', 'hlo.dilate', 'hlo.reduce_window'),
  'signal.rfft2d': only(special, 'signal.rfft2d', false),
  'nn.lstm': only(lstm, 'nn.lstm', false),
  'nn.lstm_cell': only(lstm, 'nn.lstm_cell', false),
  'nn.basic_lstm_cell': only(basic, 'nn.basic_lstm_cell', false),
  'nn.bidirectional_lstm': only(bidirectionalLstm, 'nn.bidirectional_lstm', false),
  'nn.rnn_cell': only(rnns, 'nn.rnn_cell', false),
  'nn.rnn': only(rnns, 'nn.rnn', false),
  'nn.bidirectional_rnn': only(rnns, 'nn.bidirectional_rnn', false),
  'nn.svdf': only(svdf, 'nn.svdf', false),
  ...all(vision, 'vision.non_max_suppression', 'vision.soft_non_max_suppression'),
  'vision.detection_postprocess': only(vision, 'vision.detection_postprocess', false),
  if: control.ifs,
  while: control.whiles,
  call_once: control.variables,
  var_handle: control.variables,
  read_variable: control.variables,
  assign_variable: control.variables,
  dynamic_update_slice: only(updates, 'dynamic_update_slice'),
  ...all(conversions, 'qnn.quantize', 'qnn.requantize'),
  'qnn.dequantize': fc.oneof(only(conversions, 'qnn.dequantize'), only(halves, 'qnn.dequantize')),
};
