import { DTYPES, isFloat, itemSize } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import { ABSENT, type Graph, type Node, nodeLabel, type Tensor } from './graph.ts';
import { quoteName } from './names.ts';
import { infer } from './shapes.ts';

/** Larger tensors cannot be indexed with the 32-bit integers of a build. */
export const MAX_TENSOR_BYTES = 2 ** 31 - 1;

/** How messages name a node; the importer names the file's operators. */
export type Label = (graph: Graph, node: Node) => string;

/** Every rule of the IR that `graph` breaks; empty when it is sound. Run after import and, in tests, after every pass. */
export function verifyGraph(graph: Graph, label: Label = nodeLabel): string[] {
  const wiring = [...verifyTensors(graph), ...verifyWiring(graph, label)];
  return wiring.length > 0 ? wiring : verifyOperators(graph, label);
}

/** Indices in range, each tensor written once and before it is read, nothing written that has its own value. */
export function verifyWiring(graph: Graph, label: Label = nodeLabel): string[] {
  const problems: string[] = [];
  const { tensors } = graph;
  const named = (id: number): string => `tensor #${id} ${tensors[id] === undefined ? '' : quoteName(tensors[id].name)}`;
  const known = (id: number, what: () => string): boolean => {
    const exists = Number.isInteger(id) && id >= 0 && id < tensors.length;
    if (!exists) problems.push(`${what()} ${id} is no tensor of the graph (it has ${tensors.length})`);
    return exists;
  };
  const ready = tensors.map((t) => t.data !== null || t.variable === true);
  const written = new Map<number, Node | 'input'>();

  for (const id of graph.inputs) {
    if (!known(id, () => 'graph input')) continue;
    if (written.has(id)) problems.push(`${named(id)} is listed twice among the graph's inputs`);
    if (tensors[id].data !== null) problems.push(`${named(id)} is a graph input but has constant data`);
    if (tensors[id].bound && tensors[id].bound.length !== elements(tensors[id].shape))
      problems.push(`${named(id)} is bound to ${tensors[id].bound.length} elements`);
    written.set(id, 'input');
    ready[id] = true;
  }
  for (const node of graph.nodes) {
    for (const id of node.inputs) {
      if (id === ABSENT || !known(id, () => `${label(graph, node)}: operand`) || ready[id]) continue;
      problems.push(`${label(graph, node)}: reads ${named(id)}, which has no value yet (no data, no earlier operator)`);
    }
    for (const id of node.outputs) {
      if (!known(id, () => `${label(graph, node)}: result`)) continue;
      const writer = written.get(id);
      if (tensors[id].data !== null) problems.push(`${label(graph, node)}: writes the constant ${named(id)}`);
      else if (writer === 'input') problems.push(`${label(graph, node)}: writes the graph input ${named(id)}`);
      else if (writer !== undefined)
        problems.push(`${label(graph, node)}: writes ${named(id)}, which ${label(graph, writer)} already wrote`);
      written.set(id, node);
      ready[id] = true;
    }
  }
  // A graph that only initialises variables has none.
  if (graph.outputs.length === 0 && !graph.nodes.some((node) => node.outputs.length === 0))
    problems.push('the graph has no outputs');
  for (const id of graph.outputs)
    if (known(id, () => 'graph output') && !ready[id]) problems.push(`graph output ${named(id)} is never computed`);
  return problems;
}

/** Each tensor by itself: shape, data and quantization agree. */
export function verifyTensors(graph: Graph): string[] {
  return graph.tensors.flatMap((t, i) => tensorFaults(t).map((fault) => `tensor #${i} ${quoteName(t.name)}: ${fault}`));
}

function tensorFaults(t: Tensor): string[] {
  const faults: string[] = [];
  if (!DTYPES.includes(t.dtype)) return [`unknown type ${t.dtype}`];
  if (t.shape.some((d) => !Number.isSafeInteger(d) || d < 0)) faults.push(`impossible shape ${showShape(t.shape)}`);
  if (elements(t.shape) * itemSize(t.dtype) > MAX_TENSOR_BYTES)
    faults.push(`its shape ${showShape(t.shape)} exceeds 2 GB`);
  if (t.data !== null && t.data.length !== elements(t.shape))
    faults.push(`${t.data.length} elements of data for the shape ${showShape(t.shape)}`);
  const q = t.quantization;
  if (q === null) return faults;
  if (isFloat(t.dtype)) faults.push('a float tensor cannot be quantized');
  if (q.scales.length === 0 || q.scales.length !== q.zeroPoints.length)
    faults.push(`${q.scales.length} scales with ${q.zeroPoints.length} zero points`);
  if (q.scales.some((s) => !(s > 0 && Number.isFinite(s)))) faults.push('a scale that is not a positive number');
  if (q.scales.length > 1 && q.scales.length !== t.shape[q.axis])
    faults.push(`${q.scales.length} scales along dimension ${q.axis} of ${showShape(t.shape)}`);
  return faults;
}

/** Each operator by the rules of its kind: number of operands, types, shapes, quantization. */
export function verifyOperators(graph: Graph, label: Label = nodeLabel): string[] {
  const { nodes } = infer(graph);
  return graph.nodes.flatMap((node, n) =>
    [...nodes[n].faults, ...misfits(graph, node, nodes[n].shapes)].map((fault) => `${label(graph, node)}: ${fault}`),
  );
}

/** Results whose declared shape is not the one that the operator gives. */
const misfits = (graph: Graph, node: Node, shapes: readonly (Shape | null)[]): string[] =>
  shapes.flatMap((shape, i) => {
    const declared = graph.tensors[node.outputs[i]].shape;
    return shape === null || sameShape(shape, declared)
      ? []
      : [`result ${i} has the shape ${showShape(declared)}, but the operator gives ${showShape(shape)}`];
  });
