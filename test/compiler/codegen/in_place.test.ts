import { expect, test } from 'vitest';
import { generate } from '../../../src/compiler/codegen/generate.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../../model/graphs.ts';
import { modelOf, runBuilds } from '../run.ts';

interface Window {
  readonly image: Shape;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding: object | 'SAME';
}

/** Depthwise layers whose result may lie over their data, as far as padding and strides go. */
const WINDOWS: readonly Window[] = [
  { image: [1, 12, 9, 24], kernel: [3, 3], strides: [1, 1], padding: 'SAME' },
  { image: [2, 12, 9, 24], kernel: [3, 3], strides: [2, 2], padding: 'SAME' },
  { image: [2, 31, 13, 24], kernel: [3, 3], strides: [1, 1], padding: 'SAME' },
  { image: [1, 41, 26, 16], kernel: [3, 3], strides: [2, 2], padding: 'SAME' },
  { image: [2, 7, 10, 16], kernel: [5, 5], strides: [1, 2], padding: 'SAME' },
  { image: [1, 9, 7, 20], kernel: [3, 2], strides: [1, 1], dilation: [2, 3], padding: 'SAME' },
  { image: [2, 6, 8, 17], kernel: [4, 4], strides: [1, 1], padding: { top: 3, bottom: 0, left: 1, right: 2 } },
  { image: [1, 6, 8, 17], kernel: [2, 3], strides: [1, 1], padding: { top: 0, bottom: 1, left: 2, right: 0 } },
];

/** tanh → depthwise → tanh → sum with the first tanh's sum with itself: each result may take an operand's place. */
function graphOf(dtype: DType, { image, kernel, strides, dilation, padding }: Window, seed: number): Graph {
  const random = randomOf(seed);
  const channels = image[3];
  const tensors: Tensor[] = [];
  const add = (name: string, type: DType, shape: Shape, scale: number, zero: number, given = false): number => {
    const quantization = dtype === 'float32' ? null : perTensor(Math.fround(scale), zero);
    return (
      tensors.push({
        name,
        dtype: type,
        shape,
        quantization,
        data: given ? randomData(type, elements(shape), random) : null,
      }) - 1
    );
  };
  const out = (n: number, k: 0 | 1): number => {
    if (padding === 'SAME') return Math.ceil(n / strides[k]);
    const pads = padding as { top: number; bottom: number; left: number; right: number };
    const around = k === 0 ? pads.top + pads.bottom : pads.left + pads.right;
    return Math.floor((n + around - (kernel[k] - 1) * (dilation?.[k] ?? 1) - 1) / strides[k]) + 1;
  };
  const small = [image[0], out(image[1], 0), out(image[2], 1), channels];
  const zero = dtype === 'uint8' ? 128 : 0;
  const x = add('x', dtype, image, 0.02, zero + 3);
  const w = add('w', dtype, [1, ...kernel, channels], 0.01, zero, true);
  const a = add('a', dtype, image, 1 / 128, zero);
  const b = add('b', dtype, small, 0.03, zero + 5);
  const c = add('c', dtype, small, 1 / 128, zero);
  const d = add('d', dtype, small, 1 / 64, zero + 9);
  const e = add('e', dtype, small, 1 / 32, zero - 9);
  const y = add('y', dtype, small, 1 / 128, zero);
  const attrs = { padding, strides, dilation: dilation ?? [1, 1], activation: 'NONE', depthMultiplier: 1 };
  const node = (kind: string, inputs: number[], output: number, more: object = {}): Node =>
    ({ kind, attrs: more, inputs, outputs: [output], source: 0 }) as unknown as Node;
  return {
    name: 'chain',
    tensors,
    nodes: [
      node('tanh', [x], a),
      node('nn.depthwise_conv2d', [a, w], b, attrs),
      node('tanh', [b], c),
      node('add', [c, c], d, { activation: 'NONE' }),
      node('subtract', [c, d], e, { activation: 'RELU' }),
      node('tanh', [e], y),
    ],
    inputs: [x],
    outputs: [y],
  };
}

interface Layer {
  readonly image: Shape;
  readonly outs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: object | 'SAME' | 'VALID';
}

