import { type Graph, type Node, resultsOf, type Tensor } from '../../model/ir/graph.ts';
import { rulesOf, viewOf } from '../../model/ir/shapes.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Pass } from './view.ts';

/**
 * Results are computed when the model runs where together they would take more than this, and so many times the
 * constants that the model brings: a small file must not make us fill memory.
 */
const LEAST_BYTES = 64 * 2 ** 20;
const GROWTH = 8;

/**
 * Computes, by the operators' own semantics, every node whose operands are constants: float16 weights become float32,
 * and the chains that work out a shape become that shape. The shape of a tensor is a constant even if the tensor is not.
 */
export const foldConstants: Pass = (graph) => {
  const tensors: Tensor[] = [...graph.tensors];
  let budget = graph.tensors.reduce((sum, { data }) => sum + GROWTH * (data?.byteLength ?? 0), LEAST_BYTES);
  const nodes = graph.nodes.filter((node) => {
    const current: Graph = { ...graph, tensors };
    const bytes = bytesOf(current, node);
    if (!isConstant(current, node) || bytes > budget) return true;
    budget -= bytes;
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

/** What the node's results take. */
const bytesOf = (graph: Graph, node: Node): number =>
  resultsOf(graph, node).reduce((sum, { shape, dtype }) => sum + elements(shape) * itemSize(dtype), 0);

function isConstant(graph: Graph, node: Node): boolean {
  const { inputs, outputs } = viewOf(graph, node);
  const known = inputs.every((tensor) => tensor === null || (tensor.data !== null && !tensor.variable));
  const pure = rulesOf(node).control === undefined;
  return pure && outputs.length > 0 && (known || rulesOf(node).fromShapes === true);
}
