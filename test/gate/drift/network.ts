import type { Dataset } from '../../../src/gate/data/dataset.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { randomOf } from '../../model/graphs.ts';

/**
 * A float network of two branches, and itself as a converter quantizes it: ranges from the samples, symmetric weights with a
 * scale for each tensor, biases in the accumulator's scale.
 */
export interface Pair {
  readonly int8: Model;
  readonly fp32: Model;
  readonly dataset: Dataset;
}

const INPUT: Shape = [1, 6, 6, 4];
const CHANNELS = 8;
const CLASSES = 5;
const SAMPLES = 6;

const modelOf = (name: string, graph: Graph): Model => ({ name, description: '', subgraphs: [graph], signatures: [] });

/** Nodes 0 to 5: convolution, two convolutions of its result, their sum, the mean, a dense layer. */
export function floatNetwork(seed: number): Model {
  const random = randomOf(seed);
  const tensors: Tensor[] = [];
  const nodes: Node[] = [];
  const add = (name: string, shape: Shape, data: Float32Array | Int32Array | null = null) =>
    tensors.push({ name, dtype: data instanceof Int32Array ? 'int32' : 'float32', shape, quantization: null, data }) -
    1;
  const constant = (name: string, shape: Shape, size: number) =>
    add(
      name,
      shape,
      Float32Array.from({ length: elements(shape) }, () => size * (2 * random() - 1)),
    );
  const push = (node: Omit<Node, 'source' | 'outputs'>, name: string, shape: Shape) => {
    const out = add(name, shape);
    nodes.push({ ...node, outputs: [out], source: nodes.length } as Node);
    return out;
  };
  const conv = (from: number, depth: number, activation: 'RELU' | 'NONE', name: string) => {
    const attrs = { padding: 'SAME', strides: [1, 1], dilation: [1, 1], activation } as const;
    const weights = constant(`${name}/w`, [CHANNELS, 3, 3, depth], 1 / Math.sqrt(depth));
    const bias = constant(`${name}/b`, [CHANNELS], 1);
    const node = { kind: 'nn.conv2d', attrs, inputs: [from, weights, bias] } as Omit<Node, 'source' | 'outputs'>;
    return push(node, name, [1, 6, 6, CHANNELS]);
  };
  const input = add('in', INPUT);
  const stem = conv(input, 4, 'RELU', 'stem');
  const [left, right] = [conv(stem, CHANNELS, 'NONE', 'left'), conv(stem, CHANNELS, 'NONE', 'right')];
  const sum = push(
    { kind: 'add', attrs: { activation: 'RELU', potScaleInt16: true }, inputs: [left, right] } as Omit<
      Node,
      'source' | 'outputs'
    >,
    'sum',
    [1, 6, 6, CHANNELS],
  );
  const axes = add('axes', [2], Int32Array.of(1, 2));
  const mean = push(
    { kind: 'mean', attrs: { keepDims: false }, inputs: [sum, axes] } as Omit<Node, 'source' | 'outputs'>,
    'mean',
    [1, CHANNELS],
  );
  const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false } as const;
  const dense = push(
    {
      ...{ kind: 'nn.dense', attrs },
      inputs: [mean, constant('dense/w', [CLASSES, CHANNELS], 1), constant('dense/b', [CLASSES], 1)],
    } as Omit<Node, 'source' | 'outputs'>,
    'out',
    [1, CLASSES],
  );
  return modelOf('fp32', { name: 'main', tensors, nodes, inputs: [input], outputs: [dense] });
}

/** The pair with its samples. */
export function pairOf(seed: number): Pair {
  const fp32 = floatNetwork(seed);
  const [graph] = fp32.subgraphs;
  const random = randomOf(seed + 1);
  const samples = Array.from({ length: SAMPLES }, () =>
    Float32Array.from({ length: elements(INPUT) }, () => 2 * random() - 1),
  );
  const computed = graph.nodes.map((node) => node.outputs[0]);
  const open = { ...fp32, subgraphs: [{ ...graph, outputs: computed }] };
  const seen = samples.map((sample) => interpret(open, [sample]) as Float32Array[]);
  const parameters = new Map([[graph.inputs[0], rangeOf(samples)]]);
  for (const [i, id] of computed.entries()) parameters.set(id, rangeOf(seen.map((outputs) => outputs[i])));
  const int8 = modelOf('int8', quantized(graph, parameters));
  const q = parameters.get(graph.inputs[0])!;
  return {
    ...{ int8, fp32 },
    dataset: {
      ...{ size: SAMPLES, labels: null, notes: [] },
      load: (i) => ({
        ...{ inferences: 1, files: [`${i}`] },
        inputs: { int8: [codesOf(samples[i], q.scales[0], q.zeroPoints[0])], fp32: [samples[i]] },
        real: samples[i],
      }),
    },
  };
}

const codesOf = (values: Float32Array, scale: number, zero: number): Int8Array =>
  Int8Array.from(values, (x) => Math.max(-128, Math.min(127, Math.round(x / scale) + zero)));

function rangeOf(lists: readonly Float32Array[]) {
  const all = lists.flatMap((list) => [...list]);
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const scale = (high - low) / 255;
  return perTensor(scale, Math.round(-128 - low / scale));
}

function quantized(graph: Graph, parameters: ReadonlyMap<number, ReturnType<typeof perTensor>>): Graph {
  const tensors: Tensor[] = graph.tensors.map((t, id) => {
    const quantization = parameters.get(id);
    return quantization === undefined ? t : { ...t, dtype: 'int8', quantization };
  });
  for (const { kind, inputs } of graph.nodes) {
    if (kind !== 'nn.conv2d' && kind !== 'nn.dense') continue;
    const [x, w, b] = inputs;
    const weights = graph.tensors[w].data as Float32Array;
    const own = perTensor(Math.max(...weights.map(Math.abs)) / 127, 0);
    const scale = Math.fround(tensors[x].quantization!.scales[0] * own.scales[0]);
    const bias = Int32Array.from(graph.tensors[b].data as Float32Array, (v) => Math.round(v / scale));
    tensors[w] = { ...tensors[w], dtype: 'int8', quantization: own, data: codesOf(weights, own.scales[0], 0) };
    tensors[b] = { ...tensors[b], dtype: 'int32', quantization: perTensor(scale, 0), data: bias };
  }
  return { ...graph, tensors };
}

/** The model with one tensor changed. */
export function change(model: Model, id: number, by: (t: Tensor) => Partial<Tensor>): Model {
  const [main] = model.subgraphs;
  const tensors = main.tensors.map((t, i) => (i === id ? { ...t, ...by(t) } : t));
  return { ...model, subgraphs: [{ ...main, tensors }] };
}