/** Convolutions whose result may begin some way before their data: by tiles, by bands of rows, by gathered pixels. */
const LAYERS: readonly Layer[] = [
  { image: [1, 9, 7, 32], outs: 32, kernel: 1, stride: 1, padding: 'VALID' },
  { image: [2, 5, 11, 64], outs: 16, kernel: 1, stride: 1, padding: 'VALID' },
  { image: [1, 9, 7, 16], outs: 40, kernel: 1, stride: 1, padding: 'VALID' },
  { image: [1, 9, 7, 21], outs: 19, kernel: 1, stride: 1, padding: 'VALID' },
  { image: [2, 24, 9, 16], outs: 16, kernel: 3, stride: 1, padding: 'SAME' },
  { image: [2, 25, 9, 16], outs: 24, kernel: 3, stride: 2, padding: 'SAME' },
  { image: [1, 13, 10, 24], outs: 8, kernel: 5, stride: 1, padding: { top: 0, bottom: 4, left: 3, right: 1 } },
  { image: [2, 13, 10, 20], outs: 24, kernel: 3, stride: 1, padding: 'VALID' },
  { image: [2, 13, 11, 20], outs: 24, kernel: 2, stride: 2, padding: 'VALID' },
];

/** tanh → convolution → tanh; hybrid: the weights alone are integers. */
function convGraphOf(form: DType | 'hybrid', { image, outs, kernel, stride, padding }: Layer, seed: number): Graph {
  const dtype = form === 'hybrid' ? 'float32' : form;
  const weightType = form === 'hybrid' ? 'int8' : form;
  const random = randomOf(seed);
  const tensors: Tensor[] = [];
  const zero = form === 'uint8' ? 128 : 0;
  const add = (name: string, type: DType, shape: Shape, scale: number, offset: number, given = false): number => {
    const quantization = type === 'float32' ? null : perTensor(Math.fround(scale), offset);
    const data = given ? randomData(type, elements(shape), random) : null;
    return tensors.push({ name, dtype: type, shape, quantization, data }) - 1;
  };
  const out = (n: number, around: number): number =>
    padding === 'SAME' ? Math.ceil(n / stride) : Math.floor((n + around - kernel) / stride) + 1;
  const around = typeof padding === 'string' ? [0, 0] : [4, 4];
  const [batch, height, width, channels] = image;
  const small = [batch, out(height, around[0]), out(width, around[1]), outs];
  const x = add('x', dtype, image, 0.02, zero + 3);
  // An odd zero point, so that unsigned weights leave sums of rows to subtract.
  const w = add('w', weightType, [outs, kernel, kernel, channels], 0.01, form === 'uint8' ? 117 : 0, true);
  const a = add('a', dtype, image, 1 / 128, zero);
  const b = add('b', dtype, small, 0.03, zero + 5);
  const c = add('c', dtype, small, 1 / 128, zero);
  const attrs = { padding, strides: [stride, stride], dilation: [1, 1], activation: 'NONE', groups: 1 };
  const node = (kind: string, inputs: number[], output: number, more: object = {}): Node =>
    ({ kind, attrs: more, inputs, outputs: [output], source: 0 }) as unknown as Node;
  return {
    name: 'conv',
    tensors,
    nodes: [node('tanh', [x], a), node('nn.conv2d', [a, w], b, attrs), node('tanh', [b], c)],
    inputs: [x],
    outputs: [c],
  };
}

/** Independent graphs as one: fewer programs to compile. */
function side(graphs: readonly Graph[]): Graph {
  const starts = graphs.map((_, i) => graphs.slice(0, i).reduce((sum, { tensors }) => sum + tensors.length, 0));
  const moved = (pick: (graph: Graph) => readonly number[]) =>
    graphs.flatMap((graph, i) => pick(graph).map((id) => starts[i] + id));
  return {
    name: 'side by side',
    tensors: graphs.flatMap(({ tensors }) => tensors),
    nodes: graphs.flatMap(({ nodes }, i) =>
      nodes.map(
        (node) =>
          ({
            ...node,
            inputs: node.inputs.map((id) => starts[i] + id),
            outputs: node.outputs.map((id) => starts[i] + id),
          }) as Node,
      ),
    ),
    inputs: moved(({ inputs }) => inputs),
    outputs: moved(({ outputs }) => outputs),
  };
}

