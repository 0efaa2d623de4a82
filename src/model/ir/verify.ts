import { rulesOf } from '../ops/index.ts';
import { DTYPES, isFloat, itemSize } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import { ABSENT, type Tensor, type TensorId } from '../tensor/tensor.ts';
import { type Graph, type Model, type Node, nodeLabel } from './graph.ts';
import { quoteName } from './names.ts';
import { infer, openInputs } from './shapes.ts';

/** Larger tensors cannot be indexed with the 32-bit integers of a build. */
export const MAX_TENSOR_BYTES = 2 ** 31 - 1;

/** How messages name a node; the importer names the file's operators. */
export type Label = (graph: Graph, node: Node) => string;

/**
 * Every rule of the IR that `graph` breaks; empty when it is sound. Run after import and, in tests, after every pass.
 * @param unknown inputs whose shapes are known only when running
 */
export function verifyGraph(graph: Graph, label: Label = nodeLabel, unknown: readonly TensorId[] = []): string[] {
  const wiring = [...verifyTensors(graph), ...verifyWiring(graph, label)];
  return wiring.length > 0 ? wiring : verifyOperators(graph, label, unknown);
}

/** The same for all graphs of a model. */
export function verifyModel({ subgraphs, signatures }: Model): string[] {
  const entries = new Set([0, ...signatures.map(({ subgraph }) => subgraph)]);
  return subgraphs.flatMap((graph, i) => verifyGraph(graph, nodeLabel, entries.has(i) ? [] : openInputs(graph)));
}

/**
 * Indices in range, each tensor written once and before it is read, nothing written that has its own value, nothing read
 * that a layer has replaced by its state.
 */
export const verifyWiring = (graph: Graph, label: Label = nodeLabel): string[] =>
  findWiring(graph, (node) => label(graph, node)).map(({ node, what }) =>
    node === null ? what : `${label(graph, node)}: ${what}`,
  );

/** What is wrong with a node, or (null) with the graph as a whole. */
export interface WiringFault {
  readonly node: Node | null;
  readonly what: string;
}

/**
 * As `verifyWiring`, by node.
 * @param label how another node is named
 * @param given tensors that count as having a value, whatever the graph says
 */
export function findWiring(
  graph: Graph,
  label: (node: Node) => string,
  given: ReadonlySet<TensorId> = new Set(),
): WiringFault[] {
  const { tensors } = graph;
  const faults: WiringFault[] = [];
  const walk: Walk = {
    ...{ graph, label },
    fault: (node, what) => void faults.push({ node, what }),
    ready: tensors.map((t, id) => t.data !== null || t.variable === true || given.has(id)),
    written: new Map(),
    writers: new Map(graph.nodes.flatMap((node) => node.outputs.map((id) => [id, node] as const))),
    replaced: new Map(),
  };
  takeInputs(walk);
  for (const node of graph.nodes) {
    readOperands(walk, node);
    replaceStates(walk, node);
    writeResults(walk, node);
  }
  giveOutputs(walk);
  return faults;
}

/** What is known of a graph's tensors on the way from node to node. */
interface Walk {
  readonly graph: Graph;
  label(node: Node): string;
  fault(node: Node | null, what: string): void;
  /** By tensor: whether it has a value by now. */
  readonly ready: boolean[];
  readonly written: Map<TensorId, Node | 'input'>;
  /** Who writes each tensor sooner or later. */
  readonly writers: ReadonlyMap<TensorId, Node>;
  /** States that are no variables: TFLite writes the new state over the old one, whoever reads that later. */
  readonly replaced: Map<TensorId, Node>;
}

const named = ({ graph: { tensors } }: Walk, id: TensorId): string =>
  `tensor #${id} ${tensors[id] === undefined ? '' : quoteName(tensors[id].name)}`;

