import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { verifyCalls } from '../../../src/model/ir/calls.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';
import { ints } from '../operators.ts';
import { runSequence } from '../run.ts';

const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
const tensor = (dtype: DType, constant: TensorData | null = null): Tensor => ({
  ...{ name: dtype, dtype, shape: dtype === 'float32' ? [3] : [], quantization: null, data: constant },
});
const graph = (types: readonly DType[], nodes: readonly Node[], inputs: number, ...outputs: number[]): Graph => ({
  name: 'graph',
  tensors: types.map((dtype) => tensor(dtype)),
  nodes,
  inputs: Array.from({ length: inputs }, (_, i) => i),
  outputs,
});
const model = (...subgraphs: Graph[]): Model => ({ name: 'control', description: '', subgraphs, signatures: [] });
const plain = { activation: 'NONE' };
const one = (g: Graph): Graph => ({ ...g, tensors: [...g.tensors, tensor('int32', Int32Array.of(1))] });

/** while n > 0: …; loops on (n, a, b). */
const loop = (condition: number, body: number): Graph =>
  graph(
    ['int32', 'float32', 'float32', 'int32', 'float32', 'float32'],
    [node('while', [0, 1, 2], [3, 4, 5], { condition, body })],
    3,
    ...[3, 4, 5],
  );
const positive: Graph = {
  ...graph(['int32', 'float32', 'float32', 'bool'], [node('less', [4, 0], [3])], 3, 3),
  tensors: [tensor('int32'), tensor('float32'), tensor('float32'), tensor('bool'), tensor('int32', Int32Array.of(0))],
};
/** (n − 1, b, a + b): values change places. */
const step = one(
  graph(
    ['int32', 'float32', 'float32', 'int32', 'float32'],
    [node('subtract', [0, 5], [3], plain), node('add', [1, 2], [4], plain)],
    3,
    ...[3, 2, 4],
  ),
);
const samples = [0, 1, 2, 7].map((n) => [Int32Array.of(n), Float32Array.of(0, 1, -2), Float32Array.of(1, 1, 0.5)]);

async function agree(of: Model, inputs: readonly TensorData[][] = samples): Promise<TensorData[][]> {
  expect(of.subgraphs.flatMap((g) => verifyGraph(g))).toEqual([]);
  expect(verifyCalls(of.subgraphs).flat()).toEqual([]);
  const expected = inputs.map((sample) => interpret(of, sample));
  expect(await runSequence(of, inputs, 'host')).toEqual(expected);
  return expected;
}

describe('builds and interpreter agree on', () => {
  test('a loop whose values change places', async () => {
    const results = await agree(model(loop(1, 2), positive, step));
    // Fibonacci's numbers.
    expect(results.at(-1)).toEqual([Int32Array.of(0), Float32Array.of(13, 21, -9.5), Float32Array.of(21, 34, -15.5)]);
  });

  test('a loop in a loop', async () => {
    // The inner loop runs a as many times as the outer one has still to run.
    const inner = one(
      graph(
        ['int32', 'float32', 'float32', 'int32', 'int32', 'float32', 'float32'],
        [node('while', [0, 1, 2], [3, 5, 6], { condition: 1, body: 3 }), node('subtract', [0, 7], [4], plain)],
        3,
        ...[4, 5, 6],
      ),
    );
    await agree(model(loop(1, 2), positive, inner, step));
  });

  test('a branch that hands on its operands, and one that computes', async () => {
    const branching: Graph = graph(
      ['bool', 'float32', 'float32', 'float32', 'float32'],
      [node('if', [0, 1, 2], [3, 4], { thenGraph: 1, elseGraph: 2 })],
      3,
      ...[3, 4],
    );
    const swap = graph(['float32', 'float32'], [], 2, 1, 0);
    const both = graph(['float32', 'float32', 'float32'], [node('multiply', [0, 1], [2], plain)], 2, 2, 2);
    const operands = [Float32Array.of(2, 3, 4), Float32Array.of(5, 6, 7)];
    await agree(model(branching, swap, both), [
      [Uint8Array.of(1), ...operands],
      [Uint8Array.of(0), ...operands],
    ]);
  });
});

