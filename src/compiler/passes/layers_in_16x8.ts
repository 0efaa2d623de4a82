import { type Graph, type Model, type Node, operandsOf } from '../../model/ir/graph.ts';
import { perTensor, type Quantization } from '../../model/tensor/quantization.ts';
import type { Tensor, TensorId } from '../../model/tensor/tensor.ts';
import { WEIGHTED } from './dequantized.ts';
import { type Form, recompute } from './recompute.ts';

/**
 * Steps of int16 to one of int8. A power of two: int8 values, biases and scales convert without rounding. Five bits go
 * into finer steps, the rest into range: 1024 steps of int8 either way of 0, of which int8 itself reaches 255 at most.
 */
export const STEPS_OF_INT8 = 32;

/**
 * The model with some operators of its main graph on int16 activations and int8 weights, as TFLite's 16x8 kernels want
 * them: zero points of 0, int64 biases. Other operators get int8 as before. What lies between two of these has finer
 * steps and four times the range or more, so that it is neither coarse nor cut off; a single operator between int8
 * tensors gains nothing.
 *
 * @param nodes indices in the main graph
 * @throws InputError where an operator has no such form: few but convolutions and fully connected layers have
 */
export const layersIn16x8 = (model: Model, nodes: Iterable<number>): Model => recompute(model, nodes, INT16X8);

const INT16X8: Form = {
  name: 'int16x8',
  scaleless: false,
  activation: wide,
  constants: wideConstants,
  attributes: (node) => node,
  // TFLite's QUANTIZE makes no int16 of int8, but of floats.
  enter: (from) => ({ kinds: ['qnn.dequantize', 'qnn.quantize'], between: [inFloat(from)] }),
  leave: (from, to) =>
    to.dtype === 'uint8'
      ? { kinds: ['qnn.dequantize', 'qnn.quantize'], between: [inFloat(from)] }
      : { kinds: ['qnn.requantize'], between: [] },
};

const inFloat = (t: Tensor): Tensor => ({
  ...{ ...t, name: `${t.name}/float32`, dtype: 'float32', quantization: null, data: null },
});

/** The same values in int16, and more of them; a constant without rounding. int16 stays as it is. */
function wide(t: Tensor): Tensor {
  const { scales, zeroPoints } = t.quantization!;
  if (t.dtype === 'int16' || scales.length > 1) return t;
  const data = t.data as ArrayLike<number> | null;
  return {
    ...{ ...t, name: `${t.name}/int16`, dtype: 'int16' },
    quantization: perTensor(scales[0] / STEPS_OF_INT8, 0),
    data: data && Int16Array.from(data, (q) => STEPS_OF_INT8 * (q - zeroPoints[0])),
  };
}

/** Weights stay; a bias counts in the finer steps; other quantized constants are int16. */
function wideConstants(graph: Graph, node: Node): Map<TensorId, Tensor> {
  const found = new Map<TensorId, Tensor>();
  const order = WEIGHTED[node.kind];
  if (order === undefined) {
    for (const id of node.inputs) {
      const t = graph.tensors[id];
      if (t?.data && t.quantization && t.dtype === 'int8') found.set(id, wide(t));
    }
    return found;
  }
  const [x, weights, bias] = order.map((i) => operandsOf(graph, node)[i] ?? null);
  if (bias === null || bias.dtype !== 'int32' || bias.data === null || x?.dtype === 'int16') return found;
  found.set(node.inputs[order[2]], {
    ...{ ...bias, name: `${bias.name}/int64`, dtype: 'int64' },
    quantization: biasScales(x?.quantization ?? null, weights?.quantization ?? null),
    data: BigInt64Array.from(bias.data as Int32Array, (value) => BigInt(STEPS_OF_INT8) * BigInt(value)),
  });
  return found;
}

/** Input scale · weight scale, in float32 as files hold it. */
const biasScales = (input: Quantization | null, weights: Quantization | null): Quantization | null =>
  input &&
  weights && {
    scales: weights.scales.map((scale) => Math.fround((input.scales[0] / STEPS_OF_INT8) * scale)),
    zeroPoints: weights.scales.map(() => 0),
    axis: 0,
  };
