import { type Shape, sameShape } from '../tensor/shape.ts';
import type { TensorId } from '../tensor/tensor.ts';
import { calleesOf } from './callees.ts';
import type { Graph, Model, Node } from './graph.ts';
import { type Extents, extentsOf, type GraphInference, infer, openInputs } from './shapes.ts';

/**
 * The model with the shapes of its main graph handed on to the graphs that it runs, and theirs back to it: what TFLite does
 * when inputs are resized. Shapes that are known only when running stay as they are, and so does a graph that is run with
 * different ones.
 */
export function inferCallShapes(model: Model): Model {
  const graphs = [...model.subgraphs];
  const inferred = new Map<number, GraphInference>();
  /** The shapes that a graph has been inferred for. */
  const given = new Map<number, string>();
  const visit = (index: number): void => {
    const unknown = index === 0 ? [] : openInputs(graphs[index]);
    const inference = infer(graphs[index], unknown, (node, operands) => {
      const callees = calleesOf(node);
      const fitting = callees.map((callee) => enter(callee.graph, operands.slice(callee.from)));
      const giving = callees.filter(({ returns }) => returns).map(({ graph }) => inferred.get(graph)!);
      return fitting.every(Boolean) && giving.length > 0 ? resultShapes(node, giving) : [];
    });
    inferred.set(index, inference);
    graphs[index] = inference.graph;
  };
  /** Whether a graph has the shapes that are handed over to it. */
  const enter = (index: number, shapes: Extents): boolean => {
    const key = JSON.stringify(shapes);
    const known = given.get(index);
    if (known !== undefined) return known === key;
    given.set(index, key);
    graphs[index] = withShapes(graphs[index], graphs[index].inputs, shapes);
    visit(index);
    return true;
  };
  visit(0);
  return { ...model, subgraphs: graphs };
}

const shapesOf = ({ graph, open }: GraphInference, ids: readonly TensorId[]): Extents =>
  extentsOf(ids, graph.tensors, open);

/** Shapes of a node's results: those in which all graphs that give them agree, and which a loop's values keep. */
function resultShapes(node: Node, giving: readonly GraphInference[]): Extents {
  const [first, ...others] = giving.map((inference) => shapesOf(inference, inference.graph.outputs));
  const before = node.kind === 'while' ? [shapesOf(giving[0], giving[0].graph.inputs)] : [];
  const agree = (shape: Shape, i: number): boolean =>
    [...others, ...before].every((shapes) => shapes[i] !== null && sameShape(shape, shapes[i]));
  return first.map((shape, i) => (shape !== null && agree(shape, i) ? shape : null));
}

/** The graph with these shapes, which are no longer open, for some of its tensors. */
function withShapes(graph: Graph, ids: readonly TensorId[], shapes: Extents): Graph {
  const tensors = [...graph.tensors];
  ids.forEach((id, i) => {
    const shape = shapes[i];
    if (shape === null) return;
    const { signature: _, ...tensor } = tensors[id];
    tensors[id] = { ...tensor, shape };
  });
  return { ...graph, tensors };
}