test('a loop that does not end ends with an error', async () => {
  const still = graph(['int32', 'float32', 'float32'], [], 3, 0, 1, 2);
  const endless = model(loop(1, 2), positive, still);
  await expect(runSequence(endless, [samples[1]], 'host')).rejects.toThrow(/a loop of \w+ does not end/);
});

describe('a loop whose graphs leave the shape of a value open', () => {
  const named = (name: string, dtype: DType, shape: readonly number[], signature?: readonly number[]): Tensor => ({
    ...{ name, dtype, shape, quantization: null, data: null },
    ...(signature && { signature }),
  });
  const open = (name: string): Tensor => named(name, 'float32', [1, 4], [-1, 4]);
  const x = Float32Array.from({ length: 16 }, (_, i) => i - 5);
  /** while n > 0: n, x, size = n - 1, …, size; as a file says it, where rows of x are open. */
  const file = (rows: readonly Tensor[], ...nodes: readonly Node[]): Model => {
    const ports = ['n', 'x', 'size'].map((name) =>
      name === 'x' ? open(name) : named(name, 'int32', name === 'n' ? [] : [2]),
    );
    const [main, condition, body]: Graph[] = [
      {
        name: 'main',
        tensors: [
          named('n', 'int32', []),
          named('x', 'float32', [4, 4]),
          named('size', 'int32', [2]),
          ...[named('n_out', 'int32', []), open('x_out'), named('size_out', 'int32', [2])],
        ],
        nodes: [node('while', [0, 1, 2], [3, 4, 5], { condition: 1, body: 2 })],
        ...{ inputs: [0, 1, 2], outputs: [4] },
      },
      {
        name: 'condition',
        tensors: [...ports, tensor('bool'), tensor('int32', Int32Array.of(0))],
        nodes: [node('less', [4, 0], [3])],
        ...{ inputs: [0, 1, 2], outputs: [3] },
      },
      {
        name: 'body',
        tensors: [...ports, tensor('int32', Int32Array.of(1)), tensor('int32'), ...rows],
        nodes: [node('subtract', [0, 3], [4], plain), ...nodes].map((n, source) => ({ ...n, source })),
        ...{ inputs: [0, 1, 2], outputs: [4, 4 + rows.length, 2] },
      },
    ];
    return importModel(writeModel(model(main, condition, body)), 'loop.tflite');
  };
  const sample = [Int32Array.of(3), x, Int32Array.of(2, 3)];

  test('takes the shape that it is run with, not 1', async () => {
    // Eight rows of two would not hold one row of four.
    const rows = [
      { ...ints([8, 2]), name: 'pairs' },
      { ...ints([4, 4]), name: 'quads' },
      named('p', 'float32', [8, 2], [8, -1]),
    ];
    const halved = file(
      [...rows, named('d', 'float32', [8, 2], [8, -1]), open('y')],
      node('reshape', [1, 5], [7], { newShape: null }),
      node('add', [7, 7], [8], plain),
      node('reshape', [8, 6], [9], { newShape: null }),
    );
    expect(interpret(halved, sample)).toEqual([x.map((v) => 8 * v)]);
    expect(await runSequence(halved, [sample], 'host')).toEqual([[x.map((v) => 8 * v)]]);
  });

  test('runs where a size is data, and cannot be compiled: operator, tensors and remedy are named', async () => {
    const sliced = file(
      [
        { ...ints([0, 0]), name: 'begin' },
        named('part', 'float32', [1, 4], [-1, -1]),
        { ...ints([0, 1]), name: 'axes' },
      ].concat([named('most', 'float32', [1, 1]), open('y')]),
      node('slice', [1, 5, 2], [6]),
      node('max', [6, 7], [8], { keepDims: true }),
      node('add', [1, 8], [9], plain),
    );
    // The largest of x[:2, :3] is x[1, 2]: 1, then twice that, and so on.
    expect(interpret(sliced, sample)).toEqual([x.map((v) => v + 1 + 2 + 4)]);
    await expect(runSequence(sliced, [sample], 'host')).rejects.toThrow(
      /#1 slice → "part" cannot be compiled: the size of its result, "part", depends on data \("size"\): bind .*--bind.* or export/,
    );
  });
});
