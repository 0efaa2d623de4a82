import type { OpKind } from '../ops/attrs.ts';
import type { OpView } from '../ops/definition.ts';
import { rulesOf } from '../ops/index.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape } from '../tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';
import { type Graph, type Node, operandsOf, resultsOf } from './graph.ts';

/** A node as the rules of its kind see it. */
export const viewOf = (graph: Graph, node: Node): OpView<OpKind> => ({
  kind: node.kind,
  attrs: node.attrs,
  inputs: operandsOf(graph, node),
  outputs: resultsOf(graph, node),
});

/** Shape arithmetic handles a few numbers, perhaps out of a table; larger tensors are data, and take time to read. */
export const MOST_SHAPE_VALUES = 64;
const TABLE = 4096;

/**
 * The values of a node that computes with shapes (SHAPE → STRIDED_SLICE → PACK → RESHAPE and the like), where all it
 * reads is known; null elsewhere.
 */
function knownValues(graph: Graph, node: Node): TensorData[] | null {
  const view = viewOf(graph, node);
  const small = view.outputs.every((t) => /^int(32|64)$/.test(t.dtype) && elements(t.shape) <= MOST_SHAPE_VALUES);
  const known =
    rulesOf(node.kind).fromShapes ||
    view.inputs.every((t) => t === null || (t.data !== null && t.data.length <= TABLE));
  if (!small || !known || rulesOf(node.kind).control) return null;
  return rulesOf(node.kind).evaluate({ ...view, data: view.inputs.map((t) => t?.data ?? null), profile: 'tflite' });
}

/** What the operators' rules say about a node, in a graph where earlier results have the shapes that rules gave them. */
export interface Inference {
  /** Why the node's kind is not defined for its operands and results; empty when it is. */
  readonly faults: readonly string[];
  /** The shapes of its results; null where they are only known when running, and where there are faults. */
  readonly shapes: readonly (Shape | null)[];
}

/** Shapes of tensors; null where they are known only when running. */
export type Extents = readonly (Shape | null)[];

export const extentsOf = (ids: readonly TensorId[], tensors: readonly Tensor[], open: ReadonlySet<TensorId>): Extents =>
  ids.map((id) => (id === ABSENT ? [] : open.has(id) ? null : tensors[id].shape));

/** The same for a graph. */
export interface GraphInference {
  readonly graph: Graph;
  /** By node. */
  readonly nodes: readonly Inference[];
  /** Tensors whose shapes are only known when running. */
  readonly open: ReadonlySet<TensorId>;
}

/**
 * Inputs of a graph that others run whose shapes the file leaves open: they are what is handed over. An open extent of the
 * main graph, however, is 1, as TFLite has it.
 */
export const openInputs = ({ tensors, inputs }: Graph): TensorId[] =>
  inputs.filter((id) => tensors[id]?.signature?.includes(-1));

/**
 * The graph with every result's shape computed from the operands', in order, and what was found at each node. A file's
 * shapes are hints: TFLite computes its own, and so do passes that change an operand. Shapes known only when running
 * stay as they are; operators that read such tensors cannot be judged before they run, and count as sound.
 *
 * @param unknown inputs whose shapes are known only when running
 * @param call shapes of the results of a node that runs other graphs, from its operands'; null: as the file has them
 */
export function infer(
  graph: Graph,
  unknown: readonly TensorId[] = [],
  call?: (node: Node, operands: Extents) => Extents,
): GraphInference {
  const tensors: Tensor[] = [...graph.tensors];
  // The same tensors with the values that follow from shapes, for the operators that take shapes as operands.
  const seen: Tensor[] = [...graph.tensors];
  const working: Graph = { ...graph, tensors: seen };
  const open = new Set<TensorId>(unknown);
  const nodes = graph.nodes.map((node): Inference => {
    const called = (rulesOf(node.kind).control && call?.(node, extentsOf(node.inputs, tensors, open))) || [];
    for (const [i, shape] of called.entries()) {
      if (shape === null) continue;
      const { signature: _, ...rest } = tensors[node.outputs[i]];
      tensors[node.outputs[i]] = { ...rest, shape };
      seen[node.outputs[i]] = tensors[node.outputs[i]];
    }
    const judged = !node.inputs.some((id) => open.has(id));
    const faults = judged ? rulesOf(node.kind).check(viewOf(working, node)) : [];
    const ruled = judged && faults.length === 0;
    const own = ruled ? rulesOf(node.kind).shapes(viewOf(working, node)) : node.outputs.map(() => null);
    const shapes = own.map((shape, i) => shape ?? called[i] ?? null);
    for (const [i, shape] of shapes.entries()) {
      const id = node.outputs[i];
      const old = tensors[id];
      if (shape === null && faults.length === 0) open.add(id);
      if (shape === null || old === undefined || old.data !== null || sameShape(shape, old.shape)) continue;
      const { signature, ...rest } = old;
      tensors[id] = { ...rest, shape, ...(signature?.length === shape.length && { signature }) };
      seen[id] = tensors[id];
    }
    const values = !ruled || shapes.includes(null) ? null : knownValues(working, node);
    values?.forEach((data, i) => {
      seen[node.outputs[i]] = { ...seen[node.outputs[i]], data };
    });
    return { faults, shapes };
  });
  return { graph: { ...graph, tensors }, nodes, open };
}

/** The graph with every result's shape computed; see `infer`. */
export const inferShapes = (graph: Graph): Graph => infer(graph).graph;
