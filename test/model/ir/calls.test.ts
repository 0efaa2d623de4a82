import { describe, expect, it } from 'vitest';
import { verifyCalls } from '../../../src/model/ir/calls.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import type { DType } from '../../../src/model/tensor/dtype.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (dtype: DType): Tensor => ({ name: dtype, dtype, shape: [1], quantization: null, data: null });
/** A graph with a tensor for each type named; the first `inputs` are fed, the last `outputs` given. */
const graph = (types: readonly DType[], inputs: number, outputs: number, nodes: readonly Node[] = []): Graph => ({
  name: 'g',
  tensors: types.map(tensor),
  nodes,
  inputs: types.slice(0, inputs).map((_, i) => i),
  outputs: types.slice(types.length - outputs).map((_, i) => types.length - outputs + i),
});
const loop = (condition: number, body: number): Node => ({
  ...{ kind: 'while', attrs: { condition, body }, inputs: [0], outputs: [1], source: 0 },
});
const branch = (thenGraph: number, elseGraph: number): Node => ({
  ...{ kind: 'if', attrs: { thenGraph, elseGraph }, inputs: [0, 1], outputs: [2], source: 0 },
});
const once = (init: number): Node => ({ kind: 'call_once', attrs: { init }, inputs: [], outputs: [], source: 0 });

const looping = (condition: number, body: number): Graph => graph(['int32', 'int32'], 1, 1, [loop(condition, body)]);
const branching = graph(['bool', 'float32', 'float32'], 2, 1, [branch(1, 2)]);
const goesOn = graph(['int32', 'bool'], 1, 1);
const step = graph(['int32', 'int32'], 1, 1);
const negate = graph(['float32', 'float32'], 1, 1);

describe('verifyCalls', () => {
  it('finds nothing wrong with loops, branches and initialisation that fit', () => {
    const nested = graph(['int32', 'int32'], 1, 1, [loop(1, 2)]);
    expect(verifyCalls([looping(1, 3), goesOn, step, nested]).flat()).toEqual([]);
    expect(verifyCalls([branching, negate, negate]).flat()).toEqual([]);
    expect(verifyCalls([graph([], 0, 0, [once(1)]), graph([], 0, 0)]).flat()).toEqual([]);
  });

  it.each<[string, readonly Graph[], RegExp]>([
    [
      'a body that does not exist',
      [looping(1, 42), goesOn],
      /body is subgraph 42, which does not exist \(there are 2\)/,
    ],
    ['a negative index', [looping(-1, 1), step], /condition is subgraph -1, which does not exist/],
    ['a missing branch', [branching, negate], /other branch is subgraph 2, which does not exist/],
    ['a missing initialisation', [graph([], 0, 0, [once(7)])], /initialisation is subgraph 7, which does not exist/],
    ['a loop in itself', [looping(0, 0)], /runs itself again: recursion/],
    ['a circle of graphs', [looping(1, 2), goesOn, looping(1, 0)], /recursion/],
    ['a condition that gives a number', [looping(1, 2), step, step], /condition \(subgraph 1\) must give one bool/],
    [
      'a body of other types',
      [looping(1, 2), goesOn, negate],
      /input 0 of the body.*is float32, but int32 where it is run/,
    ],
    [
      'a branch with more operands',
      [branching, graph(['float32', 'float32', 'float32'], 2, 1), negate],
      /takes 2 values, but 1 are given/,
    ],
    ['a branch without results', [branching, graph(['float32'], 1, 0), negate], /gives 0 values, must give 1/],
    [
      'an initialisation that takes operands',
      [graph([], 0, 0, [once(1)]), graph(['int8'], 1, 0)],
      /takes 1 values, but 0/,
    ],
  ])('names %s', (_, graphs, message) => {
    expect(verifyCalls(graphs).flat().join('\n')).toMatch(message);
  });

  it('takes chains of graphs only so deep', () => {
    const chain = (n: number): Graph[] => [...Array.from({ length: n }, (_, i) => looping(n + 1, i + 1)), step, goesOn];
    expect(verifyCalls(chain(10)).flat()).toEqual([]);
    expect(verifyCalls(chain(5000)).flat()[0]).toMatch(/more than 64 deep/);
  });
});
