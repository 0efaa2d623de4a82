/** Graphs of single layers, for benches, tests and the tuner. */
import type { Graph, Node } from '../../model/ir/graph.ts';
import type { HW, Pads } from '../../model/ops/attrs.ts';
import type { DType, TensorData } from '../../model/tensor/dtype.ts';
import type { Quantization } from '../../model/tensor/quantization.ts';
import { elements, type Shape } from '../../model/tensor/shape.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { DepthwiseWorkload } from './depthwise/workload.ts';
import { depthOf, type GemmWorkload, rowsOf } from './gemm/workload.ts';
import type { Operands } from './workload.ts';

/** Range and zero point of weights that have exactly this operand type. */
const WEIGHTS: Readonly<Record<Operands, { readonly low: number; readonly high: number; readonly zero: number }>> = {
  float32: { low: -127, high: 127, zero: 0 },
  int8: { low: -127, high: 127, zero: 0 },
  'int8-full': { low: -128, high: 127, zero: 0 },
  'int8-wide': { low: -128, high: 127, zero: 30 },
  'uint8-offset': { low: 1, high: 255, zero: 151 },
  'uint8-full': { low: 0, high: 255, zero: 151 },
  'int8-dynamic': { low: -128, high: 127, zero: -7 },
  'int8-dynamic-narrow': { low: -127, high: 127, zero: -7 },
};
/** uint8 weights with operand type `int8`: w − zw fits int8. */
const UINT8_NARROW = { low: 4, high: 255, zero: 131 };

type Data = GemmWorkload['data'];

/** A graph of one layer with generated weights, which has `workload` if compiled with the same settings. */
export const oneLayer = (workload: GemmWorkload | DepthwiseWorkload): Graph =>
  workload.op === 'nn.depthwise_conv2d'
    ? depthwiseGraph(workload)
    : workload.op === 'nn.conv2d'
      ? convGraph(workload)
      : workload.op === 'nn.dense' && (workload.data === 'float32' || workload.epilogue !== 'tflite')
        ? denseGraph(workload)
        : productGraph(workload);

/** The same in every run; both limits of the range occur. */
function madeUp(data: Data, operands: Operands, shape: Shape): TensorData {
  const { low, high } = rangeOf(data, operands);
  const count = elements(shape);
  const value = (i: number): number => high - ((i * 37) % (high - low + 1));
  const last = (i: number): number => (i === count - 1 ? low : value(i));
  if (data === 'float32') return Float32Array.from({ length: count }, (_, i) => value(i) / 1000);
  const values = Array.from({ length: count }, (_, i) => last(i));
  return data === 'uint8' ? Uint8Array.from(values) : Int8Array.from(values);
}

const rangeOf = (data: Data, operands: Operands) =>
  data === 'uint8' && operands === 'int8' ? UINT8_NARROW : WEIGHTS[operands];

const quantized = (scales: readonly number[], zero: number, axis = 0): Quantization => ({
  ...{ scales: scales.map(Math.fround), zeroPoints: scales.map(() => zero), axis },
});

interface Parts {
  readonly dtype: DType;
  readonly data: Shape;
  readonly weights: Tensor;
  readonly output: Shape;
  /** Weights per result. */
  readonly depth: number;
  readonly node: Pick<Node, 'kind' | 'attrs'>;
}

/** Constant weights are no input. */
function graphOf({ dtype, data, weights, output, depth, node }: Parts): Graph {
  const float = dtype === 'float32';
  const given: Omit<Tensor, 'shape' | 'quantization'> = { name: 'x', dtype, data: null };
  const scale = 0.05 * Math.sqrt(depth) * (weights.quantization?.scales[0] ?? 1) * 0.02 * 60;
  const tensors: Tensor[] = [
    { ...given, shape: data, quantization: float ? null : quantized([0.02], 3) },
    weights,
    { ...given, name: 'y', shape: output, quantization: float ? null : quantized([scale], 5) },
  ];
  const only = { ...node, inputs: [0, 1], outputs: [2], source: 0 } as Node;
  return { name: 'layer', tensors, nodes: [only], inputs: weights.data === null ? [0, 1] : [0], outputs: [2] };
}

