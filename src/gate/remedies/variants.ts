import { layersIn16x8 } from '../../compiler/passes/layers_in_16x8.ts';
import { type FloatConstants, layersInFloat } from '../../compiler/passes/layers_in_float.ts';
import { weighted, withReaders } from '../../compiler/passes/regions.ts';
import { weightsPerChannel } from '../../compiler/passes/weights_per_channel.ts';
import { InputError } from '../../errors.ts';
import type { Graph, Model } from '../../model/ir/graph.ts';

/** What can be done to operators: other numbers in place of INT8, or a scale for each output channel of their weights. */
export const HOWS = ['per-channel', 'int16x8', 'float32'] as const;
export type How = (typeof HOWS)[number];

/** Operators of the main graph that are to be computed otherwise. */
export interface Change {
  /** The node that it is about. */
  readonly layer: number;
  readonly how: How;
  /** In order; the layer among them. */
  readonly nodes: readonly number[];
}

const MAKE: Readonly<Record<How, (model: Model, nodes: readonly number[], constants: FloatConstants) => Model>> = {
  'per-channel': weightsPerChannel,
  int16x8: layersIn16x8,
  float32: layersInFloat,
};

/**
 * The INT8 model with a change made.
 * @param constants weights as they were before quantization, for operators in float32
 * @throws InputError where an operator has no such form
 */
export const changed = (model: Model, { how, nodes }: Change, constants: FloatConstants): Model =>
  MAKE[how](model, nodes, constants);

/**
 * What can be tried about the error that a layer introduces, the cheapest first:
 *
 * * a scale for each channel of its weights, where FP32's are known and INT8's have one scale
 * * int16x8 for the layer and its readers, which takes away the error of its result's quantization
 * * float32 for the layer alone, which takes away that of its weights, where they are known
 * * float32 for the layer and its readers, which takes away both
 *
 * Only what the operators have a form for.
 */
export function changesFor(model: Model, layer: number, constants: FloatConstants): Change[] {
  const [graph] = model.subgraphs;
  const readers = withReaders(graph, layer);
  const weights = graph.nodes[layer].inputs.some((id) => constants.has(id));
  const wished: Change[] = [
    { layer, how: 'per-channel', nodes: [layer] },
    ...(readers.length > 1 ? [{ layer, how: 'int16x8' as const, nodes: readers }] : []),
    ...(weights || readers.length === 1 ? [{ layer, how: 'float32' as const, nodes: [layer] }] : []),
    ...(readers.length > 1 ? [{ layer, how: 'float32' as const, nodes: readers }] : []),
  ];
  return wished.filter((change) => whyNot(model, change, constants) === null);
}

/** Weights per channel wherever they can be, which costs no time; null where that is for one layer at most. */
export function allPerChannel(model: Model, constants: FloatConstants): Change | null {
  const nodes = weighted(model.subgraphs[0]).filter(
    (n) => whyNot(model, { layer: n, how: 'per-channel', nodes: [n] }, constants) === null,
  );
  return nodes.length > 1 ? { layer: nodes[0], how: 'per-channel', nodes } : null;
}

/** All of the layers in float32; null for fewer than two, and where one has no such form. */
export function allInFloat(model: Model, layers: readonly number[], constants: FloatConstants): Change | null {
  const nodes = [...new Set(layers)].toSorted((a, b) => a - b);
  const change: Change = { layer: layers[0], how: 'float32', nodes };
  return nodes.length > 1 && whyNot(model, change, constants) === null ? change : null;
}

/** Why a change cannot be made; null where it can. */
export function whyNot(model: Model, change: Change, constants: FloatConstants): string | null {
  try {
    changed(model, change, constants);
    return null;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** How sentences call what is changed: `layer 12`, `layers 12 and 13`, `layer 12 and the 3 that read it`, `all 10 layers`. */
export function nameOf(graph: Graph, { layer, how, nodes }: Change): string {
  const number = (n: number) => graph.nodes[n].source;
  if (nodes.length === 1) return `layer ${number(layer)}`;
  if (how === 'per-channel') return `${nodes.length === weighted(graph).length ? 'all ' : ''}${nodes.length} layers`;
  const readers = new Set(withReaders(graph, layer));
  if (nodes.length > 2 && nodes.every((n) => readers.has(n)))
    return `layer ${number(layer)} and the ${nodes.length - 1} that read it`;
  const numbers = nodes.map(number);
  return `layers ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}
