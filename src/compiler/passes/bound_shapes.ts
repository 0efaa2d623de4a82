import { viewOf } from '../../model/ir/shapes.ts';
import { rulesOf } from '../../model/ops/index.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { Pass } from './view.ts';

/** Gives results whose shape is known only at run time their upper bound, for which memory is planned. */
export const boundShapes: Pass = (graph) => {
  const tensors: Tensor[] = [...graph.tensors];
  for (const node of graph.nodes) {
    const rules = rulesOf(node.kind);
    const view = viewOf({ ...graph, tensors }, node);
    if (rules.bounds === undefined || !rules.shapes(view).includes(null)) continue;
    rules.bounds(view).forEach((shape, i) => {
      const { signature: _, ...tensor } = tensors[node.outputs[i]];
      tensors[node.outputs[i]] = { ...tensor, shape };
    });
  }
  return { ...graph, tensors };
};
