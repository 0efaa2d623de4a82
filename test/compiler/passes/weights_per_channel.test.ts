import { describe, expect, it } from 'vitest';
import { weightsPerChannel } from '../../../src/compiler/passes/weights_per_channel.ts';
import { interpret } from '../../../src/model/interpreter/index.ts';
import type { Model, Node } from '../../../src/model/ir/graph.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { expectSound } from './mixed.ts';

/** y = (100 x0, x1 / 100): one scale for both rows rounds the second to nothing. */
const REAL = Float32Array.of(100, 0, 0, 0.01);
const BIAS = Float32Array.of(0, 0.002);
function dense(): Model {
  const tensor = (name: string, more: Partial<Tensor>): Tensor => ({
    ...{ name, dtype: 'int8', shape: [1, 2], quantization: null, data: null },
    ...more,
  });
  const scale = Math.fround(100 / 127);
  const tensors = [
    tensor('x', { quantization: perTensor(1 / 128, 0) }),
    tensor('w', { shape: [2, 2], quantization: perTensor(scale, 0), data: Int8Array.of(127, 0, 0, 0) }),
    tensor('b', {
      ...{ shape: [2], dtype: 'int32', data: Int32Array.of(0, 0) },
      quantization: perTensor(scale / 128, 0),
    }),
    tensor('y', { quantization: perTensor(1 / 8192, 0) }),
  ];
  const attrs = { activation: 'NONE', keepNumDims: false, asymmetricQuantizeInputs: false, weightsFormat: 'DEFAULT' };
  const node = { kind: 'nn.dense', attrs, inputs: [0, 1, 2], outputs: [3], source: 0 } as unknown as Node;
  const graph = { name: 'main', tensors, nodes: [node], inputs: [0], outputs: [3] };
  return { name: 'm', description: '', subgraphs: [graph], signatures: [] };
}

describe('weights per channel', () => {
  const constants = new Map([
    [1, REAL],
    [2, BIAS],
  ]);

  it('are those of FP32, each row with all its steps', () => {
    const model = dense();
    const mended = weightsPerChannel(model, [0], constants);
    expectSound(mended, model);
    const [graph] = mended.subgraphs;
    const weights = graph.tensors[graph.nodes[0].inputs[1]];
    expect(Array.from(weights.data as Int8Array)).toEqual([127, 0, 0, 127]);
    // 0.01 · 64/128 + 0.002 = 0.007, in steps of 1/8192: 57.
    expect(Array.from(interpret(mended, [Int8Array.of(0, 64)])[0] as Int8Array)).toEqual([0, 57]);
    expect(Array.from(interpret(model, [Int8Array.of(0, 64)])[0] as Int8Array)).toEqual([0, 0]);
  });

  it('are refused where there is nothing to make them of, or nothing to make', () => {
    const model = dense();
    expect(() => weightsPerChannel(model, [0], new Map())).toThrow(/per channel: those of FP32 are not known/);
    const mended = weightsPerChannel(model, [0], constants);
    expect(() => weightsPerChannel(mended, [0], constants)).toThrow(/per channel: it has them already/);
  });
});
