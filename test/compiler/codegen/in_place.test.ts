import { expect, test } from 'vitest';
import { generate } from '../../../src/compiler/codegen/generate.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Node, Tensor } from '../../../src/model/ir/graph.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../../src/model/tensor/shape.ts';
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

const SAMPLES = (['int8', 'uint8', 'float32'] as const).map((dtype, k) => {
  const graph = side(WINDOWS.map((window, i) => graphOf(dtype, window, 10 * k + i)));
  const random = randomOf(k);
  const inputs = graph.inputs.map((id) => randomData(dtype, elements(graph.tensors[id].shape), random));
  return { model: modelOf(graph), inputs };
});

test.each(['host', 'aarch64', 'aarch64+dotprod+i8mm'])(
  'results over operands on %s: as interpreted',
  async (target) => {
    const results = await runBuilds(SAMPLES, target);
    SAMPLES.forEach(({ model, inputs }, m) => {
      interpret(model, inputs).forEach((expected, i) => {
        const most = expected instanceof Float32Array ? 1e-6 : 0;
        const off = Array.from(expected as Float32Array, (v, at) => Math.abs(Number(results[m][i][at]) - v));
        expect(Math.max(...off), JSON.stringify(WINDOWS[i])).toBeLessThanOrEqual(most);
      });
    });
  },
);

test('the data of a padded depthwise layer makes room for its result', () => {
  const graph = graphOf('int8', WINDOWS[0], 1);
  const { arenaBytes } = generate(graph, { target: parseTarget('host'), profile: 'tflite', name: 'm', symbol: 'm' });
  const image = 12 * 9 * 24;
  const ring = 3 * 11 * 24;
  expect(arenaBytes).toBeLessThan(image + ring + image);
});
