/** What passes share: looking around in a graph. */

import type { Graph, Node } from '../../model/ir/graph.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';

/** A graph to a graph that computes the same. */
export type Pass = (graph: Graph) => Graph;

/** By tensor: how often it is read, as an operand or as an output of the graph. */
export function useCounts(graph: Graph): number[] {
  const counts = graph.tensors.map(() => 0);
  for (const node of graph.nodes) for (const id of node.inputs) if (id !== ABSENT) counts[id]++;
  for (const id of graph.outputs) counts[id]++;
  return counts;
}

/** By tensor: the node that computes it. */
export function makersOf(graph: Graph): (Node | undefined)[] {
  const makers: (Node | undefined)[] = graph.tensors.map(() => undefined);
  for (const node of graph.nodes) for (const id of node.outputs) makers[id] = node;
  return makers;
}

/** Every operand renamed by `rename`; absent ones stay absent. */
export const renameInputs = (node: Node, rename: (id: TensorId) => TensorId): Node => ({
  ...node,
  inputs: node.inputs.map((id) => (id === ABSENT ? id : rename(id))),
});
