/** Queries on graphs, shared by the passes. */

import type { Graph, Node } from '../../model/ir/graph.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';

/** Graph → graph with the same results. */
export type Pass = (graph: Graph) => Graph;

/** By tensor: number of readers, outputs of the graph included. */
export function useCounts(graph: Graph): number[] {
  const counts = graph.tensors.map(() => 0);
  for (const node of graph.nodes) for (const id of node.inputs) if (id !== ABSENT) counts[id]++;
  for (const id of graph.outputs) counts[id]++;
  return counts;
}

/** By tensor: its producer. */
export function makersOf(graph: Graph): (Node | undefined)[] {
  const makers: (Node | undefined)[] = graph.tensors.map(() => undefined);
  for (const node of graph.nodes) for (const id of node.outputs) makers[id] = node;
  return makers;
}

/** Operands mapped by `rename`; absent ones stay absent. */
export const renameInputs = (node: Node, rename: (id: TensorId) => TensorId): Node => ({
  ...node,
  inputs: node.inputs.map((id) => (id === ABSENT ? id : rename(id))),
});
