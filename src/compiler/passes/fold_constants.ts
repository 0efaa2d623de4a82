import { type Graph, type Node, resultsOf } from '../../model/ir/graph.ts';
import { inferShapes, viewOf } from '../../model/ir/shapes.ts';
import { stepsOf } from '../../model/ir/work.ts';
import { rulesOf } from '../../model/ops/index.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import type { Pass } from './view.ts';

/**
 * Limit on the bytes of all folded results: this + GROWTH · (bytes of the model's constants). Beyond it, results are computed
 * at run time: a small file must not fill memory.
 */
const LEAST_BYTES = 64 * 2 ** 20;
const GROWTH = 8;

/**
 * The same limit on time: steps of all folded operators, at most this + GROWTH · (bytes of the model's constants).
 * A step takes 1 to 100 ns, so the limit is seconds. float16 weights, the largest use in real files, take 2 steps for 2 bytes.
 */
const LEAST_STEPS = 64 * 2 ** 20;

/**
 * Constant folding by the operators' own semantics: float16 weights become float32, and operators that compute a shape become that
 * shape. The shape of a tensor is a constant even if the tensor is not, unless its size is data (WHERE): the graph then holds a bound.
 */
export const foldConstants: Pass = (graph) => {
  const tensors: Tensor[] = [...graph.tensors];
  const varying = new Set<TensorId>();
  const growth = graph.tensors.reduce((sum, { data }) => sum + GROWTH * (data?.byteLength ?? 0), 0);
  let budget = LEAST_BYTES + growth;
  let steps = LEAST_STEPS + growth;
  let settled = false;
  const nodes = graph.nodes.filter((node) => {
    const current: Graph = { ...graph, tensors };
    const bytes = bytesOf(current, node);
    const view = viewOf(current, node);
    const foldable = isConstant(current, node) && !node.inputs.some((id) => varying.has(id));
    const needed = foldable && !rulesOf(node.kind).fromShapes ? stepsOf(current, node) : 0;
    if (!foldable || bytes > budget || needed > steps) {
      if (isVarying(current, node)) for (const id of node.outputs) varying.add(id);
      return true;
    }
    budget -= bytes;
    steps -= needed;
    const { bounds, evaluate, shapes } = rulesOf(node.kind);
    const data = view.inputs.map((tensor) => tensor?.data ?? null);
    const results = evaluate({ ...view, data, profile: 'tflite' });
    // If the size of the result is data, it is now known, and so are the shapes inferred from it.
    settled ||= bounds !== undefined;
    const sizes = settled ? shapes(view) : [];
    node.outputs.forEach((id, i) => {
      tensors[id] = { ...tensors[id], shape: sizes[i] ?? tensors[id].shape, data: results[i] };
    });
    return false;
  });
  const folded = { ...graph, tensors, nodes };
  return settled ? inferShapes(folded) : folded;
};

/** Whether the sizes of the node's results are known only at run time. */
function isVarying(graph: Graph, node: Node): boolean {
  const view = viewOf(graph, node);
  const { bounds, check, shapes } = rulesOf(node.kind);
  return bounds !== undefined && check(view).length === 0 && shapes(view).includes(null);
}

/** Bytes of the node's results. */
const bytesOf = (graph: Graph, node: Node): number =>
  resultsOf(graph, node).reduce((sum, { shape, dtype }) => sum + elements(shape) * itemSize(dtype), 0);

function isConstant(graph: Graph, node: Node): boolean {
  const { inputs, outputs } = viewOf(graph, node);
  const known = inputs.every((tensor) => tensor === null || (tensor.data !== null && !tensor.variable));
  const pure = rulesOf(node.kind).control === undefined;
  return pure && outputs.length > 0 && (known || rulesOf(node.kind).fromShapes === true);
}