/** Hybrid layers have float data. */
const dataType = ({ data, epilogue }: GemmWorkload | DepthwiseWorkload | { data: Data; epilogue: 'sums' }): DType =>
  epilogue === 'sums' ? 'float32' : data;

function weightsOf(data: Data, operands: Operands, shape: Shape, channels: number, axis: number): Tensor {
  const { zero } = rangeOf(data, operands);
  const perChannel = data === 'int8' && zero === 0;
  const scales = Array.from({ length: perChannel ? channels : 1 }, (_, i) => 0.002 + 0.02 * ((i * 0.618) % 1));
  const quantization = data === 'float32' ? null : quantized(scales, zero, perChannel ? axis : 0);
  return { name: 'w', dtype: data, shape, quantization, data: madeUp(data, operands, shape) };
}

/** Padding that gives the output its size. */
function padsOf(w: { input: HW; output: HW; kernel: HW; strides: HW; dilation: HW; padding: HW }): Pads {
  const behind = (i: 0 | 1): number =>
    Math.max(0, (w.output[i] - 1) * w.strides[i] + (w.kernel[i] - 1) * w.dilation[i] + 1 - w.input[i] - w.padding[i]);
  return { top: w.padding[0], left: w.padding[1], bottom: behind(0), right: behind(1) };
}

function convGraph(w: GemmWorkload): Graph {
  const columns = w.n * w.groups;
  const shape = [columns, ...w.kernel, w.channels / w.groups];
  return graphOf({
    ...{ dtype: dataType(w), data: [w.images, ...w.input, w.channels], output: [w.images, ...w.output, columns] },
    ...{ weights: weightsOf(w.data, w.weights.operands, shape, columns, 0), depth: depthOf(w) },
    node: {
      kind: 'nn.conv2d',
      attrs: { padding: padsOf(w), strides: w.strides, dilation: w.dilation, activation: 'NONE' },
    },
  });
}

function depthwiseGraph(w: DepthwiseWorkload): Graph {
  const outs = w.channels * w.multiplier;
  const weights = weightsOf(w.data, w.weights.operands, [1, ...w.kernel, outs], outs, 3);
  const attrs = { padding: padsOf(w), strides: w.strides, dilation: w.dilation, activation: 'NONE' } as const;
  return graphOf({
    ...{ dtype: w.data, data: [w.images, ...w.input, w.channels], output: [w.images, ...w.output, outs], weights },
    ...{ depth: w.kernel[0] * w.kernel[1] },
    node: { kind: 'nn.depthwise_conv2d', attrs: { ...attrs, depthMultiplier: w.multiplier } },
  });
}

function denseGraph(w: GemmWorkload): Graph {
  const [rows, depth] = [rowsOf(w), depthOf(w)];
  return graphOf({
    ...{ dtype: dataType(w), data: [rows, depth], output: [rows, w.n], depth },
    weights: weightsOf(w.data, w.weights.operands, [w.n, depth], 1, 0),
    node: {
      kind: 'nn.dense',
      attrs: { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: w.epilogue === 'sums' },
    },
  });
}

/** A product of matrices, of which the right one is constant in layers that are otherwise fully connected. */
function productGraph(w: GemmWorkload): Graph {
  const [rows, depth] = [rowsOf(w), depthOf(w)];
  const made = weightsOf(w.data, w.weights.operands, [w.n, depth], 1, 0);
  const weights = w.right === 'constant' ? made : { ...made, data: null };
  return graphOf({
    ...{ dtype: w.data, data: [rows, depth], output: [rows, w.n], depth, weights },
    node: { kind: 'nn.batch_matmul', attrs: { adjX: false, adjY: true, asymmetricQuantizeInputs: false } },
  });
}
