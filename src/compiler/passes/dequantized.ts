/** How tensors and operators of a quantized graph look in float32: shared by the passes that leave integers. */

import type { Graph, Node } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { WEIGHTED_ORDER } from '../../model/ops/conv_transpose.ts';
import { isQuantizable } from '../../model/tensor/dtype.ts';
import { floatOfHalf } from '../../model/tensor/half.ts';
import type { Quantization } from '../../model/tensor/quantization.ts';
import { type Shape, strides } from '../../model/tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../../model/tensor/tensor.ts';

/** Removes attributes of quantization, which have no meaning for floats. */
export const withoutQuantization = (node: Node): Node =>
  node.kind === 'nn.dense' ? { ...node, attrs: { ...node.attrs, asymmetricQuantizeInputs: false } } : node;

/** Operand indices of data, weights and bias, by operator. */
export const WEIGHTED: Partial<Record<OpKind, readonly number[]>> = {
  'nn.conv2d': [0, 1, 2],
  'nn.depthwise_conv2d': [0, 1, 2],
  'nn.dense': [0, 1, 2],
  'nn.conv2d_transpose': WEIGHTED_ORDER,
};

/**
 * The scales of integer biases: input scale · weight scale, the accumulator's, which the INT8 operator uses whatever the file states.
 */
export function impliedBiases(graph: Graph): Map<TensorId, Quantization> {
  const found = new Map<TensorId, Quantization>();
  for (const node of graph.nodes) {
    const order = WEIGHTED[node.kind];
    if (order === undefined) continue;
    const [x, w, bias] = order.map((i) => node.inputs[i]);
    const input = graph.tensors[x]?.quantization;
    const weights = graph.tensors[w]?.quantization;
    const integer = /^int(32|64)$/.test(graph.tensors[bias ?? ABSENT]?.dtype ?? '');
    if (!integer || input == null || weights == null) continue;
    const scales = weights.scales.map((scale) => scale * input.scales[0]);
    found.set(bias, { scales, zeroPoints: scales.map(() => 0), axis: 0 });
  }
  return found;
}

/** The tensor in float32, with its constant dequantized by `quantization`; what has no scale stays as it is. */
export function floatTensor(t: Tensor, quantization: Quantization | null): Tensor {
  const float = (data: Float32Array | null): Tensor => ({ ...t, dtype: 'float32', quantization: null, data });
  if (t.dtype === 'float16')
    return float(t.data === null ? null : Float32Array.from(t.data as Uint16Array, floatOfHalf));
  // Integers without a scale are indices, shapes or axes: unchanged.
  if (quantization === null || !(isQuantizable(t.dtype) || t.dtype === 'int32' || t.dtype === 'int64')) return t;
  return float(t.data === null ? null : dequantize(t.data as ArrayLike<number | bigint>, t.shape, quantization));
}

/** scale · (q − zero point), rounded to float32 once. */
function dequantize(data: ArrayLike<number | bigint>, shape: Shape, q: Quantization): Float32Array {
  const step = q.scales.length === 1 ? Number.POSITIVE_INFINITY : strides(shape)[q.axis];
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const slice = Math.floor(i / step) % q.scales.length;
    out[i] = q.scales[slice] * (Number(data[i]) - q.zeroPoints[slice]);
  }
  return out;
}
