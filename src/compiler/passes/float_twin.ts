import { compactModel } from '../../model/ir/compact.ts';
import type { Graph, Model, Node } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { WEIGHTED_ORDER } from '../../model/ops/conv_transpose.ts';
import { isQuantizable } from '../../model/tensor/dtype.ts';
import { floatOfHalf } from '../../model/tensor/half.ts';
import type { Quantization } from '../../model/tensor/quantization.ts';
import { type Shape, strides } from '../../model/tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../../model/tensor/tensor.ts';
import { writeImpliedActivations } from './implied_activations.ts';

/**
 * The FP32 counterpart of a quantized model (the twin): dequantized weights and biases, float32 activations, inputs and outputs, no
 * operators that only change the quantization. Fused activations stay, including those that the INT8 model holds only as a range. Other
 * saturation is not reproduced: it is an error of INT8 (docs/adr/0010).
 */
export function floatTwin(model: Model): Model {
  const parts = model.subgraphs.map((graph) => floatGraph(writeImpliedActivations(graph)));
  const signatures = model.signatures.map((s) => {
    const follow = (list: typeof s.inputs): typeof s.inputs =>
      list.map((port) => ({ ...port, tensor: parts[s.subgraph].follow(port.tensor) }));
    return { ...s, inputs: follow(s.inputs), outputs: follow(s.outputs) };
  });
  return compactModel({ ...model, name: `${model.name}_fp32`, subgraphs: parts.map((p) => p.graph), signatures });
}

interface Part {
  readonly graph: Graph;
  /** The tensor that replaces `id` when quantizing operators are removed. */
  follow(id: TensorId): TensorId;
}

function floatGraph(graph: Graph): Part {
  const source = new Map<TensorId, TensorId>();
  const follow = (id: TensorId): TensorId => source.get(id) ?? id;
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    if (node.kind.startsWith('qnn.')) source.set(node.outputs[0], follow(node.inputs[0]));
    else nodes.push({ ...withoutQuantization(node), inputs: node.inputs.map(follow) });
  }
  const outputs = graph.outputs.map(follow);
  const biases = impliedBiases(graph);
  const tensors = graph.tensors.map((t, id) => floatTensor(t, biases.get(id) ?? t.quantization));
  // An output whose last operator was removed keeps its name, which users refer to.
  for (const [i, id] of outputs.entries()) {
    const wanted = graph.outputs[i];
    const free = !graph.inputs.includes(id) && !graph.outputs.includes(id) && tensors[id].data === null;
    if (id !== wanted && free) tensors[id] = { ...tensors[id], name: graph.tensors[wanted].name };
  }
  return { graph: { ...graph, tensors, nodes, outputs }, follow };
}

/** Removes attributes of quantization, which have no meaning for floats. */
const withoutQuantization = (node: Node): Node =>
  node.kind === 'nn.dense' ? { ...node, attrs: { ...node.attrs, asymmetricQuantizeInputs: false } } : node;

/** Operand indices of data, weights and bias, by operator. */
const WEIGHTED: Partial<Record<OpKind, readonly number[]>> = {
  'nn.conv2d': [0, 1, 2],
  'nn.depthwise_conv2d': [0, 1, 2],
  'nn.dense': [0, 1, 2],
  'nn.conv2d_transpose': WEIGHTED_ORDER,
};

/**
 * The scales of integer biases: input scale · weight scale, the accumulator's, which the INT8 operator uses whatever the file states.
 */
function impliedBiases(graph: Graph): Map<TensorId, Quantization> {
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

function floatTensor(t: Tensor, quantization: Quantization | null): Tensor {
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
