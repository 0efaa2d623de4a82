import { expect, test } from 'vitest';
import { compileModel } from '../../src/compiler/compile.ts';
import { foldConstants } from '../../src/compiler/passes/fold_constants.ts';
import { parseTarget } from '../../src/compiler/targets/index.ts';
import { InputError } from '../../src/errors.ts';
import type { Graph, Node } from '../../src/model/ir/graph.ts';
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
