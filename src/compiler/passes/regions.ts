import type { Graph, Node } from '../../model/ir/graph.ts';
import { nodeMacs } from '../../model/ir/macs.ts';
import type { OpKind } from '../../model/ops/attrs.ts';

/** Operators that move or pool values: what reads their result has the range of what they read. */
const MOVES: ReadonlySet<OpKind> = new Set<OpKind>([
  ...(['reshape', 'squeeze', 'expand_dims', 'transpose', 'nn.pad', 'concatenate', 'split', 'strided_slice'] as const),
  ...(['nn.avg_pool2d', 'nn.max_pool2d'] as const),
]);

/**
 * A node and all that read its results, past operators that only move or pool values: in another form, these do without the
 * quantization of what lies between them. In order.
 */
export function withReaders(graph: Graph, node: number): number[] {
  const region = new Set([node]);
  const open = new Set(graph.nodes[node].outputs);
  for (let n = node + 1; n < graph.nodes.length; n++) {
    const { kind, inputs, outputs } = graph.nodes[n];
    if (!inputs.some((id) => open.has(id))) continue;
    region.add(n);
    if (MOVES.has(kind)) for (const id of outputs) open.add(id);
  }
  return [...region];
}

/** The nodes from the first on until `count` of those with weights are among them. */
export const firstLayers = (graph: Graph, count: number): number[] => {
  const at = weighted(graph);
  return range(0, at.length <= count ? graph.nodes.length : at[count]);
};

/** The nodes from the last but `count` with weights on. */
export const lastLayers = (graph: Graph, count: number): number[] => {
  const at = weighted(graph);
  return range(at.at(-Math.min(count, at.length)) ?? 0, graph.nodes.length);
};

/** Indices of the nodes that multiply by weights. */
export const weighted = (graph: Graph): number[] =>
  graph.nodes.flatMap((node, n) => (isWeighted(graph, node) ? [n] : []));

const isWeighted = (graph: Graph, node: Node): boolean =>
  nodeMacs(graph, node) > 0 && node.inputs.some((id) => graph.tensors[id]?.data);

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
