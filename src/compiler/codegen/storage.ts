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

/**
 * Places every tensor. Model inputs and outputs are used where the caller has them; aliases share their operand's
 * memory; variables lie in `kept`; the rest, and the nodes' scratch memory, goes into the arena by lifetime; a result may
 * lie over an operand that nobody reads afterwards. An output buffer may be read again by later nodes, which is why
 * callers' buffers must not overlap. `wants`: by node.
 */
export function planStorage(graph: Graph, wants: readonly Wants[], kept: Kept, planner: Planner = planMemory): Storage {
  const { tensors, nodes } = graph;
  const root = tensors.map((_, id) => id);
  const maker = new Map<TensorId, number>();
  const lastUse = new Map<TensorId, number>();
  nodes.forEach((node, step) => {
    for (const id of node.inputs) if (id !== ABSENT) lastUse.set(root[id], step);
    if (isAlias(graph, node)) root[node.outputs[0]] = root[node.inputs[0]];
    else for (const id of node.outputs) maker.set(id, step);
  });

  const own: (Place | undefined)[] = tensors.map((tensor) => (tensor.data === null ? undefined : { at: 'constant' }));
  graph.inputs.forEach((id, index) => {
    own[id] = { at: 'input', index };
  });
  tensors.forEach((tensor, id) => {
    if (tensor.variable) own[id] = { at: 'kept', offset: kept.variable(tensor, tensorBytes(graph, id)) };
  });
  const copies: { output: number; from: TensorId }[] = [];
  graph.outputs.forEach((id, index) => {
    if (maker.has(root[id]) && own[root[id]] === undefined) own[root[id]] = { at: 'output', index };
    else copies.push({ output: index, from: id });
  });

  const buffers: Buffer[] = [];
  const settle: ((offset: number) => void)[] = [];
  const scratch = wants.map(() => 0);
  /** Tensors in the arena in the order in which they are made, with the indices of their buffers. */
  const inArena = new Map<TensorId, number>();
  /** The buffers of operands that nobody reads after this step, nor in another way during it. */
  const overOf = (step: number, places: readonly InPlace[]): Over[] =>
    places.flatMap(({ operand, lead }) => {
      const { inputs } = nodes[step];
      const id = root[inputs[operand]];
      const buffer = inArena.get(id);
      const isListed = (i: number): boolean => places.some((place) => place.operand === i);
      const isLast = lastUse.get(id) === step && inputs.every((input, i) => root[input] !== id || isListed(i));
      return buffer !== undefined && isLast ? [{ buffer, lead }] : [];
    });
  for (const [id, step] of maker) {
    if (own[id] !== undefined) continue;
    const over = nodes[step].outputs[0] === id ? overOf(step, wants[step].inPlace) : [];
    inArena.set(id, buffers.length);
    const last = Math.max(step, lastUse.get(id) ?? step);
    buffers.push({ bytes: tensorBytes(graph, id), tensor: id, first: step, last, over });
    settle.push((offset) => {
      own[id] = { at: 'arena', offset };
    });
  }
  wants.forEach(({ scratchBytes: bytes, scratchInPlace }, step) => {
    if (bytes === 0) return;
    buffers.push({ bytes, first: step, last: step, over: overOf(step, scratchInPlace) });
    settle.push((offset) => {
      scratch[step] = offset;
    });
  });
  const plan = planner(buffers, graph);
  plan.offsets.forEach((offset, i) => {
    settle[i](offset);
  });
  return { places: root.map((id) => own[id]), scratch, copies, arenaBytes: plan.bytes };
}
