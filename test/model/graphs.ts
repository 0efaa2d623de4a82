import fc from 'fast-check';
import type { Graph, Model, Node } from '../../src/model/ir/graph.ts';
import {
  allocate,
  complexParts,
  type DType,
  integerRange,
  isFloat,
  type TensorData,
} from '../../src/model/tensor/dtype.ts';
import type { Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor, TensorId } from '../../src/model/tensor/tensor.ts';

/**
 * Random sound models: a chain of operators on a 4-D tensor, float or quantized, with constants, fused activations,
 * per-axis weights, dynamic batches and odd names. Shapes are small, so that everything stays quick.
 */
export const models: fc.Arbitrary<Model> = fc
  .record({
    quantized: fc.boolean(),
    shape: fc.tuple(
      fc.constant(1),
      fc.integer({ min: 3, max: 6 }),
      fc.integer({ min: 3, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
    ),
    steps: fc.array(fc.record({ step: fc.nat(), seed: fc.nat() }), { minLength: 1, maxLength: 8 }),
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
    description: fc.string({ unit: 'grapheme', maxLength: 12 }),
    dynamic: fc.boolean(),
    signature: fc.boolean(),
  })
  .map(build);

interface Recipe {
  readonly quantized: boolean;
  readonly shape: Shape;
  readonly steps: readonly { readonly step: number; readonly seed: number }[];
  readonly name: string;
  readonly description: string;
  readonly dynamic: boolean;
  readonly signature: boolean;
}

/** A small deterministic generator: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomData(dtype: DType, length: number, random: () => number): TensorData {
  const data = allocate(dtype, length);
  if (dtype === 'complex64') {
    const parts = complexParts(data as BigUint64Array);
    for (let i = 0; i < parts.length; i++) parts[i] = 4 * random() - 2;
    return data;
  }
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return data.map(() => BigInt(Math.floor(random() * 1e6)));
  const [low, high] = isFloat(dtype) ? [-2, 2] : dtype === 'int32' ? [-1000, 1000] : integerRange(dtype);
  for (let i = 0; i < length; i++)
    data[i] = isFloat(dtype) ? low + random() * (high - low) : Math.floor(low + random() * (high - low + 1));
  // Weights of TFLite's int8 operators never hold the smallest value.
  return dtype === 'int8' ? (data.map((v: number) => Math.max(v, -127)) as TensorData) : data;
}

function build(recipe: Recipe): Model {
  const tensors: Tensor[] = [];
  const nodes: Node[] = [];
  const add = (t: Tensor): TensorId => tensors.push(t) - 1;
  const random = randomOf(recipe.steps[0].seed);
  const dtype: DType = recipe.quantized ? 'int8' : 'float32';
  const scale = (): number => Math.fround(0.01 + random());
  const parameters = (): Quantization | null =>
    recipe.quantized ? { scales: [scale()], zeroPoints: [Math.floor(random() * 20) - 10], axis: 0 } : null;
  const activation = (shape: Shape, quantization = parameters()): TensorId =>
    add({
      name: `${recipe.name}/${tensors.length}`,
      dtype,
      shape,
      ...(recipe.dynamic && { signature: [-1, ...shape.slice(1)] }),
      quantization,
      data: null,
    });
  const constant = (type: DType, shape: Shape, quantization: Quantization | null): TensorId =>
    add({
      name: `w${tensors.length}`,
      dtype: type,
      shape,
      quantization,
      data: randomData(type, elements(shape), random),
    });
  const perAxis = (count: number, axis: number, of?: Quantization): Quantization | null => {
    if (!recipe.quantized) return null;
    const scales = Array.from({ length: count }, () => scale());
    const from = tensors[current].quantization?.scales[0] ?? 1;
    return of === undefined
      ? { scales, zeroPoints: scales.map(() => 0), axis: count > 1 ? axis : 0 }
      : { scales: of.scales.map((s) => Math.fround(s * from)), zeroPoints: of.zeroPoints, axis: 0 };
  };

  const input = activation(recipe.shape);
  let current = input;
  const push = (node: Omit<Node, 'source' | 'outputs'>, output: TensorId): void => {
    nodes.push({ ...node, outputs: [output], source: nodes.length } as Node);
    current = output;
  };
  const plainActivations = ['NONE', 'RELU', 'RELU_N1_TO_1', 'RELU6'] as const;
  const steps: readonly (() => void)[] = [
    () => {
      const shape = tensors[current].shape;
      const channels = 1 + Math.floor(random() * 4);
      const weights = perAxis(channels, 0);
      const kernel = constant(recipe.quantized && random() < 0.3 ? 'int4' : dtype, [channels, 2, 2, shape[3]], weights);
      const bias = constant(
        recipe.quantized ? 'int32' : 'float32',
        [channels],
        weights && perAxis(channels, 0, weights),
      );
      const attrs = {
        padding: 'SAME',
        strides: [1, 1],
        dilation: [1, 1],
        activation: plainActivations[Math.floor(random() * 4)],
      } as const;
      push(
        { kind: 'nn.conv2d', attrs, inputs: [current, kernel, bias] } as Omit<Node, 'source' | 'outputs'>,
        activation([...shape.slice(0, 3), channels]),
      );
    },
    () => {
      const shape = tensors[current].shape;
      const kernel = constant(dtype, [1, 2, 2, shape[3]], perAxis(shape[3], 3));
      const attrs = {
        padding: 'VALID',
        strides: [1, 1],
        dilation: [1, 1],
        activation: 'NONE',
        depthMultiplier: 1,
      } as const;
      if (shape[1] < 2 || shape[2] < 2) return;
      push(
        { kind: 'nn.depthwise_conv2d', attrs, inputs: [current, kernel] } as Omit<Node, 'source' | 'outputs'>,
        activation([shape[0], shape[1] - 1, shape[2] - 1, shape[3]]),
      );
    },
    () =>
      push(
        { kind: 'add', attrs: { activation: 'RELU6' }, inputs: [current, current] } as Omit<Node, 'source' | 'outputs'>,
        activation(tensors[current].shape),
      ),
    () =>
      push(
        { kind: 'multiply', attrs: { activation: 'NONE' }, inputs: [current, current] } as Omit<
          Node,
          'source' | 'outputs'
        >,
        activation(tensors[current].shape),
      ),
    () =>
      push(
        { kind: 'nn.relu', attrs: {}, inputs: [current] } as Omit<Node, 'source' | 'outputs'>,
        activation(tensors[current].shape),
      ),
    () => {
      const { shape, quantization } = tensors[current];
      const attrs = { padding: 'SAME', strides: [1, 1], pool: [2, 2], activation: 'NONE' } as const;
      push(
        { kind: 'nn.max_pool2d', attrs, inputs: [current] } as Omit<Node, 'source' | 'outputs'>,
        activation(shape, quantization),
      );
    },
    () => {
      const { shape, quantization } = tensors[current];
      const swapped = [shape[0], shape[2], shape[1], shape[3]];
      const target = add({
        name: 'shape',
        dtype: 'int32',
        shape: [4],
        quantization: null,
        data: Int32Array.from(swapped),
      });
      push(
        { kind: 'reshape', attrs: { newShape: null }, inputs: [current, target] } as Omit<Node, 'source' | 'outputs'>,
        activation(swapped, quantization),
      );
    },
  ];
  for (const { step } of recipe.steps) steps[step % steps.length]();
  if (nodes.length === 0) steps[2]();
  const graph: Graph = { name: 'main', tensors, nodes, inputs: [input], outputs: [current] };
  const ports = (id: TensorId) => [{ name: `${recipe.name}:0`, tensor: id }];
  return {
    name: 'random',
    description: recipe.description,
    subgraphs: [graph],
    signatures: recipe.signature
      ? [{ key: 'serving_default', subgraph: 0, inputs: ports(input), outputs: ports(current) }]
      : [],
  };
}
