import { layersIn16x8 } from '../../compiler/passes/layers_in_16x8.ts';
import { type FloatConstants, layersInFloat } from '../../compiler/passes/layers_in_float.ts';
import { withReaders } from '../../compiler/passes/regions.ts';
import { InputError } from '../../errors.ts';
import type { Graph, Model } from '../../model/ir/graph.ts';

/** What operators can be computed in, in place of INT8. */
export type How = 'int16x8' | 'float32';

/** Operators of the main graph that are to be computed otherwise. */
export interface Change {
  /** The node that it is about. */
  readonly layer: number;
  readonly how: How;
  /** In order; the layer among them. */
  readonly nodes: readonly number[];
}

const MAKE: Readonly<Record<How, (model: Model, nodes: readonly number[], constants: FloatConstants) => Model>> = {
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
    ...(readers.length > 1 ? [{ layer, how: 'int16x8' as const, nodes: readers }] : []),
    ...(weights || readers.length === 1 ? [{ layer, how: 'float32' as const, nodes: [layer] }] : []),
    ...(readers.length > 1 ? [{ layer, how: 'float32' as const, nodes: readers }] : []),
  ];
  return wished.filter((change) => whyNot(model, change, constants) === null);
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

/** How sentences call what is changed: `layer 12`, `layer 12 and what reads it`, `layers 12 to 15`. */
export function nameOf({ nodes: all }: Graph, { layer, nodes }: Change): string {
  const number = (n: number) => all[n].source;
  if (nodes.length === 1) return `layer ${number(layer)}`;
  const rest = nodes.filter((n) => n !== layer);
  return `layer ${number(layer)} with ${rest.length === 1 ? `layer ${number(rest[0])}, which reads it,` : `the ${rest.length} that follow it`}`;
}
