import type { Graph, Node } from '../../model/ir/graph.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';
import type { InPlace } from '../emission/context.ts';
import type { PersistentMemory } from './persistent.ts';
import { type Buffer, type MemoryPlan, type Over, planMemory } from './plan.ts';

/** Location of the elements of a tensor at run time. */
export type Place =
  | { readonly at: 'input' | 'output'; readonly index: number }
  | { readonly at: 'arena'; readonly offset: number }
  /** In persistent memory. */
  | { readonly at: 'persistent'; readonly offset: number }
  | { readonly at: 'constant' };

export interface Storage {
  /** By tensor; undefined for tensors that nothing computes. */
  readonly places: readonly (Place | undefined)[];
  /** By node: arena offset of its scratch memory; meaningless if it has none. */
  readonly scratch: readonly number[];
  /** Model outputs that no node writes in place, with the tensor to copy from. */
  readonly copies: readonly { readonly output: number; readonly from: TensorId }[];
  readonly arenaBytes: number;
}

const MOVES_NOTHING: ReadonlySet<string> = new Set<Node['kind']>(['reshape', 'squeeze', 'expand_dims']);

/** Whether the node's result is a view of its first operand: no code. */
export const isAlias = (graph: Graph, node: Node): boolean =>
  MOVES_NOTHING.has(node.kind) && !graph.tensors[node.inputs[0]].variable && !graph.tensors[node.outputs[0]].variable;

export const tensorBytes = (graph: Graph, id: TensorId): number =>
  elements(graph.tensors[id].shape) * itemSize(graph.tensors[id].dtype);

/** Memory requests of a node besides its tensors. */
export interface Requests {
  readonly scratchBytes: number;
  /** Operands that its first result may overlap. */
  readonly inPlace: readonly InPlace[];
  /** Operands that its scratch memory may overlap. */
  readonly scratchInPlace: readonly InPlace[];
}

/** A memory planner; steps are nodes. Tests use others than `planMemory`. */
export type Planner = (buffers: readonly Buffer[], graph: Graph) => MemoryPlan;

/** Lifetimes of the tensors of a graph, in nodes. */
interface Lifetimes {
  /** By tensor: the tensor whose memory it uses: itself, or the one it is an alias of. */
  readonly root: readonly TensorId[];
  /** Producers, in execution order. */
  readonly maker: ReadonlyMap<TensorId, number>;
  readonly lastUse: ReadonlyMap<TensorId, number>;
}

function lifetimesOf(graph: Graph): Lifetimes {
  const root = graph.tensors.map((_, id) => id);
  const maker = new Map<TensorId, number>();
  const lastUse = new Map<TensorId, number>();
  graph.nodes.forEach((node, step) => {
    for (const id of node.inputs) if (id !== ABSENT) lastUse.set(root[id], step);
    if (isAlias(graph, node)) root[node.outputs[0]] = root[node.inputs[0]];
    else for (const id of node.outputs) maker.set(id, step);
  });
  return { root, maker, lastUse };
}

/** The places of tensors outside the arena, undefined for others, and the outputs that must be copied. */
function placesOutside(graph: Graph, { root, maker }: Lifetimes, persistent: PersistentMemory) {
  const places: (Place | undefined)[] = graph.tensors.map(({ data }) =>
    data === null ? undefined : { at: 'constant' },
  );
  graph.inputs.forEach((id, index) => {
    places[id] = { at: 'input', index };
  });
  graph.tensors.forEach((tensor, id) => {
    if (tensor.variable) places[id] = { at: 'persistent', offset: persistent.variable(tensor, tensorBytes(graph, id)) };
  });
  const copies: { output: number; from: TensorId }[] = [];
  graph.outputs.forEach((id, index) => {
    if (maker.has(root[id]) && places[root[id]] === undefined) places[root[id]] = { at: 'output', index };
    else copies.push({ output: index, from: id });
  });
  return { places, copies };
}

/** Buffers in the arena, and their indices by tensor and, for scratch memory, by node. */
interface ArenaContents {
  readonly buffers: readonly Buffer[];
  readonly tensors: ReadonlyMap<TensorId, number>;
  readonly scratch: ReadonlyMap<number, number>;
}

/** The buffers of tensors without a place, in the order of their producers, and of scratch memory. */
function arenaContents(
  graph: Graph,
  { root, maker, lastUse }: Lifetimes,
  places: readonly (Place | undefined)[],
  requests: readonly Requests[],
): ArenaContents {
  const buffers: Buffer[] = [];
  const tensors = new Map<TensorId, number>();
  const scratch = new Map<number, number>();
  /** The buffers of operands that nobody reads after this step, nor in another way during it. */
  const overOf = (step: number, listed: readonly InPlace[]): Over[] =>
    listed.flatMap(({ operand, lead }) => {
      const { inputs } = graph.nodes[step];
      const id = root[inputs[operand]];
      const buffer = tensors.get(id);
      const isListed = (i: number): boolean => listed.some((place) => place.operand === i);
      const isLast = lastUse.get(id) === step && inputs.every((input, i) => root[input] !== id || isListed(i));
      return buffer !== undefined && isLast ? [{ buffer, lead }] : [];
    });
  for (const [id, step] of maker) {
    if (places[id] !== undefined) continue;
    const over = graph.nodes[step].outputs[0] === id ? overOf(step, requests[step].inPlace) : [];
    const last = Math.max(step, lastUse.get(id) ?? step);
    tensors.set(id, buffers.length);
    buffers.push({ bytes: tensorBytes(graph, id), tensor: id, first: step, last, over });
  }
  requests.forEach(({ scratchBytes: bytes, scratchInPlace }, step) => {
    if (bytes === 0) return;
    scratch.set(step, buffers.length);
    buffers.push({ bytes, first: step, last: step, over: overOf(step, scratchInPlace) });
  });
  return { buffers, tensors, scratch };
}

/**
 * Places every tensor. Model inputs and outputs: the caller's buffers. Aliases: their operand's memory. Variables: `persistent`. The rest,
 * and scratch memory: the arena, by lifetime; a result may overlap an operand that is not read later. Output buffers may be read by later
 * nodes, so the caller's buffers must not overlap. `requests`: by node.
 */
export function planStorage(
  graph: Graph,
  requests: readonly Requests[],
  persistent: PersistentMemory,
  planner: Planner = planMemory,
): Storage {
  const lifetimes = lifetimesOf(graph);
  const { places, copies } = placesOutside(graph, lifetimes, persistent);
  const { buffers, tensors, scratch } = arenaContents(graph, lifetimes, places, requests);
  const { offsets, bytes } = planner(buffers, graph);
  for (const [id, buffer] of tensors) places[id] = { at: 'arena', offset: offsets[buffer] };
  return {
    places: lifetimes.root.map((id) => places[id]),
    scratch: requests.map((_, step) => (scratch.has(step) ? offsets[scratch.get(step)!] : 0)),
    copies,
    arenaBytes: bytes,
  };
}
