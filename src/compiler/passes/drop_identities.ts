import type { Graph, Node } from '../../model/ir/graph.ts';
import { sameQuantization } from '../../model/tensor/quantization.ts';
import { sameShape } from '../../model/tensor/shape.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { type Pass, renameInputs } from './view.ts';

/**
 * Removes nodes whose result equals their operand bit for bit: requantizations to equal parameters, and reshapes to an equal shape with
 * equal parameters.
 */
export const dropIdentities: Pass = (graph) => {
  const renamed = new Map<TensorId, TensorId>();
  const rename = (id: TensorId): TensorId => renamed.get(id) ?? id;
  const outputs = new Set(graph.outputs);
  const nodes = graph.nodes.flatMap((original) => {
    const node = renameInputs(original, rename);
    // An output of the graph keeps its node: it has its own buffer and name.
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
  // A reshape copies q; with other parameters the real values change.
  return (
    !from.variable &&
    from.dtype === to.dtype &&
    sameShape(from.shape, to.shape) &&
    sameQuantization(from.quantization, to.quantization)
  );
}