const CONV_SAMPLES = (['int8', 'uint8', 'float32', 'hybrid'] as const).map((form, k) => {
  const graph = side(LAYERS.map((layer, i) => convGraphOf(form, layer, 100 * k + i)));
  const random = randomOf(k);
  const { dtype } = graph.tensors[graph.inputs[0]];
  const inputs = graph.inputs.map((id) => randomData(dtype, elements(graph.tensors[id].shape), random));
  return { model: modelOf(graph), inputs };
});

const SAMPLES = (['int8', 'uint8', 'float32'] as const).map((dtype, k) => {
  const graph = side(WINDOWS.map((window, i) => graphOf(dtype, window, 10 * k + i)));
  const random = randomOf(k);
  const inputs = graph.inputs.map((id) => randomData(dtype, elements(graph.tensors[id].shape), random));
  return { model: modelOf(graph), inputs };
});

test.each(['host', 'aarch64', 'cortex-a53', 'aarch64+dotprod+i8mm'])(
  'results over operands on %s: as interpreted',
  async (target) => {
    const samples = [...SAMPLES, ...CONV_SAMPLES];
    const results = await runBuilds(samples, target);
    samples.forEach(({ model, inputs }, m) => {
      const cases = m < SAMPLES.length ? WINDOWS : LAYERS;
      interpret(model, inputs).forEach((expected, i) => {
        // Up to 600 products a sum, in any order; data overwritten too early would be off by far more.
        const most = expected instanceof Float32Array ? 1e-5 : 0;
        const off = Array.from(expected as Float32Array, (v, at) => Math.abs(Number(results[m][i][at]) - v));
        expect(Math.max(...off), `${m} ${JSON.stringify(cases[i])}`).toBeLessThanOrEqual(most);
      });
    });
  },
);

/** Bytes that a graph needs beside its inputs and outputs. */
const arenaOf = (graph: Graph, target: string): number =>
  generate(graph, { target: parseTarget(target), profile: 'tflite', name: 'm', symbol: 'm' }).arenaBytes;

test.each(['host', 'aarch64', 'cortex-a53', 'aarch64+dotprod+i8mm'])(
  'data and result of a 1x1 convolution on %s take less than both side by side',
  (target) => {
    LAYERS.filter(({ image, outs, kernel }) => kernel === 1 && image[3] % 16 === 0 && outs <= image[3]).forEach(
      (layer, i) => {
        for (const form of ['int8', 'uint8', 'float32'] as const) {
          const graph = convGraphOf(form, layer, i);
          const [data, result] = [2, 3].map((id) => elements(graph.tensors[id].shape) * (form === 'float32' ? 4 : 1));
          expect(arenaOf(graph, target), `${form} ${JSON.stringify(layer)}`).toBeLessThan(data + result);
        }
      },
    );
  },
);

test('a hybrid convolution quantizes its data where it lies, and its result takes the place of both', () => {
  const graph = convGraphOf('hybrid', LAYERS[0], 1);
  const image = 4 * 9 * 7 * 32;
  const bytes = 64 * Math.ceil((image / 4 + 16) / 64);
  const scaleAndZeroPoint = 64;
  expect(arenaOf(graph, 'host')).toBe(image + bytes + scaleAndZeroPoint);
});

test.each([WINDOWS[0], WINDOWS[2]])('windows that in-order cores read in place make room: %j', (window) => {
  const whole = graphOf('int8', window, 1);
  // Up to the second tanh: then no more than data and result of the layer are alive.
  const graph = { ...whole, nodes: whole.nodes.slice(0, 3), outputs: whole.nodes[2].outputs };
  const [data, result] = [2, 3].map((id) => elements(graph.tensors[id].shape));
  expect(arenaOf(graph, 'cortex-a53')).toBeLessThan(data + result);
});

test('the data of a padded depthwise layer makes room for its result', () => {
  const graph = graphOf('int8', WINDOWS[0], 1);
  const image = 12 * 9 * 24;
  const ring = 3 * 11 * 24;
  expect(arenaOf(graph, 'host')).toBeLessThan(image + ring + image);
});
