import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { enterSignature } from '../../../src/model/ir/signature.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';

const tensor = (name: string, dtype: Tensor['dtype'] = 'float32'): Tensor => ({
  ...{ name, dtype, shape: [2], quantization: null, data: null },
});
const subtract = (inputs: readonly number[]): Node => ({
  ...{ kind: 'subtract', attrs: { activation: 'NONE' }, inputs, outputs: [2], source: 0 },
});
const graph = (name: string, node: Node): Graph => ({
  ...{ name, tensors: [tensor('p'), tensor('q'), tensor('r')], nodes: [node], inputs: [0, 1], outputs: [2] },
});
/** main: p − q. The other entry chooses between p − q, by running main, and q − p. */
const model: Model = {
  name: 'm',
  description: '',
  subgraphs: [
    graph('main', subtract([0, 1])),
    graph('swapped', subtract([1, 0])),
    {
      name: 'choose',
      tensors: [{ ...tensor('c', 'bool'), shape: [] }, tensor('p'), tensor('q'), tensor('r')],
      nodes: [{ kind: 'if', attrs: { thenGraph: 0, elseGraph: 1 }, inputs: [0, 1, 2], outputs: [3], source: 0 }],
      inputs: [0, 1, 2],
      outputs: [3],
    },
  ],
  signatures: [
    {
      key: 'choose',
      subgraph: 2,
      inputs: [
        { name: 'right', tensor: 2 },
        { name: 'left', tensor: 1 },
        { name: 'forward', tensor: 0 },
      ],
      outputs: [{ name: 'difference', tensor: 3 }],
    },
    { key: 'partial', subgraph: 0, inputs: [{ name: 'left', tensor: 0 }], outputs: [{ name: 'd', tensor: 2 }] },
  ],
};

describe('enterSignature', () => {
  const entered = enterSignature(importModel(writeModel(model), 'm.tflite'), 'choose');

  it('has the signature\u2019s inputs and outputs, by its names and in its order', () => {
    const [{ tensors, inputs, outputs }] = entered.subgraphs;
    expect(inputs.map((id) => tensors[id].name)).toEqual(['right', 'left', 'forward']);
    expect(outputs.map((id) => tensors[id].name)).toEqual(['difference']);
  });

  it('runs the graphs that it ran before', () => {
    const [left, right] = [Float32Array.of(1, 2), Float32Array.of(10, 5)];
    expect(interpret(entered, [right, left, Uint8Array.of(1)])).toEqual([Float32Array.of(-9, -3)]);
    expect(interpret(entered, [right, left, Uint8Array.of(0)])).toEqual([Float32Array.of(9, 3)]);
  });

  it('refuses names that are not there, and signatures that leave inputs out', () => {
    expect(() => enterSignature(model, 'chose')).toThrow(InputError);
    expect(() => enterSignature(model, 'chose')).toThrow('no signature "chose"; it has "choose", "partial"');
    expect(() => enterSignature(model, 'partial')).toThrow(/names 1 inputs of a graph that has 2/);
  });
});
