import { InputError } from '../../errors.ts';
import { roundAway } from '../../model/arithmetic/rounding.ts';
import { compactModel } from '../../model/ir/compact.ts';
import { type Graph, type Model, type Node, nodeLabel } from '../../model/ir/graph.ts';
import { verifyGraph } from '../../model/ir/verify.ts';
import type { OpKind } from '../../model/ops/attrs.ts';
import { strides } from '../../model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import type { FloatConstants } from './layers_in_float.ts';

/** The dimension of the weights that counts output channels, by operator. */
const CHANNELS: Partial<Record<OpKind, number>> = { 'nn.conv2d': 0, 'nn.depthwise_conv2d': 3, 'nn.dense': 0 };

/**
 * The model with the weights of some operators of its main graph quantized anew, from FP32, with a scale for each output
 * channel: the largest weight of a channel is 127, as TFLite's converter has it. The bias follows, from FP32 where it is known.
 *
 * @param nodes indices in the main graph
 * @throws InputError where weights have such scales already, or are not known in FP32
 */
export function weightsPerChannel(model: Model, nodes: Iterable<number>, constants: FloatConstants): Model {
  const [graph, ...others] = model.subgraphs;
  const tensors = [...graph.tensors];
  const changed = [...graph.nodes];
  for (const n of nodes) changed[n] = requantized(graph, graph.nodes[n], constants, (t) => tensors.push(t) - 1);
  const result: Graph = { ...graph, tensors, nodes: changed };
  const faults = verifyGraph(result);
  if (faults.length > 0) throw new InputError(`${model.name}: weights cannot be per channel: ${faults[0]}`);
  return compactModel({ ...model, subgraphs: [result, ...others] });
}

function requantized(graph: Graph, node: Node, constants: FloatConstants, add: (t: Tensor) => TensorId): Node {
  const axis = CHANNELS[node.kind];
  const [x, w, b] = node.inputs;
  const [input, weights, bias] = [graph.tensors[x], graph.tensors[w], graph.tensors[b]];
  const real = constants.get(w);
  const refuse = (why: string) =>
    new InputError(`operator ${nodeLabel(graph, node)} cannot have weights per channel: ${why}`);
  if (axis === undefined || weights?.dtype !== 'int8' || weights.quantization === null)
    throw refuse('it has no int8 weights');
  if (weights.quantization.scales.length > 1) throw refuse('it has them already');
  if (real === undefined || input.quantization === null) throw refuse('those of FP32 are not known');
  const scales = channelScales(real, weights, axis);
  const [step, count] = [strides(weights.shape)[axis], scales.length];
  const channel = (i: number) => Math.floor(i / step) % count;
  const kernel = {
    ...weights,
    quantization: { scales, zeroPoints: scales.map(() => 0), axis },
    data: Int8Array.from(real, (value, i) => Math.max(-127, Math.min(127, roundAway(value / scales[channel(i)])))),
  };
  const inputs = [x, add(kernel)];
  if (bias !== undefined) {
    const units = scales.map((scale) => Math.fround(input.quantization!.scales[0] * scale));
    const old = input.quantization.scales[0] * weights.quantization.scales[0];
    const values = constants.get(b) ?? Float64Array.from(bias.data as Int32Array, (q) => q * old);
    inputs.push(
      add({
        ...bias,
        quantization: { scales: units, zeroPoints: units.map(() => 0), axis: 0 },
        data: Int32Array.from(values, (value, c) => roundAway(value / units[c])),
      }),
    );
  }
  return { ...node, inputs } as Node;
}

/** The largest weight of each channel over 127; 1 for a channel of zeros, or of what is no number. */
function channelScales(real: Float32Array, weights: Tensor, axis: number): number[] {
  const count = weights.shape[axis];
  const step = strides(weights.shape)[axis];
  const largest = new Float64Array(count);
  for (const [i, value] of real.entries()) {
    const c = Math.floor(i / step) % count;
    largest[c] = Math.max(largest[c], Math.abs(value));
  }
  return Array.from(largest, (most) => (most > 0 && Number.isFinite(most) ? Math.fround(most / 127) : 1));
}
