import type { Node } from '../../model/ir/graph.ts';
import { rulesOf } from '../../model/ops/index.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';
import type { Pass } from './view.ts';

/**
 * Takes out nodes whose results nobody reads, unless they do more than give results. Tensors stay, so that ids keep
 * their meaning.
 */
export const removeDeadCode: Pass = (graph) => {
  const live = new Set<TensorId>(graph.outputs);
  const kept: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    const { control, state } = rulesOf(node.kind);
    if (control === undefined && state === undefined && !node.outputs.some((id) => live.has(id))) continue;
    for (const id of node.inputs) if (id !== ABSENT) live.add(id);
    kept.push(node);
  }
  return { ...graph, nodes: kept.reverse() };
};
