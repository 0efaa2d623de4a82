import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/model/interpreter/index.ts';
import { verifyCalls } from '../../../src/model/ir/calls.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
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
