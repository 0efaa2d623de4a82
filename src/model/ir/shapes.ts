import type { OpDefinition, OpView } from '../ops/definition.ts';
import { ops } from '../ops/index.ts';
import type { OpKind } from '../ops/kinds.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape } from '../tensor/shape.ts';
import { type Graph, type Node, operandsOf, resultsOf, type Tensor } from './graph.ts';

/** A node as the rules of its kind see it. */
export const viewOf = (graph: Graph, node: Node): OpView<OpKind> => ({
  kind: node.kind,
  attrs: node.attrs,
  inputs: operandsOf(graph, node),
  outputs: resultsOf(graph, node),
});

/** The rules of a node's kind. */
export const rulesOf = (node: Node): OpDefinition<OpKind> => ops[node.kind] as OpDefinition<OpKind>;

/** Why a node's kind is not defined for its operands and results; empty when it is. */
export const operatorFaults = (graph: Graph, node: Node): string[] => rulesOf(node).check(viewOf(graph, node));

/**
 * The shapes of a node's results by its kind's rules; null where they are only known when running, and where the
 * operator is not defined for its operands.
 */
export function resultShapes(graph: Graph, node: Node): (Shape | null)[] {
  const sound = operatorFaults(graph, node).length === 0;
  return sound ? rulesOf(node).shapes(viewOf(graph, node)) : node.outputs.map(() => null);
}

/** Shape arithmetic handles a few numbers; larger tensors are data. */
const FEW = 64;

/**
 * The values of a node that computes with shapes (SHAPE → STRIDED_SLICE → PACK → RESHAPE and the like), where all it
 * reads is known; null elsewhere.
 */
function knownValues(graph: Graph, node: Node): TensorData[] | null {
  const view = viewOf(graph, node);
  const small = view.outputs.every((t) => /^int(32|64)$/.test(t.dtype) && elements(t.shape) <= FEW);
  const known = node.kind === 'shape_of' || view.inputs.every((t) => t === null || t.data !== null);
  if (!small || !known) return null;
  return rulesOf(node).evaluate({ ...view, data: view.inputs.map((t) => t?.data ?? null), profile: 'tflite' });
}

/**
 * The graph with every result's shape computed from the operands', in order. A file's shapes are hints: TFLite computes
 * its own, and so do passes that change an operand. Shapes known only when running stay as they are.
 */
export function inferShapes(graph: Graph): Graph {
  const tensors: Tensor[] = [...graph.tensors];
  // The same tensors with the values that follow from shapes, for the operators that take shapes as operands.
  const seen: Tensor[] = [...graph.tensors];
  const working: Graph = { ...graph, tensors: seen };
  for (const node of graph.nodes) {
    const shapes = resultShapes(working, node);
    for (const [i, shape] of shapes.entries()) {
      const id = node.outputs[i];
      const old = tensors[id];
      if (shape === null || old === undefined || old.data !== null || sameShape(shape, old.shape)) continue;
      const { signature, ...rest } = old;
      tensors[id] = { ...rest, shape, ...(signature?.length === shape.length && { signature }) };
      seen[id] = tensors[id];
    }
    const values = shapes.includes(null) ? null : knownValues(working, node);
    values?.forEach((data, i) => {
      seen[node.outputs[i]] = { ...seen[node.outputs[i]], data };
    });
  }
  return { ...graph, tensors };
}
