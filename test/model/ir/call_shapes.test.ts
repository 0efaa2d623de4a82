import { describe, expect, it } from 'vitest';
import { inferCallShapes } from '../../../src/model/ir/call_shapes.ts';
import type { Graph, Model, Node } from '../../../src/model/ir/graph.ts';
import { verifyModel } from '../../../src/model/ir/verify.ts';
import type { Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (name: string, shape: Shape, dtype: Tensor['dtype'] = 'float32', open = true): Tensor => ({
  ...{ name, dtype, shape, quantization: null, data: null },
  ...(open && shape.length > 0 && { signature: [-1, ...shape.slice(1)] }),
});
const node = (kind: string, inputs: readonly number[], outputs: readonly number[], attrs: object = {}): Node =>
  ({ kind, attrs, inputs, outputs, source: 0 }) as unknown as Node;
const plain = { activation: 'NONE' };

/** Loops over a batch and then negates it; `body` says what becomes of the batch in a round. */
const looping = (batch: number, body: Graph): Model => ({
  name: 'm',
  description: '',
  subgraphs: [
    {
      name: 'main',
      tensors: [
        tensor('c', [], 'int32'),
        tensor('x', [batch, 3], 'float32', false),
        tensor('n', [], 'int32'),
        tensor('y', [1, 3]),
        tensor('z', [1, 3]),
      ],
      nodes: [node('while', [0, 1], [2, 3], { condition: 1, body: 2 }), node('negative', [3], [4])],
      inputs: [0, 1],
      outputs: [4],
    },
    {
      name: 'condition',
      tensors: [tensor('c', [], 'int32'), tensor('x', [1, 3]), tensor('go', [], 'bool')],
      nodes: [node('less', [0, 0], [2])],
      inputs: [0, 1],
      outputs: [2],
    },
    body,
  ],
  signatures: [],
});
const keeps: Graph = {
  name: 'body',
  tensors: [tensor('c', [], 'int32'), tensor('x', [1, 3]), tensor('y', [1, 3])],
  nodes: [node('add', [1, 1], [2], plain)],
  inputs: [0, 1],
  outputs: [0, 2],
};
const grows: Graph = {
  ...keeps,
  tensors: [tensor('c', [], 'int32'), tensor('x', [1, 3]), tensor('y', [1, 3])],
  nodes: [node('concatenate', [1, 1], [2], { axis: 0, ...plain })],
};

describe('inferCallShapes', () => {
  it('hands a batch on to the graphs of a loop and its results back', () => {
    const resized = inferCallShapes(looping(5, keeps));
    const [main, condition, body] = resized.subgraphs;
    expect(main.tensors.map((t) => t.shape)).toEqual([[], [5, 3], [], [5, 3], [5, 3]]);
    expect(condition.tensors[1].shape).toEqual([5, 3]);
    expect(body.tensors[2].shape).toEqual([5, 3]);
    expect(verifyModel(resized)).toEqual([]);
  });

  it('leaves results open that change their shape with each round', () => {
    const [main, , body] = inferCallShapes(looping(5, grows)).subgraphs;
    expect(body.tensors[2].shape).toEqual([10, 3]);
    expect(main.tensors[3]).toMatchObject({ shape: [1, 3], signature: [-1, 3] });
  });
});
