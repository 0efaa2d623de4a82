import type { Activation } from '../../model/arithmetic/activation.ts';
import type { Graph, Node } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { isFloat } from '../../model/tensor/dtype.ts';
import { sameQuantization } from '../../model/tensor/quantization.ts';
import { makersOf, type Pass, useCounts } from './view.ts';

const ACTIVATIONS: Partial<Record<OpKind, Activation>> = {
  'nn.relu': 'RELU',
  'nn.relu6': 'RELU6',
  'nn.relu_n1_to_1': 'RELU_N1_TO_1',
};
const CLAMPING = [
  'nn.conv2d',
  'nn.depthwise_conv2d',
  'nn.conv2d_transpose',
  'nn.dense',
  'add',
  'subtract',
  'multiply',
  'divide',
] as const;
type Clamping = Extract<Node, { kind: (typeof CLAMPING)[number] }>;

const isClamping = (node: Node): node is Clamping => (CLAMPING as readonly OpKind[]).includes(node.kind);

/**
 * Fuses an activation into the operator whose result only it reads. Exact for floats. Exact for integers if the parameters on both sides
 * are equal: the activation's multiplier is then 1, and what remains is the operator's final clamp.
 */
export const fuseActivations: Pass = (graph) => {
  const makers = makersOf(graph);
  const uses = useCounts(graph);
  const fused = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const node of graph.nodes) {
    const activation = ACTIVATIONS[node.kind];
    const maker = makers[node.inputs[0]];
    if (activation === undefined || maker === undefined || uses[node.inputs[0]] !== 1) continue;
    if (!isClamping(maker) || maker.attrs.activation !== 'NONE' || !isExact(graph, node)) continue;
    fused.set(maker, { ...maker, attrs: { ...maker.attrs, activation }, outputs: node.outputs } as Node);
    gone.add(node);
  }
  return { ...graph, nodes: graph.nodes.filter((node) => !gone.has(node)).map((node) => fused.get(node) ?? node) };
};

function isExact(graph: Graph, node: Node): boolean {
  const from = graph.tensors[node.inputs[0]];
  const to = graph.tensors[node.outputs[0]];
  return isFloat(to.dtype) || (from.quantization !== null && sameQuantization(from.quantization, to.quantization));
}
