import type { FloatConstants } from '../../compiler/passes/layers_in_float.ts';
import { weighted } from '../../compiler/passes/regions.ts';
import { type Graph, type Model, type Node, operandsOf } from '../../model/ir/graph.ts';
import { sameShape } from '../../model/tensor/shape.ts';
import type { TensorId } from '../../model/tensor/tensor.ts';

/**
 * The weights and biases that the FP32 model has for those of the INT8 model, by tensor of its main graph. Layers are joined
 * by their order, where both models have the same kinds of operators with weights of the same shapes; else there are none.
 */
export function partnerConstants({ subgraphs: [int8] }: Model, { subgraphs: [fp32] }: Model): FloatConstants {
  const [own, theirs] = [int8, fp32].map((graph) => weighted(graph).map((n) => graph.nodes[n]));
  const found = new Map<TensorId, Float32Array>();
  if (own.length !== theirs.length) return found;
  for (const [i, node] of own.entries()) {
    const pairs = constantPairs(int8, node, fp32, theirs[i]);
    if (pairs === null) return new Map();
    for (const [id, data] of pairs) found.set(id, data);
  }
  return found;
}

/** The constants of two operators, operand by operand; null where they are not the same layer. */
function constantPairs(int8: Graph, node: Node, fp32: Graph, partner: Node): [TensorId, Float32Array][] | null {
  if (node.kind !== partner.kind || node.inputs.length !== partner.inputs.length) return null;
  const theirs = operandsOf(fp32, partner);
  const pairs: [TensorId, Float32Array][] = [];
  for (const [k, own] of operandsOf(int8, node).entries()) {
    const other = theirs[k];
    if (own?.data == null) continue;
    if (other?.data == null || !sameShape(own.shape, other.shape)) return null;
    if (other.dtype === 'float32') pairs.push([node.inputs[k], other.data as Float32Array]);
  }
  return pairs;
}
