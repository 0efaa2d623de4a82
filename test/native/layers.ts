/** Graphs of single layers side by side, so that one program tests many: each has an input and an output of its own. */
import fc from 'fast-check';
import type { Activation } from '../../src/model/arithmetic/activation.ts';
import type { Graph, Model, Node } from '../../src/model/ir/graph.ts';
import { rulesOf } from '../../src/model/ops/index.ts';
import { allocate, type DType, type TensorData } from '../../src/model/tensor/dtype.ts';
import type { Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { randomOf } from '../model/graphs.ts';

/** Operand types; see `Operands` of the schedules for the 8-bit ones. */
export type Form =
  | 'float32'
  | 'int8'
  | 'int8-full'
  | 'uint8-narrow'
  | 'uint8-offset'
  | 'uint8-full'
  | 'hybrid'
  | 'int16';

export interface Layer {
  readonly kind: 'nn.conv2d' | 'nn.depthwise_conv2d' | 'nn.dense';
  readonly form: Form;
  /** Images, height, width, channels of a group. Dense: rows and depth are the first and the last. */
  readonly input: readonly [number, number, number, number];
  /** Output channels of a group; depthwise: the multiplier. */
  readonly outs: number;
  readonly groups: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padding: 'SAME' | 'VALID' | { top: number; bottom: number; left: number; right: number };
  readonly activation: Activation;
  readonly bias: boolean;
  /** Whether each channel has a scale of its own, where the form may. */
  readonly perChannel: boolean;
  /** Scale of the results relative to what fills their range; small ones saturate. Below 2^-8: left shifts. */
  readonly gain: number;
  readonly seed: number;
}

const small = fc.integer({ min: 1, max: 9 });
const step = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
const pad = fc.integer({ min: 0, max: 3 });

/** Ragged layers of every kind and form. */
export const layers: fc.Arbitrary<Layer> = fc
  .record({
    kind: fc.constantFrom<Layer['kind']>('nn.conv2d', 'nn.conv2d', 'nn.depthwise_conv2d', 'nn.dense'),
    form: fc.constantFrom<Form>(
      'float32',
      'int8',
      'int8',
      'int8-full',
      'uint8-narrow',
      'uint8-offset',
      'uint8-full',
      'hybrid',
      'int16',
    ),
    input: fc.tuple(
      fc.constantFrom(1, 1, 2, 3),
      fc.oneof({ arbitrary: small, weight: 3 }, { arbitrary: fc.constant(1), weight: 1 }),
      small,
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(8, 16, 32, 48)),
    ),
    outs: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 4, 8, 16, 32)),
    groups: fc.constantFrom(1, 1, 1, 2, 3),
    kernel: fc.oneof(
      fc.constant([1, 1] as const),
      fc.constant([3, 3] as const),
      fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    ),
    strides: fc.oneof(fc.constant([1, 1] as const), step),
    dilation: fc.oneof(fc.constant([1, 1] as const), step),
    padding: fc.oneof(
      fc.constantFrom('SAME' as const, 'VALID' as const),
      fc.record({ top: pad, bottom: pad, left: pad, right: pad }),
    ),
    activation: fc.constantFrom<Activation>('NONE', 'NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1'),
    bias: fc.boolean(),
    perChannel: fc.boolean(),
    gain: fc.constantFrom(0.3, 1, 4, 1e-6),
    seed: fc.integer(),
  })
  .map((layer) => {
    if (layer.kind === 'nn.dense') return { ...layer, groups: 1 };
    // A window that fits, whatever the padding.
    const kernel = [0, 1].map((i) => Math.min(layer.kernel[i], Math.ceil(layer.input[1 + i] / layer.dilation[i]))) as [
      number,
      number,
    ];
    const outs = layer.kind === 'nn.depthwise_conv2d' ? (layer.outs % 3) + 1 : layer.outs;
    return { ...layer, kernel, outs, groups: layer.kind === 'nn.conv2d' ? layer.groups : 1 };
  });

/** The same ragged layers in every run. */
export const sampleLayers = (count: number, seed: number): Layer[] => fc.sample(layers, { numRuns: count, seed });

const DATA: Readonly<Record<Form, DType>> = {
  ...{ float32: 'float32', hybrid: 'float32', int8: 'int8', 'int8-full': 'int8', int16: 'int16' },
  ...{ 'uint8-narrow': 'uint8', 'uint8-offset': 'uint8', 'uint8-full': 'uint8' },
};
/** Type, range and zero point of the weights. */
const WEIGHTS: Readonly<Record<Form, readonly [DType, number, number, number]>> = {
  float32: ['float32', -1, 1, 0],
  hybrid: ['int8', -127, 127, 0],
  int8: ['int8', -127, 127, 0],
  'int8-full': ['int8', -128, 127, 0],
  int16: ['int8', -127, 127, 0],
  'uint8-narrow': ['uint8', 30, 255, 131],
  'uint8-offset': ['uint8', 1, 255, 151],
  'uint8-full': ['uint8', 0, 255, 90],
};

function fill(dtype: DType, count: number, low: number, high: number, random: () => number): TensorData {
  const data = allocate(dtype, count);
  for (let i = 0; i < count; i++) {
    const v = low + random() * (high - low);
    data[i] = dtype === 'float32' ? v : Math.round(v);
  }
  // The extremes are there.
  if (count > 0 && dtype !== 'float32') data[0] = low;
  if (count > 1 && dtype !== 'float32') data[count - 1] = high;
  return data;
}

const RANGES: Partial<Record<DType, readonly [number, number]>> = {
  ...{ float32: [-2, 2], int8: [-128, 127], uint8: [0, 255], int16: [-32768, 32767] },
};

