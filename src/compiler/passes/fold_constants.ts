import type { Graph, Node, Tensor } from '../../model/ir/graph.ts';
import { rulesOf, viewOf } from '../../model/ir/shapes.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Pass } from './view.ts';

/** Results larger than this are computed when the model runs: a hostile file must not make us fill memory. */
const MAX_BYTES = 256 * 2 ** 20;

/**
 * Computes, by the operators' own semantics, every node whose operands are constants: float16 weights become float32,
 * and the chains that work out a shape become that shape. The shape of a tensor is a constant even if the tensor is not.
 */
export const foldConstants: Pass = (graph) => {
  const tensors: Tensor[] = [...graph.tensors];
  const nodes = graph.nodes.filter((node) => {
    const current: Graph = { ...graph, tensors };
    if (!isConstant(current, node)) return true;
    const view = viewOf(current, node);
    const results = rulesOf(node).evaluate({
      ...view,
      data: view.inputs.map((tensor) => tensor?.data ?? null),
      profile: 'tflite',
    });
    node.outputs.forEach((id, i) => {
      tensors[id] = { ...tensors[id], data: results[i] };
    });
    return false;
  });
  return { ...graph, tensors, nodes };
};

function isConstant(graph: Graph, node: Node): boolean {
  const { inputs, outputs } = viewOf(graph, node);
  const known = inputs.every((tensor) => tensor === null || (tensor.data !== null && !tensor.variable));
  const small = outputs.every(({ shape, dtype }) => elements(shape) * itemSize(dtype) <= MAX_BYTES);
  const pure = rulesOf(node).control === undefined;
  return pure && small && outputs.length > 0 && (known || node.kind === 'shape_of');
}
