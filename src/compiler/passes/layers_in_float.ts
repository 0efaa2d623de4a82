import { InputError } from '../../errors.ts';
import { type Graph, type Model, type Node, nodeLabel } from '../../model/ir/graph.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import { floatTensor, impliedBiases, withoutQuantization } from './dequantized.ts';
import { type Form, recompute } from './recompute.ts';

/** Float values of constants of the INT8 model's main graph, by tensor, in its layout: what they were before quantization. */
export type FloatConstants = ReadonlyMap<TensorId, Float32Array>;

/**
 * The model with some operators of its main graph computed in float32: their inputs dequantized, weights dequantized or
 * taken from `constants`, results quantized again, to the same parameters, where others read them. What lies between two
 * of them is not quantized.
 *
 * @param nodes indices in the main graph
 * @throws InputError where an operator has no float form, or a constant another number of elements
 */
export const layersInFloat = (model: Model, nodes: Iterable<number>, constants?: FloatConstants): Model =>
  recompute(model, nodes, floatForm(constants ?? new Map()));

const floatForm = (given: FloatConstants): Form => ({
  name: 'float32',
  scaleless: true,
  activation: (t) => ({ ...floatTensor(t, t.quantization), name: `${t.name}/float32` }),
  constants: (graph, node) => floatConstants(graph, node, given),
  attributes: withoutQuantization,
  enter: () => ({ kinds: ['qnn.dequantize'], between: [] }),
  leave: () => ({ kinds: ['qnn.quantize'], between: [] }),
});

function floatConstants(graph: Graph, node: Node, given: FloatConstants): Map<TensorId, Tensor> {
  const biases = impliedBiases({ ...graph, nodes: [node] });
  const found = new Map<TensorId, Tensor>();
  for (const id of node.inputs) {
    const t = graph.tensors[id];
    if (t === undefined || t.data === null) continue;
    const float = floatTensor(t, biases.get(id) ?? t.quantization);
    if (float === t) continue;
    const data = given.get(id) ?? float.data!;
    if (data.length !== t.data.length)
      throw new InputError(
        `operator ${nodeLabel(graph, node)}: ${data.length} float values for the ${t.data.length} elements of "${t.name}"; give them in the INT8 model's layout`,
      );
    found.set(id, { ...float, data, name: `${t.name}/float32` });
  }
  return found;
}
