import type { Graph, Node } from '../../model/ir/graph.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { isFloat } from '../../model/tensor/dtype.ts';
import { ABSENT, type Tensor, type TensorId } from '../../model/tensor/tensor.ts';

/**
 * What a node is to the join of two graphs.
 *
 * * `pass`: only changes form (quantization, shape); either graph may have it or not
 * * `tail`: may be fused into the operator before it: clamps, and constants of a batch norm
 * * `pad`: may be fused into the operator after it
 * * `anchor`: both graphs should have it
 * * `other`: computes no activations (shapes, indices)
 */
export type Role = 'pass' | 'tail' | 'pad' | 'anchor' | 'other';

const PASSING: ReadonlySet<OpKind> = new Set<OpKind>([
  ...(['qnn.quantize', 'qnn.dequantize', 'qnn.requantize', 'reshape', 'squeeze', 'expand_dims'] as const),
]);
const CLAMPS: ReadonlySet<OpKind> = new Set<OpKind>(['nn.relu', 'nn.relu6', 'nn.relu_n1_to_1', 'nn.relu_0_to_1']);
const AFFINE: ReadonlySet<OpKind> = new Set<OpKind>(['add', 'subtract', 'multiply', 'divide']);

/** A graph with its edges both ways. */
export interface GraphView {
  readonly graph: Graph;
  /** Index of the node that makes a tensor; none for inputs and constants. */
  readonly makers: ReadonlyMap<TensorId, number>;
  /** Indices of the nodes that read a tensor. */
  readonly readers: ReadonlyMap<TensorId, readonly number[]>;
  readonly roles: readonly Role[];
}

/** Whether a tensor holds numbers of the network: quantized or float, neither constant nor variable. */
export const isActivation = (t: Tensor | undefined): t is Tensor =>
  t !== undefined && t.data === null && !t.variable && (isFloat(t.dtype) || t.quantization !== null);

export function viewOf(graph: Graph): GraphView {
  const makers = new Map<TensorId, number>();
  const readers = new Map<TensorId, number[]>();
  graph.nodes.forEach((node, i) => {
    for (const id of node.outputs) makers.set(id, i);
    for (const id of new Set(node.inputs)) readers.set(id, [...(readers.get(id) ?? []), i]);
  });
  return { graph, makers, readers, roles: graph.nodes.map((node) => roleOf(graph, node)) };
}

function roleOf(graph: Graph, node: Node): Role {
  if (!node.outputs.some((id) => isActivation(graph.tensors[id]))) return 'other';
  const data = dataInputs(graph, node);
  if (data.length === 0) return 'other';
  if (data.length > 1 || node.outputs.length > 1) return 'anchor';
  if (PASSING.has(node.kind)) return 'pass';
  if (node.kind === 'nn.pad') return 'pad';
  return CLAMPS.has(node.kind) || (AFFINE.has(node.kind) && node.inputs[0] !== node.inputs[1]) ? 'tail' : 'anchor';
}

/** The activations that a node reads. */
export const dataInputs = (graph: Graph, node: Node): TensorId[] =>
  node.inputs.filter((id) => id !== ABSENT && isActivation(graph.tensors[id]));

/** Where a tensor comes from: the anchor's result, or graph input, before all that may or may not be fused. */
export function originOf({ graph, makers, roles }: GraphView, id: TensorId): TensorId {
  let at = id;
  for (;;) {
    const maker = makers.get(at);
    if (maker === undefined || roles[maker] === 'anchor' || roles[maker] === 'other') return at;
    [at] = dataInputs(graph, graph.nodes[maker]);
  }
}

/** The tensor after everything that may be fused into the operator that makes `id`, and the nodes on the way. */
export function endOf({ graph, readers, roles }: GraphView, id: TensorId): { id: TensorId; tails: readonly number[] } {
  let end = id;
  let tails: readonly number[] = [];
  const way: number[] = [];
  for (let at = id; !graph.outputs.includes(at); ) {
    const [reader, ...more] = readers.get(at) ?? [];
    if (reader === undefined || more.length > 0) break;
    const role = roles[reader];
    if (role !== 'tail' && role !== 'pass') break;
    way.push(reader);
    [at] = graph.nodes[reader].outputs;
    if (role === 'tail') {
      end = at;
      tails = [...way];
    }
  }
  return { id: end, tails };
}
