import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { interpret, interpretValues, type Value } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model } from '../../../src/model/ir/graph.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (name: string, shape: readonly number[], more: Partial<Tensor> = {}): Tensor => ({
  name,
  dtype: 'float32',
  shape,
  quantization: null,
  data: null,
  ...more,
});
const modelOf = (graph: Partial<Graph>): Model => ({
  name: 'test',
  description: '',
  subgraphs: [{ name: 'main', tensors: [], nodes: [], inputs: [], outputs: [], ...graph }],
  signatures: [],
});
const add = (inputs: readonly number[], output: number) =>
  ({ kind: 'add', attrs: { activation: 'NONE' }, inputs, outputs: [output], source: 0 }) as const;

/** y = x + 1; z = y + y */
const chain = modelOf({
  tensors: [tensor('x', [2]), tensor('one', [1], { data: Float32Array.of(1) }), tensor('y', [2]), tensor('z', [2])],
  nodes: [add([0, 1], 2), add([2, 2], 3)],
  inputs: [0],
  outputs: [3],
});

describe('interpret', () => {
  it('runs the nodes in order', () => {
    expect(interpret(chain, [Float32Array.of(1, 2)])).toEqual([Float32Array.of(4, 6)]);
  });

  it('shows every computed tensor', () => {
    const seen: [number, Value][] = [];
    interpret(chain, [Float32Array.of(1, 2)], { observe: (id, value) => seen.push([id, value]) });
    expect(seen).toEqual([
      [2, { shape: [2], data: Float32Array.of(2, 3) }],
      [3, { shape: [2], data: Float32Array.of(4, 6) }],
    ]);
  });

  it('takes inputs of another shape and lets all others follow', () => {
    const [out] = interpretValues(chain, [new Float32Array(6)], { inputShapes: [[3, 2]] });
    expect(out).toEqual({ shape: [3, 2], data: new Float32Array(6).fill(2) });
  });

  it('hands outputs through that are inputs or constants', () => {
    const model = modelOf({ ...chain.subgraphs[0], outputs: [0, 1] });
    expect(interpret(model, [Float32Array.of(5, 6)])).toEqual([Float32Array.of(5, 6), Float32Array.of(1)]);
  });

  it('keeps variables where it is given a place for them', () => {
    const counter = modelOf({
      tensors: [tensor('x', [1]), tensor('total', [1], { variable: true })],
      nodes: [add([0, 1], 1)],
      inputs: [0],
      outputs: [1],
    });
    const state = new Map<string, Value>();
    const run = () => interpret(counter, [Float32Array.of(2)], { state })[0][0];
    expect([run(), run(), run()]).toEqual([2, 4, 6]);
    expect(interpret(counter, [Float32Array.of(2)])[0][0]).toBe(2);
  });

  it('names the input that does not fit', () => {
    expect(() => interpret(chain, [new Float32Array(3)])).toThrow(InputError);
    expect(() => interpret(chain, [new Float32Array(3)])).toThrow('"x" takes 2 elements');
    expect(() => interpret(chain, [])).toThrow('1 inputs, but 0 were given');
  });

  it('names the operator that a new shape breaks', () => {
    const fixed = modelOf({
      tensors: [tensor('x', [2]), tensor('c', [2], { data: Float32Array.of(1, 2) }), tensor('y', [2])],
      nodes: [add([0, 1], 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(() => interpret(fixed, [new Float32Array(3)], { inputShapes: [[3]] })).toThrow('do not broadcast');
  });

  it('computes shapes that depend on values', () => {
    const model = modelOf({
      tensors: [
        tensor('x', [2, 3]),
        tensor('shape', [2], { dtype: 'int32' }),
        tensor('begin', [1], { dtype: 'int32', data: Int32Array.of(1) }),
        tensor('end', [1], { dtype: 'int32', data: Int32Array.of(2) }),
        tensor('step', [1], { dtype: 'int32', data: Int32Array.of(1) }),
        tensor('last', [1], { dtype: 'int32' }),
        tensor('minus', [1], { dtype: 'int32', data: Int32Array.of(-1) }),
        tensor('target', [2], { dtype: 'int32' }),
        tensor('y', [1, 1], { signature: [-1, -1] }),
      ],
      nodes: [
        { kind: 'shape_of', attrs: { dtype: 'int32' }, inputs: [0], outputs: [1], source: 0 },
        {
          kind: 'strided_slice',
          attrs: { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: false },
          inputs: [1, 2, 3, 4],
          outputs: [5],
          source: 1,
        },
        { kind: 'concatenate', attrs: { axis: 0, activation: 'NONE' }, inputs: [5, 6], outputs: [7], source: 2 },
        { kind: 'reshape', attrs: { newShape: null }, inputs: [0, 7], outputs: [8], source: 3 },
      ],
      inputs: [0],
      outputs: [8],
    });
    const [out] = interpretValues(model, [Float32Array.of(1, 2, 3, 4, 5, 6)]);
    expect(out).toEqual({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  });
});
