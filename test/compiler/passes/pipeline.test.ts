import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optimize, PIPELINE } from '../../../src/compiler/passes/pipeline.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { models } from '../../model/graphs.ts';
import { feed, ints, tensor } from '../operators.ts';
import { modelOf } from '../run.ts';

const q = perTensor(0.25, -4);
const other = perTensor(0.5, 1);
const node = (kind: Node['kind'], inputs: number[], output: number, attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs: [output], source: output }) as unknown as Node;
const named = (list: readonly Tensor[]): Tensor[] => list.map((t, i) => ({ ...t, name: `t${i}` }));
const kinds = (graph: Graph): string[] => graph.nodes.map((n) => n.kind);
const conv = { padding: 'SAME', strides: [2, 2], dilation: [1, 1], activation: 'NONE' };

/** Optimises, checks the graph after every pass, and that the results did not change by a bit. */
function optimized(graph: Graph, seed = 1): Graph {
  expect(verifyGraph(graph)).toEqual([]);
  const result = PIPELINE.reduce((current, { name, pass }) => {
    const next = pass(current);
    expect(verifyGraph(next), name).toEqual([]);
    return next;
  }, graph);
  const inputs = feed(graph, seed);
  expect(interpret(modelOf(result), inputs)).toEqual(interpret(modelOf(graph), inputs));
  return result;
}

test('every pass keeps every random model sound and its results as they are', () => {
  fc.assert(
    fc.property(models, fc.nat(), (model, seed) => {
      optimized(model.subgraphs[0], seed);
    }),
    { numRuns: 150 },
  );
});

test('optimize runs the pipeline over every subgraph', () => {
  fc.assert(
    fc.property(models, (model) => {
      const twice = { ...model, subgraphs: [model.subgraphs[0], model.subgraphs[0]] };
      const [a, b] = optimize(twice).subgraphs;
      expect(a).toEqual(b);
    }),
    { numRuns: 10 },
  );
});

describe('constant folding', () => {
  test('float16 weights become float32 constants', () => {
    const half = Uint16Array.of(0x3c00, 0xc000, 0x3800);
    const graph: Graph = {
      name: 'half',
      tensors: named([
        tensor('float32', [1, 3], null),
        tensor('float16', [1, 3], null, half),
        tensor('float32', [1, 3], null),
        tensor('float32', [1, 1], null),
      ]),
      nodes: [
        node('qnn.dequantize', [1], 2),
        node('nn.dense', [0, 2], 3, { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false }),
      ],
      inputs: [0],
      outputs: [3],
    };
    const result = optimized(graph);
    expect(kinds(result)).toEqual(['nn.dense']);
    expect(result.tensors[2].data).toEqual(Float32Array.of(1, -2, 0.5));
  });

  test('the chain that works out a shape disappears', () => {
    const one = (value: number) => ints([value]);
    const graph: Graph = {
      name: 'shape',
      tensors: named([
        tensor('int8', [2, 3, 4], q),
        tensor('int32', [3], null),
        one(0),
        one(1),
        one(1),
        tensor('int32', [], null),
        { ...ints([12]), shape: [] },
        tensor('int32', [2], null),
        tensor('int8', [2, 12], q),
        tensor('int8', [2, 12], q),
      ]),
      nodes: [
        node('shape_of', [0], 1, { dtype: 'int32' }),
        node('strided_slice', [1, 2, 3, 4], 5, {
          ...{ beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 1, offset: false },
        }),
        node('stack', [5, 6], 7, { axis: 0 }),
        node('reshape', [0, 7], 8, { newShape: null }),
        node('nn.relu', [8], 9),
      ],
      inputs: [0],
      outputs: [9],
    };
    expect(kinds(optimized(graph))).toEqual(['reshape', 'nn.relu']);
  });
});