interface Made {
  readonly tensors: Tensor[];
  readonly input: TensorData;
  readonly node: Pick<Node, 'kind' | 'attrs'>;
}

function make(layer: Layer, index: number): Made {
  const random = randomOf(layer.seed);
  const { kind, form, outs, groups } = layer;
  const [n, h, w, c] = layer.input;
  const depthwise = kind === 'nn.depthwise_conv2d';
  const dense = kind === 'nn.dense';
  const columns = depthwise ? c * outs : outs * groups;
  const dataType = DATA[form];
  const quantized = dataType !== 'float32';
  const [weightType, low, high, zeroPoint] = WEIGHTS[form];
  const [kh, kw] = dense ? [1, 1] : layer.kernel;
  const weightShape: Shape = dense ? [columns, c] : depthwise ? [1, kh, kw, columns] : [columns, kh, kw, c];
  const depth = depthwise ? kh * kw : kh * kw * c;
  const axis = depthwise ? 3 : 0;
  const perChannel = layer.perChannel && dataType !== 'uint8' && weightType !== 'float32';
  const scales = Array.from({ length: perChannel ? columns : 1 }, () => Math.fround(0.002 + 0.02 * random()));
  const weightsQ: Quantization | null =
    weightType === 'float32' ? null : { scales, zeroPoints: scales.map(() => zeroPoint), axis: perChannel ? axis : 0 };
  const dataQ = (scale: number, zero: number): Quantization | null =>
    quantized ? { scales: [Math.fround(scale)], zeroPoints: [form === 'int16' ? 0 : zero], axis: 0 } : null;
  const [from, to] = RANGES[dataType]!;
  const zero = Math.round(from + random() * (to - from));
  const inScale = 0.01 + 0.05 * random();
  const outScale = inScale * scales[0] * Math.sqrt(depth) * 60 * layer.gain * (form === 'int16' ? 0.9 : 1);
  // Where the results are not negative, their zero point is usually the type's lowest value.
  const outZero = layer.activation !== 'NONE' && layer.seed % 3 !== 0 ? from : Math.round((from + to) / 2);
  const inputShape = dense ? [n * h, c] : [n, h, w, c * groups];
  const name = (what: string): string => `${what}${index}`;
  const tensor = (
    what: string,
    dtype: DType,
    shape: Shape,
    quantization: Quantization | null,
    data: TensorData | null,
  ) => ({ name: name(what), dtype, shape, quantization, data }) as Tensor;
  const biasType: DType = form === 'int16' && layer.seed % 2 === 0 ? 'int64' : quantized ? 'int32' : 'float32';
  const biasData = allocate(biasType, columns);
  for (let i = 0; i < columns; i++) {
    const v = Math.round((random() - 0.5) * 4000);
    biasData[i] = biasType === 'int64' ? BigInt(v) : quantized ? v : v / 1000;
  }
  const attrs = dense
    ? { activation: layer.activation, keepNumDims: false, asymmetricQuantizeInputs: layer.perChannel }
    : {
        ...{ padding: layer.padding, strides: layer.strides, dilation: layer.dilation, activation: layer.activation },
        ...(depthwise && { depthMultiplier: outs }),
      };
  const tensors = [
    tensor('x', dataType, inputShape, dataQ(inScale, zero), null),
    tensor('w', weightType, weightShape, weightsQ, fill(weightType, elements(weightShape), low, high, random)),
    ...(layer.bias ? [tensor('b', biasType, [columns], null, biasData)] : []),
    tensor('y', dataType, [], dataQ(outScale, outZero), null),
  ];
  return {
    tensors,
    input: fill(dataType, elements(inputShape), from, to, random),
    node: { kind, attrs } as Made['node'],
  };
}

/** A model of the layers, with an input for each. A layer that the operator's own rules refuse is an error. */
export function modelOfLayers(wanted: readonly Layer[]): { readonly model: Model; readonly inputs: TensorData[] } {
  const tensors: Tensor[] = [];
  const nodes: Node[] = [];
  const made = wanted.map(make);
  const graph: Graph = { name: 'layers', tensors, nodes, inputs: [], outputs: [] };
  const ends = made.map(({ tensors: own, node }, source) => {
    const first = tensors.length;
    const output = own[own.length - 1];
    const inputs = own.slice(0, -1);
    const view = { ...node, inputs, outputs: [output] } as Parameters<ReturnType<typeof rulesOf>['shapes']>[0];
    const [shape] = rulesOf(node.kind).shapes(view);
    tensors.push(...inputs, { ...output, shape: shape! });
    const last = tensors.length - 1;
    nodes.push({ ...node, inputs: inputs.map((_, i) => first + i), outputs: [last], source } as Node);
    return [first, last] as const;
  });
  const whole = { ...graph, inputs: ends.map(([x]) => x), outputs: ends.map(([, y]) => y) };
  return {
    model: { name: 'layers', description: '', subgraphs: [whole], signatures: [] },
    inputs: made.map(({ input }) => input),
  };
}

/** What is wrong with a layer's result; null when it is right: integers equal, floats within 1e-5 of the largest. */
export function difference(actual: TensorData, expected: TensorData): string | null {
  if (actual.length !== expected.length) return `${actual.length} elements, not ${expected.length}`;
  const exact = !(expected instanceof Float32Array);
  let largest = 0;
  for (const v of expected) largest = Math.max(largest, Math.abs(Number(v)));
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(Number(actual[i]) - Number(expected[i]));
    if (!(off <= (exact ? 0 : 1e-5 * largest))) return `element ${i} is ${actual[i]}, not ${expected[i]}`;
  }
  return null;
}
