import { InputError } from '../../errors.ts';
import { renumberCallees } from './callees.ts';
import type { Graph, Model, Node, Signature } from './graph.ts';

/**
 * The model with the graph of a signature as its main one; inputs and outputs come in the signature's order and have its
 * names.
 * @throws InputError where there is no such signature, or it leaves inputs out
 */
export function enterSignature(model: Model, key: string): Model {
  const signature = model.signatures.find((s) => s.key === key);
  if (signature === undefined) {
    const keys = model.signatures.map((s) => `"${s.key}"`).join(', ');
    throw new InputError(`${model.name}: has no signature "${key}"; it has ${keys || 'none'}`);
  }
  const { subgraph } = signature;
  // The two graphs change places; what calls them follows.
  const place = (index: number): number => (index === subgraph ? 0 : index === 0 ? subgraph : index);
  const moved = model.subgraphs.map((_, i) => model.subgraphs[place(i)]);
  const [main, ...others] = moved.map((graph) => ({
    ...graph,
    nodes: graph.nodes.map((node): Node => renumberCallees(node, place)),
  }));
  return {
    ...model,
    subgraphs: [named(main, signature, model.name), ...others],
    signatures: model.signatures.map((s) => ({ ...s, subgraph: place(s.subgraph) })),
  };
}

function named(graph: Graph, { key, inputs, outputs }: Signature, model: string): Graph {
  const names = new Map([...outputs, ...inputs].map((port) => [port.tensor, port.name]));
  const missing = graph.inputs.find((id) => !inputs.some((port) => port.tensor === id));
  if (missing !== undefined || inputs.length !== graph.inputs.length)
    throw new InputError(
      `${model}: the signature "${key}" names ${inputs.length} inputs of a graph that has ${graph.inputs.length}`,
    );
  return {
    ...graph,
    tensors: graph.tensors.map((t, id) => ({ ...t, name: names.get(id) || t.name })),
    inputs: inputs.map((port) => port.tensor),
    outputs: outputs.map((port) => port.tensor),
  };
}
