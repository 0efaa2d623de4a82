import type { OpKind } from '../ops/kinds.ts';
import { elements } from '../tensor/shape.ts';
import type { Graph, Node, Tensor } from './graph.ts';

type Count = (inputs: readonly (Tensor | undefined)[], output: Tensor) => number;
const none: Count = () => 0;

/** Multiply-accumulates by kind: only operators made of dot products count; additions, tables and moves do not. */
const MACS: { readonly [K in OpKind]: Count } = {
  'nn.conv2d': ([, kernel], out) => elements(out.shape) * elements(kernel!.shape.slice(1)),
  'nn.depthwise_conv2d': ([, kernel], out) => elements(out.shape) * elements(kernel!.shape.slice(1, 3)),
  'nn.dense': ([, weights], out) => elements(out.shape) * weights!.shape[weights!.shape.length - 1],
  'nn.avg_pool2d': none,
  'nn.max_pool2d': none,
  add: none,
  subtract: none,
  multiply: none,
  'nn.relu': none,
  'nn.relu6': none,
  sigmoid: none,
  tanh: none,
  mean: none,
  'nn.softmax': none,
  reshape: none,
  squeeze: none,
  shape_of: none,
  strided_slice: none,
  stack: none,
  concatenate: none,
  'nn.pad': none,
  transpose: none,
  'qnn.quantize': none,
  'qnn.dequantize': none,
  'qnn.requantize': none,
};

/** Multiply-accumulates of one application of `node`. */
export const nodeMacs = (graph: Graph, node: Node): number =>
  MACS[node.kind](
    node.inputs.map((id) => graph.tensors[id]),
    graph.tensors[node.outputs[0]],
  );

/** Multiply-accumulates of one run of `graph`. */
export const macsOf = (graph: Graph): number => graph.nodes.reduce((sum, node) => sum + nodeMacs(graph, node), 0);