describe('activation fusion', () => {
  const graph = (relu: Node['kind'], to = q, outputs = [4]): Graph => ({
    name: 'relu',
    tensors: named([
      tensor('int8', [1, 5, 5, 2], q),
      tensor(
        'int8',
        [3, 2, 2, 2],
        perTensor(0.01, 0),
        Int8Array.from({ length: 24 }, (_, i) => i * 5 - 60),
      ),
      tensor('int32', [3], perTensor(0.0025, 0), Int32Array.of(100, -200, 300)),
      tensor('int8', [1, 3, 3, 3], q),
      tensor('int8', [1, 3, 3, 3], to),
    ]),
    nodes: [node('nn.conv2d', [0, 1, 2], 3, conv), node(relu, [3], 4)],
    inputs: [0],
    outputs,
  });

  test('an activation that does not rescale becomes the convolution’s', () => {
    const result = optimized(graph('nn.relu6'));
    expect(kinds(result)).toEqual(['nn.conv2d']);
    expect(result.nodes[0].attrs).toMatchObject({ activation: 'RELU6' });
    expect(result.nodes[0].outputs).toEqual([4]);
  });

  test('one that rescales stays', () => {
    expect(kinds(optimized(graph('nn.relu', other)))).toEqual(['nn.conv2d', 'nn.relu']);
  });

  test('one whose operand is read elsewhere stays', () => {
    expect(kinds(optimized(graph('nn.relu', q, [3, 4])))).toEqual(['nn.conv2d', 'nn.relu']);
  });
});

describe('padding', () => {
  const padded = (amounts: readonly number[], padding: 'SAME' | 'VALID', from = q): Graph => {
    const [, , top, bottom, left, right, front, back] = amounts;
    const [h, w, c] = [5 + top + bottom, 6 + left + right, 2 + front + back];
    const extent = (n: number) => (padding === 'SAME' ? Math.ceil(n / 2) : Math.floor((n - 3 + 2) / 2));
    return {
      name: 'pad',
      tensors: named([
        tensor('int8', [1, 5, 6, 2], from),
        { ...ints(amounts), shape: [4, 2] },
        tensor('int8', [1, h, w, c], q),
        tensor(
          'int8',
          [1, 3, 3, c],
          perTensor(0.01, 0),
          Int8Array.from({ length: 9 * c }, (_, i) => i * 7 - 60),
        ),
        tensor('int8', [1, extent(h), extent(w), c], other),
      ]),
      nodes: [
        node('nn.pad', [0, 1], 2),
        node('nn.depthwise_conv2d', [2, 3], 4, { ...conv, padding, depthMultiplier: 1 }),
      ],
      inputs: [0],
      outputs: [4],
    };
  };

  test.each([
    [[0, 0, 0, 1, 0, 1, 0, 0], 'VALID'],
    [[0, 0, 2, 1, 1, 3, 0, 0], 'VALID'],
    [[0, 0, 1, 2, 3, 0, 0, 0], 'SAME'],
  ] as const)('%j before a %s convolution becomes explicit padding', (amounts, padding) => {
    const result = optimized(padded(amounts, padding));
    expect(kinds(result)).toEqual(['nn.depthwise_conv2d']);
    expect(result.nodes[0].attrs).toMatchObject({ padding: { top: expect.any(Number) } });
  });

  test('a pad of channels stays', () => {
    expect(kinds(optimized(padded([0, 0, 1, 1, 1, 1, 0, 1], 'VALID')))).toEqual(['nn.pad', 'nn.depthwise_conv2d']);
  });
});

describe('identities', () => {
  const graph = (outputs: number[]): Graph => ({
    name: 'identities',
    tensors: named([
      tensor('int8', [2, 3], q),
      tensor('int8', [2, 3], q),
      tensor('int8', [2, 3], q),
      tensor('int8', [2, 3], other),
      tensor('int8', [2, 3], other),
    ]),
    nodes: [
      node('qnn.requantize', [0], 1),
      node('reshape', [1], 2, { newShape: [2, 3] }),
      node('qnn.requantize', [2], 3),
      node('nn.relu', [3], 4),
    ],
    inputs: [0],
    outputs,
  });

  test('requantizations and reshapes that change nothing disappear', () => {
    const result = optimized(graph([4]));
    expect(kinds(result)).toEqual(['qnn.requantize', 'nn.relu']);
    expect(result.nodes[0].inputs).toEqual([0]);
  });

  test('unless their result is an output', () => {
    expect(kinds(optimized(graph([1, 4])))).toEqual(['qnn.requantize', 'qnn.requantize', 'nn.relu']);
  });
});

test('nodes whose results nobody reads are removed', () => {
  const graph: Graph = {
    name: 'dead',
    tensors: named([tensor('int8', [4], q), tensor('int8', [4], q), tensor('int8', [4], q), tensor('int8', [4], q)]),
    nodes: [node('nn.relu', [0], 1), node('tanh', [0], 2), node('nn.relu6', [2], 3)],
    inputs: [0],
    outputs: [1],
  };
  expect(kinds(optimized(graph))).toEqual(['nn.relu']);
});
