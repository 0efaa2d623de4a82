import type { Graph, Node } from '../../model/ir/graph.ts';
import { itemSize } from '../../model/tensor/dtype.ts';
import { elements } from '../../model/tensor/shape.ts';
import { ABSENT, type TensorId } from '../../model/tensor/tensor.ts';
import type { InPlace } from '../emission/context.ts';
import type { Kept } from './kept.ts';
import { type Buffer, type MemoryPlan, type Over, planMemory } from './plan.ts';

/** Where the elements of a tensor are found while the model runs. */
export type Place =
  | { readonly at: 'input' | 'output'; readonly index: number }
  | { readonly at: 'arena'; readonly offset: number }
  /** In the memory that keeps its values between runs. */
  | { readonly at: 'kept'; readonly offset: number }
  | { readonly at: 'constant' };

export interface Storage {
  /** By tensor; undefined for tensors that nothing computes. */
  readonly places: readonly (Place | undefined)[];
  /** By node: offset in the arena of its scratch memory; meaningless where it asked for none. */
  readonly scratch: readonly number[];
  /** Model outputs that no node writes in place, with the tensor to copy from. */
  readonly copies: readonly { readonly output: number; readonly from: TensorId }[];
  readonly arenaBytes: number;
}

const MOVES_NOTHING: ReadonlySet<string> = new Set<Node['kind']>(['reshape', 'squeeze', 'expand_dims']);

/** Whether the node's result is its first operand's memory under another shape: no code runs. */
export const isAlias = (graph: Graph, node: Node): boolean =>
  MOVES_NOTHING.has(node.kind) && !graph.tensors[node.inputs[0]].variable && !graph.tensors[node.outputs[0]].variable;

export const tensorBytes = (graph: Graph, id: TensorId): number =>
  elements(graph.tensors[id].shape) * itemSize(graph.tensors[id].dtype);

/** What a node wants of the arena besides its tensors. */
export interface Wants {
  readonly scratchBytes: number;
  /** Operands whose memory its first result may take over. */
  readonly inPlace: readonly InPlace[];
  /** Operands whose memory its scratch memory may take over. */
  readonly scratchInPlace: readonly InPlace[];
}

/** Places the buffers of a graph, whose steps are its nodes; tests take other ways than `planMemory`. */
export type Planner = (buffers: readonly Buffer[], graph: Graph) => MemoryPlan;

/** When the tensors of a graph are made and read, by node. */
interface Lifetimes {
  /** By tensor: the one whose memory it is, itself or what it is an alias of. */
  readonly root: readonly TensorId[];
  /** In the order in which tensors are made. */
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

/** The places of tensors outside of the arena, undefined for the others, and what is left to copy to outputs. */
function placesOutside(graph: Graph, { root, maker }: Lifetimes, kept: Kept) {
  const places: (Place | undefined)[] = graph.tensors.map(({ data }) =>
    data === null ? undefined : { at: 'constant' },
  );
  graph.inputs.forEach((id, index) => {
    places[id] = { at: 'input', index };
  });
  graph.tensors.forEach((tensor, id) => {
    if (tensor.variable) places[id] = { at: 'kept', offset: kept.variable(tensor, tensorBytes(graph, id)) };
  });
  const copies: { output: number; from: TensorId }[] = [];
  graph.outputs.forEach((id, index) => {
    if (maker.has(root[id]) && places[root[id]] === undefined) places[root[id]] = { at: 'output', index };
    else copies.push({ output: index, from: id });
  });
  return { places, copies };
}

/** What lies in the arena, and the numbers of the buffers of tensors and of nodes' scratch memory. */
interface ArenaContents {
  readonly buffers: readonly Buffer[];
  readonly tensors: ReadonlyMap<TensorId, number>;
  readonly scratch: ReadonlyMap<number, number>;
}

/** The buffers of the tensors that have no place, in the order in which they are made, and of scratch memory. */
function arenaContents(
  graph: Graph,
  { root, maker, lastUse }: Lifetimes,
  places: readonly (Place | undefined)[],
  wants: readonly Wants[],
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
    const over = graph.nodes[step].outputs[0] === id ? overOf(step, wants[step].inPlace) : [];
    const last = Math.max(step, lastUse.get(id) ?? step);
    tensors.set(id, buffers.length);
    buffers.push({ bytes: tensorBytes(graph, id), tensor: id, first: step, last, over });
  }
  wants.forEach(({ scratchBytes: bytes, scratchInPlace }, step) => {
    if (bytes === 0) return;
    scratch.set(step, buffers.length);
    buffers.push({ bytes, first: step, last: step, over: overOf(step, scratchInPlace) });
  });
  return { buffers, tensors, scratch };
}

/**
 * Places every tensor. Model inputs and outputs are used where the caller has them; aliases share their operand's
 * memory; variables lie in `kept`; the rest, and the nodes' scratch memory, goes into the arena by lifetime; a result may
 * lie over an operand that nobody reads afterwards. An output buffer may be read again by later nodes, which is why
 * callers' buffers must not overlap. `wants`: by node.
 */
export function planStorage(graph: Graph, wants: readonly Wants[], kept: Kept, planner: Planner = planMemory): Storage {
  const lifetimes = lifetimesOf(graph);
  const { places, copies } = placesOutside(graph, lifetimes, kept);
  const { buffers, tensors, scratch } = arenaContents(graph, lifetimes, places, wants);
  const { offsets, bytes } = planner(buffers, graph);
  for (const [id, buffer] of tensors) places[id] = { at: 'arena', offset: offsets[buffer] };
  return {
    places: lifetimes.root.map((id) => places[id]),
    scratch: wants.map((_, step) => (scratch.has(step) ? offsets[scratch.get(step)!] : 0)),
    copies,
    arenaBytes: bytes,
  };
}
