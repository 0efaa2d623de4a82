import { expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { modelOf, runBuilds } from '../compiler/run.ts';
import { randomData, randomOf } from '../model/graphs.ts';

interface Layer {
  readonly kind: 'nn.conv2d' | 'nn.depthwise_conv2d' | 'nn.dense';
  readonly input: Shape;
  readonly weights: Shape;
  readonly stride?: number;
  readonly activation?: 'RELU6';
  readonly asymmetric?: boolean;
}

/** In place, gathered and padded, in groups, with more channels than registers hold and fewer; several images and rows. */
const LAYERS: readonly Layer[] = [
  { kind: 'nn.conv2d', input: [2, 7, 9, 32], weights: [21, 1, 1, 32] },
  { kind: 'nn.conv2d', input: [2, 6, 5, 27], weights: [40, 1, 1, 27], activation: 'RELU6' },
  { kind: 'nn.conv2d', input: [1, 13, 11, 9], weights: [17, 3, 3, 9] },
  { kind: 'nn.conv2d', input: [2, 13, 11, 16], weights: [24, 3, 3, 8], stride: 2 },
  { kind: 'nn.depthwise_conv2d', input: [2, 9, 7, 37], weights: [1, 3, 3, 37] },
  { kind: 'nn.depthwise_conv2d', input: [1, 12, 12, 16], weights: [1, 5, 5, 16], stride: 2, activation: 'RELU6' },
  { kind: 'nn.dense', input: [5, 43], weights: [19, 43], asymmetric: true },
  { kind: 'nn.dense', input: [1, 96], weights: [33, 96] },
];

const same = (size: number, stride: number): number => Math.ceil(size / stride);

function graphOf(layers: readonly Layer[]): Graph {
  const random = randomOf(7);
  const tensors: Tensor[] = [];
  const inputs: number[] = [];
  const nodes = layers.map(({ kind, input, weights, stride = 1, activation = 'NONE', asymmetric = false }, i): Node => {
    const depthwise = kind === 'nn.depthwise_conv2d';
    const outs = depthwise ? weights[3] : weights[0];
    const scales = Array.from({ length: outs }, (_, c) => Math.fround(0.004 + 0.0003 * c));
    const quantization = { scales, zeroPoints: scales.map(() => 0), axis: depthwise ? 3 : 0 };
    const dense = kind === 'nn.dense';
    const output = dense ? [input[0], outs] : [input[0], same(input[1], stride), same(input[2], stride), outs];
    const float = { name: '', dtype: 'float32', quantization: null } as const;
    const at = tensors.length;
    tensors.push(
      { ...float, shape: input, data: null },
      { name: '', dtype: 'int8', shape: weights, quantization, data: randomData('int8', elements(weights), random) },
      { ...float, shape: [outs], data: randomData('float32', outs, random) },
      { ...float, shape: output, data: null },
    );
    inputs.push(at);
    const window = { padding: 'SAME', strides: [stride, stride], dilation: [1, 1], activation, depthMultiplier: 1 };
    const attrs = dense ? { activation, asymmetricQuantizeInputs: asymmetric, keepNumDims: false } : window;
    return { kind, attrs, inputs: [at, at + 1, at + 2], outputs: [at + 3], source: i } as unknown as Node;
  });
  return { name: 'hybrid', tensors, nodes, inputs, outputs: nodes.map((node) => node.outputs[0]) };
}

test.each(['host', 'aarch64', 'aarch64+dotprod', 'aarch64+dotprod+i8mm', 'cortex-a53'])(
  'float data by integer weights on %s: as interpreted, bit for bit',
  async (target) => {
    const graph = graphOf(LAYERS);
    const random = randomOf(8);
    // Data of one sign, too: its zero point is at an end.
    const inputs = graph.inputs.map((id, i) => {
      const data = randomData('float32', elements(graph.tensors[id].shape), random) as Float32Array;
      return i % 3 === 0 ? data.map(Math.abs) : data;
    });
    const model = modelOf(graph);
    const [results] = await runBuilds([{ model, inputs }], target);
    interpret(model, inputs).forEach((expected, i) => {
      expect(new Set(expected as Float32Array).size).toBeGreaterThan(20);
      const off = Array.from(expected as Float32Array).findIndex((v, at) => !Object.is(Number(results[i][at]), v));
      expect(off, JSON.stringify(LAYERS[i])).toBe(-1);
    });
  },
);
