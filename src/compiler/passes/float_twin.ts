import { compactModel } from '../../model/ir/compact.ts';
import type { Graph, Model, Node } from '../../model/ir/graph.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';
import { floatTensor, impliedBiases, withoutQuantization } from './dequantized.ts';
import { writeImpliedActivations } from './implied_activations.ts';

/**
 * The FP32 counterpart of a quantized model (the twin): dequantized weights and biases, float32 activations, inputs and outputs, no
 * operators that only change the quantization. Fused activations stay, including those that the INT8 model holds only as a range. Other
 * saturation is not reproduced: it is an error of INT8 (docs/adr/0010).
 */
export function floatTwin(model: Model): Model {
  const parts = model.subgraphs.map((graph) => floatGraph(writeImpliedActivations(graph)));
  const signatures = model.signatures.map((s) => {
    const follow = (list: typeof s.inputs): typeof s.inputs =>
      list.map((port) => ({ ...port, tensor: parts[s.subgraph].follow(port.tensor) }));
    return { ...s, inputs: follow(s.inputs), outputs: follow(s.outputs) };
  });
  return compactModel({ ...model, name: `${model.name}_fp32`, subgraphs: parts.map((p) => p.graph), signatures });
}

interface Part {
  readonly graph: Graph;
  /** The tensor that replaces `id` when quantizing operators are removed. */
  follow(id: TensorId): TensorId;
}

function floatGraph(graph: Graph): Part {
  const source = new Map<TensorId, TensorId>();
  const follow = (id: TensorId): TensorId => source.get(id) ?? id;
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    if (node.kind.startsWith('qnn.')) source.set(node.outputs[0], follow(node.inputs[0]));
    else nodes.push({ ...withoutQuantization(node), inputs: node.inputs.map(follow) });
  }
  const outputs = graph.outputs.map(follow);
  const biases = impliedBiases(graph);
  const tensors = graph.tensors.map((t, id) => floatTensor(t, biases.get(id) ?? t.quantization));
  // An output whose last operator was removed keeps its name, which users refer to.
  for (const [i, id] of outputs.entries()) {
    const wanted = graph.outputs[i];
    const free = !graph.inputs.includes(id) && !graph.outputs.includes(id) && tensors[id].data === null;
    if (id !== wanted && free) tensors[id] = { ...tensors[id], name: graph.tensors[wanted].name };
  }
  return { graph: { ...graph, tensors, nodes, outputs }, follow };
}
