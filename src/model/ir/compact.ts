import { ABSENT, type TensorId } from '../tensor/tensor.ts';
import type { Graph, Model } from './graph.ts';

/**
 * The model without the tensors that nothing reads or writes; the others keep their order and get new numbers.
 * @param among by subgraph: the tensors that may go; without it, any
 */
export function compactModel(model: Model, among?: readonly ReadonlySet<TensorId>[]): Model {
  const parts = model.subgraphs.map((graph, i) => compactGraph(graph, among?.[i]));
  return {
    ...model,
    subgraphs: parts.map((p) => p.graph),
    signatures: model.signatures.map((s) => {
      const renumber = (list: typeof s.inputs): typeof s.inputs =>
        list.map((port) => ({ ...port, tensor: parts[s.subgraph].renumber(port.tensor) }));
      return { ...s, inputs: renumber(s.inputs), outputs: renumber(s.outputs) };
    }),
  };
}

function compactGraph(
  graph: Graph,
  among?: ReadonlySet<TensorId>,
): { readonly graph: Graph; renumber(id: TensorId): TensorId } {
  const used = new Set([...graph.inputs, ...graph.outputs, ...graph.nodes.flatMap((n) => [...n.inputs, ...n.outputs])]);
  const kept = graph.tensors.map((_, id) => id).filter((id) => used.has(id) || among?.has(id) === false);
  const numbers = new Map(kept.map((id, i) => [id, i]));
  const renumber = (id: TensorId): TensorId => (id === ABSENT ? ABSENT : (numbers.get(id) ?? ABSENT));
  return {
    renumber,
    graph: {
      ...graph,
      tensors: kept.map((id) => graph.tensors[id]),
      nodes: graph.nodes.map((n) => ({ ...n, inputs: n.inputs.map(renumber), outputs: n.outputs.map(renumber) })),
      inputs: graph.inputs.map(renumber),
      outputs: graph.outputs.map(renumber),
    },
  };
}
