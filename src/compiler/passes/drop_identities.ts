import type { Graph, Node } from '../../model/ir/graph.ts';
import { sameQuantization } from '../../model/tensor/quantization.ts';
import { sameShape } from '../../model/tensor/shape.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { type Pass, renameInputs } from './view.ts';

/**
 * Takes out nodes whose result is their operand, bit for bit: requantizations to the parameters a tensor already has,
 * reshapes to the shape it already has and with the parameters it already has.
 */
export const dropIdentities: Pass = (graph) => {
  const renamed = new Map<TensorId, TensorId>();
  const rename = (id: TensorId): TensorId => renamed.get(id) ?? id;
  const outputs = new Set(graph.outputs);
  const nodes = graph.nodes.flatMap((original) => {
    const node = renameInputs(original, rename);
    // A result that the graph hands out keeps its node: it has a buffer and a name of its own.
    if (!isIdentity(graph, node) || outputs.has(node.outputs[0])) return [node];
    renamed.set(node.outputs[0], node.inputs[0]);
    return [];
  });
  return { ...graph, nodes };
};

function isIdentity(graph: Graph, node: Node): boolean {
  if (!['qnn.requantize', 'reshape', 'squeeze'].includes(node.kind)) return false;
  const from = graph.tensors[node.inputs[0]];
  const to = graph.tensors[node.outputs[0]];
  // A reshape copies codes that may stand for other numbers afterwards.
  return (
    !from.variable &&
    from.dtype === to.dtype &&
    sameShape(from.shape, to.shape) &&
    sameQuantization(from.quantization, to.quantization)
  );
}
