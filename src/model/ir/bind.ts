import { InputError } from '../../errors.ts';
import { rulesOf } from '../ops/index.ts';
import type { TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import { ABSENT, type TensorId } from '../tensor/tensor.ts';
import type { Graph, Node } from './graph.ts';
import { infer, inferShapes, MOST_SHAPE_VALUES } from './shapes.ts';
import { verifyGraph } from './verify.ts';

/** The value of graph inputs, by tensor. */
export type Values = ReadonlyMap<TensorId, TensorData>;

/**
 * The graph specialised for inputs that have these values and no others: nodes read constants in their place, and shapes
 * that follow from them are known. The inputs themselves stay. Throws InputError where an operator cannot have such values.
 */
export function bindInputs(graph: Graph, values: Values): Graph {
  if (values.size === 0) return graph;
  const tensors = graph.tensors.map((t, id) => (values.has(id) ? { ...t, bound: values.get(id)! } : t));
  const constants = new Map([...values].map(([id, data]) => [id, tensors.push({ ...graph.tensors[id], data }) - 1]));
  const rename = (id: TensorId): TensorId => constants.get(id) ?? id;
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) }));
  const bound = inferShapes({ ...graph, tensors, nodes });
  const faults = verifyGraph(bound);
  if (faults.length > 0) throw new InputError(`with the values that inputs are bound to: ${faults.join('; ')}`);
  return bound;
}

/**
 * The nodes that a build cannot be made for: results have shapes that depend on values which are not known, and no bounds
 * either; or how they compute depends on such values.
 */
export function undecided(graph: Graph): Node[] {
  const { nodes } = infer(graph);
  return graph.nodes.filter((node, i) => {
    const { control, bounds, decisive = [] } = rulesOf(node.kind);
    const open = nodes[i].shapes.includes(null) && !control && !bounds;
    return nodes[i].faults.length === 0 && (open || decisive.some((k) => graph.tensors[node.inputs[k]]?.data === null));
  });
}

/**
 * Those of the given inputs that decide shapes, as few as will do; empty where all shapes are known, and all that could
 * matter where even their values leave some unknown.
 */
export function decidingInputs(graph: Graph, values: Values): Map<TensorId, TensorData> {
  const open = undecided(graph);
  const reached = ancestors(graph, open);
  const chosen = new Map(
    [...values].filter(([id]) => reached.has(id) && elements(graph.tensors[id].shape) <= MOST_SHAPE_VALUES),
  );
  if (open.length === 0 || undecided(bindInputs(graph, chosen)).length > 0)
    return open.length === 0 ? new Map() : chosen;
  for (const [id, data] of [...chosen]) {
    chosen.delete(id);
    if (undecided(bindInputs(graph, chosen)).length > 0) chosen.set(id, data);
  }
  return chosen;
}

/** Every tensor that `nodes` compute from, directly or not. */
function ancestors(graph: Graph, nodes: readonly Node[]): Set<TensorId> {
  const found = new Set(nodes.flatMap((node) => node.inputs));
  for (const node of graph.nodes.toReversed())
    if (node.outputs.some((id) => found.has(id))) for (const id of node.inputs) found.add(id);
  found.delete(ABSENT);
  return found;
}
