import { describe, expect, it } from 'vitest';
import { interpret, interpretValues } from '../../../src/model/interpreter/index.ts';
import { bindInputs, decidingInputs, undecided } from '../../../src/model/ir/bind.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (name: string, dtype: DType, ...shape: number[]): Tensor => ({
  ...{ name, dtype, shape, quantization: null, data: null },
});
const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;

/** fill(n + n, value): the shape follows from `n`, not from `value` and not from `rest`. */
const graph: Graph = {
  name: 'g',
  tensors: [
    tensor('n', 'int32', 2),
    tensor('value', 'float32'),
    tensor('rest', 'float32', 3),
    tensor('shape', 'int32', 2),
    tensor('filled', 'float32', 1, 1),
    tensor('negative', 'float32', 3),
  ],
  nodes: [node('add', [0, 0], [3], { activation: 'NONE' }), node('full', [3, 1], [4]), node('negative', [2], [5])],
  inputs: [0, 1, 2],
  outputs: [4, 5],
};
const model = (main: Graph): Model => ({ name: 'm', description: '', subgraphs: [main], signatures: [] });
const given: TensorData[] = [Int32Array.of(1, 2), Float32Array.of(5), Float32Array.of(1, 2, 3)];
const values = new Map(given.map((data, id) => [id, data]));

describe('decidingInputs', () => {
  it('names the fewest inputs that shapes follow from', () => {
    expect(undecided(graph).map(({ kind }) => kind)).toEqual(['full']);
    expect([...decidingInputs(graph, values).keys()]).toEqual([0]);
  });

  it('names none where all shapes are known', () => {
    const known: Graph = { ...graph, nodes: [graph.nodes[2]], outputs: [5] };
    expect(decidingInputs(known, values).size).toBe(0);
  });
});

describe('bindInputs', () => {
  const bound = bindInputs(graph, new Map([[0, given[0]]]));

  it('makes shapes known and leaves what is computed as it was', () => {
    expect(undecided(bound)).toEqual([]);
    expect(bound.tensors[4].shape).toEqual([2, 4]);
    expect(interpretValues(model(bound), given)).toEqual(interpretValues(model(graph), given));
  });

  it('makes the graph refuse other values', () => {
    expect(() => interpret(model(bound), [Int32Array.of(2, 1), ...given.slice(1)])).toThrow(/"n" has another value/);
  });

  it('refuses values that an operator cannot have', () => {
    expect(() => bindInputs(graph, new Map([[0, Int32Array.of(-1, 2)]]))).toThrow(/bound to: .*full.*\[-2, 4\]/);
  });
});