function exists({ graph: { tensors }, fault }: Walk, node: Node | null, id: TensorId, what: string): boolean {
  const found = Number.isInteger(id) && id >= 0 && id < tensors.length;
  if (!found) fault(node, `${what} ${id} is not a tensor of the graph (it has ${tensors.length})`);
  return found;
}

function takeInputs(walk: Walk): void {
  const { graph, fault, written, ready } = walk;
  for (const id of graph.inputs) {
    if (!exists(walk, null, id, 'graph input')) continue;
    const { bound, shape, data } = graph.tensors[id];
    if (written.has(id)) fault(null, `${named(walk, id)} is listed twice among the graph's inputs`);
    if (data !== null) fault(null, `${named(walk, id)} is a graph input but has constant data`);
    if (bound && bound.length !== elements(shape))
      fault(null, `${named(walk, id)} is bound to ${bound.length} elements`);
    written.set(id, 'input');
    ready[id] = true;
  }
}

function readOperands(walk: Walk, node: Node): void {
  const { fault, label, ready, replaced, writers } = walk;
  for (const id of node.inputs) {
    const by = replaced.get(id);
    if (by !== undefined) fault(node, `reads ${named(walk, id)}, over which ${label(by)} has written its new state`);
    if (id === ABSENT || !exists(walk, node, id, 'operand') || ready[id]) continue;
    const later = writers.get(id);
    if (later === node) fault(node, `reads its own result, ${named(walk, id)}`);
    else if (later !== undefined)
      fault(
        node,
        `reads ${named(walk, id)}, which is written only later, by ${label(later)}: a cycle, or out of order`,
      );
    else fault(node, `reads ${named(walk, id)}, which has no value (no data, and no operator writes it)`);
  }
}

function replaceStates(walk: Walk, node: Node): void {
  const { tensors } = walk.graph;
  for (const id of (rulesOf(node.kind).state ?? []).map((i) => node.inputs[i])) {
    if (tensors[id] === undefined || tensors[id].variable) continue;
    if (tensors[id].data !== null)
      walk.fault(node, `its state is the constant ${named(walk, id)}, must be a variable or computed`);
    walk.replaced.set(id, node);
  }
}

function writeResults(walk: Walk, node: Node): void {
  const { fault, label, ready, written } = walk;
  for (const id of node.outputs) {
    if (!exists(walk, node, id, 'result')) continue;
    const { data, variable } = walk.graph.tensors[id];
    const writer = written.get(id);
    if (data !== null) fault(node, `writes the constant ${named(walk, id)}`);
    else if (variable) fault(node, `its result is the variable ${named(walk, id)}, which only keeps state`);
    else if (writer === 'input') fault(node, `writes the graph input ${named(walk, id)}`);
    else if (writer !== undefined) fault(node, `writes ${named(walk, id)}, which ${label(writer)} already wrote`);
    written.set(id, node);
    ready[id] = true;
  }
}

function giveOutputs(walk: Walk): void {
  const { graph, fault, ready, replaced } = walk;
  // A graph that only initialises variables has none.
  if (graph.outputs.length === 0 && !graph.nodes.some((node) => node.outputs.length === 0))
    fault(null, 'the graph has no outputs');
  for (const id of graph.outputs) {
    if (!exists(walk, null, id, 'graph output')) continue;
    const by = replaced.get(id);
    if (!ready[id]) fault(null, `graph output ${named(walk, id)} is never computed`);
    if (by !== undefined) fault(by, `writes its new state over ${named(walk, id)}, which is a graph output`);
  }
}

/** Each tensor by itself: shape, data and quantization agree. */
export function verifyTensors(graph: Graph, except: ReadonlySet<TensorId> = new Set()): string[] {
  return graph.tensors.flatMap((t, i) =>
    (except.has(i) ? [] : tensorFaults(t)).map((fault) => `tensor #${i} ${quoteName(t.name)}: ${fault}`),
  );
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
export function verifyOperators(graph: Graph, label: Label = nodeLabel, unknown: readonly TensorId[] = []): string[] {
  const { nodes } = infer(graph, unknown);
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
