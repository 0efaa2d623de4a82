import type { Node } from '../../model/ir/graph.ts';
import { rulesOf } from '../../model/ops/index.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';
import type { Pass } from './view.ts';

/**
 * Dead code elimination: removes nodes whose results are not read and that have no side effects. Tensors stay, so that ids remain
 * valid.
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
