import { describe, expect, test } from 'vitest';
import { localHandles } from '../../../src/compiler/passes/local_handles.ts';
import { interpret, type State } from '../../../src/model/interpreter/index.ts';
import { verifyCalls } from '../../../src/model/ir/calls.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { runSequence } from '../run.ts';

const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
const handle = (name: string, output: number): Node =>
  node('var_handle', [], [output], { container: '', sharedName: name });
const list = (...types: readonly (DType | readonly [DType, number])[]): Tensor[] =>
  types.map((entry, i) => {
    const [dtype, constant] = typeof entry === 'string' ? [entry, null] : entry;
    const shape = dtype === 'float32' ? [2] : [];
    const data = dtype === 'float32' ? Float32Array.of(constant ?? 0, constant ?? 0) : Int32Array.of(constant ?? 0);
    return { name: `t${i}`, dtype, shape, quantization: null, data: constant === null ? null : data };
  });
const plain = { activation: 'NONE' };

/**
 * While c < 3, adds x to one of two variables, by a graph that is handed its handle; then gives both. The loop runs for
 * both variables, so that its graphs are needed twice.
 */
const main: Graph = {
  name: 'main',
  tensors: list(
    ...(['float32', ['int32', 0], 'resource', 'resource', 'int32', 'float32', 'resource'] as const),
    ...(['int32', 'float32', 'resource', 'float32', 'float32', 'float32'] as const),
  ),
  nodes: [
    node('call_once', [], [], { init: 3 }),
    handle('a', 2),
    handle('b', 3),
    node('while', [1, 0, 2], [4, 5, 6], { condition: 1, body: 2 }),
    node('add', [0, 0], [12], plain),
    node('while', [1, 12, 3], [7, 8, 9], { condition: 1, body: 2 }),
    node('read_variable', [6], [10]),
    node('read_variable', [3], [11]),
  ],
  inputs: [0],
  outputs: [10, 11],
};
const condition: Graph = {
  name: 'condition',
  tensors: list('int32', 'float32', 'resource', ['int32', 3], 'bool'),
  nodes: [node('less', [0, 3], [4])],
  inputs: [0, 1, 2],
  outputs: [4],
};
const body: Graph = {
  name: 'body',
  tensors: list('int32', 'float32', 'resource', ['int32', 1], 'int32', 'bool', 'float32'),
  nodes: [
    node('add', [0, 3], [4], plain),
    node('less', [3, 4], [5]),
    node('if', [5, 1, 2], [6], { thenGraph: 4, elseGraph: 5 }),
  ],
  inputs: [0, 1, 2],
  outputs: [4, 1, 2],
};
const initial: Graph = {
  name: 'initial',
  tensors: list('resource', 'resource', ['float32', 10], ['float32', 100]),
  nodes: [handle('a', 0), handle('b', 1), node('assign_variable', [0, 2], []), node('assign_variable', [1, 3], [])],
  inputs: [],
  outputs: [],
};
const adds: Graph = {
  name: 'adds',
  tensors: list('float32', 'resource', 'float32', 'float32'),
  nodes: [node('read_variable', [1], [2]), node('add', [2, 0], [3], plain), node('assign_variable', [1, 3], [])],
  inputs: [0, 1],
  outputs: [3],
};
const reads: Graph = { ...adds, name: 'reads', nodes: [node('read_variable', [1], [3])] };
const model: Model = {
  ...{ name: 'handles', description: '', signatures: [] },
  subgraphs: [main, condition, body, initial, adds, reads],
};
const samples = [Float32Array.of(1, 2), Float32Array.of(-4, 0.5), Float32Array.of(0, 8)].map((x) => [x]);

function sequence(of: Model): unknown[] {
  const state: State = new Map();
  return samples.map((inputs) => interpret(of, inputs, { state }));
}

describe('localHandles', () => {
  const local = localHandles(model);

  test('hands no handle over, and computes the same', () => {
    expect(local.subgraphs.flatMap((graph) => verifyGraph(graph))).toEqual([]);
    expect(verifyCalls(local.subgraphs).flat()).toEqual([]);
    const taken = local.subgraphs[0].nodes.flatMap(({ kind, inputs }) => (kind === 'while' ? [inputs] : []));
    expect(taken).toEqual([
      [1, 0],
      [1, 12],
    ]);
    // a: 10 + 2 rounds of x; b: 100 + 2 rounds of 2x.
    expect(sequence(model)[0]).toEqual([Float32Array.of(12, 14), Float32Array.of(104, 108)]);
    expect(sequence(local)).toEqual(sequence(model));
  });

  test('leaves models without handles as they are', () => {
    const others = { ...model, subgraphs: [adds] };
    expect(localHandles(others)).toEqual(others);
  });

  test.each(['host', 'aarch64'])('builds for %s keep the variables from run to run', async (target) => {
    expect(await runSequence(model, samples, target)).toEqual(sequence(model));
  });
});
