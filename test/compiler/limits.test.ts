import { describe, expect, test } from 'vitest';
import { compileModel } from '../../src/compiler/compile.ts';
import { foldConstants } from '../../src/compiler/passes/fold_constants.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { InputError } from '../../src/errors.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
import { infer } from '../../src/model/ir/shapes.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { ints, tensor } from './operators.ts';
import { cacheDir, modelOf } from './run.ts';

const MIB = 2 ** 20;
const node = (kind: Node['kind'], inputs: number[], outputs: number[]): Node =>
  ({ kind, attrs: {}, inputs, outputs, source: outputs[0] }) as unknown as Node;

test('a few bytes that describe large constants do not become large constants', () => {
  const value = { ...tensor('float32', [], null, Float32Array.of(1)), name: 'value' };
  const shape = { ...ints([MIB]), name: 'shape' };
  const made = Array.from({ length: 40 }, (_, i) => ({ ...tensor('float32', [MIB], null), name: `full ${i}` }));
  const graph: Graph = {
    name: 'large',
    tensors: [shape, value, ...made],
    nodes: made.map((_, i) => node('full', [0, 1], [i + 2])),
    inputs: [],
    outputs: made.map((_, i) => i + 2),
  };
  const folded = foldConstants(graph);
  const bytes = folded.tensors.reduce((sum, t: Tensor) => sum + (t.data?.byteLength ?? 0), 0);
  expect(bytes).toBeGreaterThan(60 * MIB);
  expect(bytes).toBeLessThan(65 * MIB);
  expect(folded.nodes.length).toBe(40 - 16);
});

describe('constants that take long to compute', () => {
  const constant = (name: string, shape: readonly number[]): Tensor => ({
    ...tensor('float32', shape, null, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5)),
    name,
  });
  const folded = (kind: string, attrs: object, inputs: readonly Tensor[], result: readonly number[], times: number) => {
    const results = Array.from({ length: times }, (_, i) => ({ ...tensor('float32', result, null), name: `y${i}` }));
    const ids = inputs.map((_, i) => i);
    return foldConstants({
      name: 'long',
      tensors: [...inputs, ...results],
      nodes: results.map((_, i) => ({ ...node(kind as Node['kind'], ids, [ids.length + i]), attrs }) as Node),
      inputs: [],
      outputs: results.map((_, i) => ids.length + i),
    }).nodes.length;
  };
  const product = (n: number, times: number): number =>
    folded(
      'nn.batch_matmul',
      { adjX: false, adjY: false },
      [constant('a', [n, n]), constant('b', [n, n])],
      [n, n],
      times,
    );
  const pool = (window: number, times: number): number => {
    const attrs = { padding: 'SAME', strides: [1, 1], pool: [window, window], activation: 'NONE' };
    return folded('nn.avg_pool2d', attrs, [constant('x', [1, 64, 64, 4])], [1, 64, 64, 4], times);
  };

  test('are left to run time, one by one or together', () => {
    // 1.1e9 multiply-accumulates; then 2.6e5 each, of which 8e7 would be taken: 67.1e6, and 8 for each of 32 KiB, are.
    expect(product(1024, 1)).toBe(1);
    const left = product(64, 310);
    expect(left).toBeGreaterThan(40);
    expect(left).toBeLessThan(70);
    expect(pool(2000, 1)).toBe(1);
  });

  test('are computed where that is quick', () => {
    expect(product(64, 100)).toBe(0);
    expect(pool(3, 100)).toBe(0);
  });

  test('are not computed for a shape either', () => {
    const sum = (n: number) => {
      const graph: Graph = {
        name: 'sums',
        tensors: [
          { ...ints(Array.from({ length: n }, () => 1)), name: 'ones' },
          { ...ints([0]), name: 'axis' },
          { ...tensor('int32', [1], null), name: 'n' },
          { ...tensor('float32', [6], null), name: 'x' },
          { ...tensor('float32', [6], null), name: 'y' },
        ],
        nodes: [
          { ...node('sum', [0, 1], [2]), attrs: { keepDims: true } } as Node,
          { ...node('reshape', [3, 2], [4]), attrs: { newShape: null } } as Node,
        ],
        ...{ inputs: [3], outputs: [4] },
      };
      return infer(graph).nodes[1].shapes;
    };
    expect(sum(6)).toEqual([[6]]);
    expect(sum(MIB)).toEqual([null]);
  });
});

test('a model that needs more memory than a build may ask for is refused', async () => {
  const huge = (name: string): Tensor => ({ ...tensor('float32', [2 ** 29 - 1], null), name });
  const graph: Graph = {
    name: 'huge',
    tensors: [huge('x'), huge('y'), huge('z')],
    nodes: [node('nn.relu', [0], [1]), node('sin', [1], [2])],
    inputs: [0],
    outputs: [2],
  };
  const options = { target: parseTarget('host'), name: 'huge', symbol: 'huge', cacheDir };
  const refused = expect(compileModel(modelOf(graph), options)).rejects;
  await refused.toThrow(InputError);
  await refused.toThrow(/huge needs [46]\.0 GiB of memory to run/);
});
