import { type Shape, sameShape } from '../tensor/shape.ts';
import { ABSENT, type TensorId } from '../tensor/tensor.ts';
import { type Callee, calleesOf } from './callees.ts';
import type { Graph, Model, Node } from './graph.ts';
import { inferShapes } from './shapes.ts';

/**
 * The model with the shapes of its main graph handed on to the graphs that it runs, and theirs back to it: what TFLite does
 * when inputs are resized. A graph that is run with different shapes, or whose results change theirs, stays as it is.
 */
export function inferCallShapes(model: Model): Model {
  const graphs = [...model.subgraphs];
  /** The shapes that a graph has been inferred for. */
  const given = new Map<number, string>();
  const visit = (index: number): void => {
    graphs[index] = inferShapes(graphs[index]);
    for (const node of graphs[index].nodes) {
      const callees = calleesOf(node);
      for (const callee of callees) {
        const shapes = handedOver(graphs[index], node, callee);
        const known = given.get(callee.graph);
        if (known !== undefined && known !== String(shapes)) return;
        given.set(callee.graph, String(shapes));
        const target = graphs[callee.graph];
        graphs[callee.graph] = withShapes(target, target.inputs, shapes);
        visit(callee.graph);
      }
      const results = resultShapes(graphs, node, callees);
      if (results !== null) graphs[index] = inferShapes(withShapes(graphs[index], node.outputs, results));
    }
  };
  visit(0);
  return { ...model, subgraphs: graphs };
}

const shapesOf = (graph: Graph, ids: readonly TensorId[]): Shape[] =>
  ids.map((id) => (id === ABSENT ? [] : graph.tensors[id].shape));

const handedOver = (graph: Graph, node: Node, { from }: Callee): Shape[] => shapesOf(graph, node.inputs.slice(from));

/** The shapes of a node's results, where all graphs that give them agree, and a loop's values keep theirs. */
function resultShapes(graphs: readonly Graph[], node: Node, callees: readonly Callee[]): Shape[] | null {
  const giving = callees.filter(({ returns }) => returns).map(({ graph }) => graphs[graph]);
  if (giving.length === 0) return null;
  const [first, ...others] = giving.map((graph) => shapesOf(graph, graph.outputs));
  const same = (shapes: readonly Shape[]): boolean => shapes.every((shape, i) => sameShape(shape, first[i]));
  const keeps = node.kind !== 'while' || same(shapesOf(giving[0], giving[0].inputs));
  return keeps && others.every(same) ? first : null;
}

/** The graph with these shapes, which are no longer open, for some of its tensors. */
function withShapes(graph: Graph, ids: readonly TensorId[], shapes: readonly Shape[]): Graph {
  const tensors = [...graph.tensors];
  ids.forEach((id, i) => {
    const { signature: _, ...tensor } = tensors[id];
    tensors[id] = { ...tensor, shape: shapes[i] };
  });
  return { ...graph, tensors };
}
