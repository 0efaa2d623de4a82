import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { givesEqualBits } from '../../src/compiler/equal_bits.ts';
import type { Graph, Model, Node } from '../../src/model/ir/graph.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor } from '../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { importModel } from '../../src/model/tflite/importer.ts';

const read = (path: string) => importModel(readFileSync(path), path);

const tensor = (name: string, dtype: DType): Tensor => ({
  ...{ name, dtype, shape: [1, 4], data: null },
  quantization: dtype === 'int8' ? perTensor(0.1, 0) : null,
});
const node = (kind: string, input: number, output: number): Node =>
  ({ kind, attrs: {}, inputs: [input], outputs: [output], source: 0 }) as unknown as Node;
const model = (dtypes: readonly DType[], nodes: readonly Node[]): Model => {
  const graph: Graph = {
    ...{ name: 'main', nodes, inputs: [0], outputs: [dtypes.length - 1] },
    tensors: dtypes.map((dtype, i) => tensor(`t${i}`, dtype)),
  };
  return { name: 'm', description: '', subgraphs: [graph], signatures: [] };
};

describe('builds give the same bits on every ARM64 target', () => {
  it.each([
    ['examples/shapes/shapes_int8.tflite', true],
    ['examples/tones/tones_int8.tflite', true],
    ['examples/shapes/shapes_fp32.tflite', false],
  ])('%s: %s', (path, equal) => expect(givesEqualBits(read(path))).toBe(equal));

  it('of integers between reals, but not of reals between integers', () => {
    const between = model(
      ['float32', 'int8', 'int8', 'float32'],
      [node('qnn.quantize', 0, 1), node('exp', 1, 2), node('qnn.dequantize', 2, 3)],
    );
    expect(givesEqualBits(between)).toBe(true);
    const island = model(
      ['int8', 'float32', 'float32', 'int8'],
      [node('qnn.dequantize', 0, 1), node('exp', 1, 2), node('qnn.quantize', 2, 3)],
    );
    expect(givesEqualBits(island)).toBe(false);
  });

  it.each(['float32', 'float16', 'float64', 'complex64'] as const)('not with an operator on %s', (dtype) => {
    expect(givesEqualBits(model(['int8', dtype], [node('cast', 0, 1)]))).toBe(false);
    expect(givesEqualBits(model([dtype, 'int32'], [node('cast', 0, 1)]))).toBe(false);
  });

  it('only if the graphs that others run do, too', () => {
    const [whole, float] = [
      model(['int8', 'int8'], [node('abs', 0, 1)]),
      model(['float32', 'float32'], [node('abs', 0, 1)]),
    ];
    expect(givesEqualBits(whole)).toBe(true);
    expect(givesEqualBits({ ...whole, subgraphs: [...whole.subgraphs, ...float.subgraphs] })).toBe(false);
  });
});
