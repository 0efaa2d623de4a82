import { describe, expect, test } from 'vitest';
import type { Graph, Node, Tensor } from '../../../src/model/ir/graph.ts';
import type { TensorData } from '../../../src/model/tensor/dtype.ts';
import { ints, tensor } from '../operators.ts';
import { modelOf, runBuilds } from '../run.ts';

const data = tensor('float32', [3, 4], null);
const fed = (...shape: number[]): Tensor => tensor('int32', shape, null);
const values = Float32Array.from({ length: 12 }, (_, i) => i);

function graphOf(kind: string, attrs: object, operands: readonly Tensor[], result: Tensor): Graph {
  const inputs = operands.map((_, i) => i);
  const node = { kind, attrs, inputs, outputs: [operands.length], source: 0 } as unknown as Node;
  const free = inputs.filter((i) => operands[i].data === null);
  return {
    name: kind.replace('.', '_'),
    tensors: [...operands, result],
    nodes: [node],
    inputs: free,
    outputs: [operands.length],
  };
}
const run = async (graph: Graph, ...inputs: TensorData[]): Promise<TensorData> =>
  (await runBuilds([{ model: modelOf(graph), inputs }], 'host'))[0][0];

describe('a build meets indices that are fed', () => {
  const take = graphOf('take', { axis: 0, batchDims: 0 }, [data, fed(2)], tensor('float32', [2, 4], null));
  const slice = graphOf('slice', {}, [data, fed(2), ints([2, 1])], tensor('float32', [2, 1], null));

  test('in range', async () => {
    expect(await run(take, values, Int32Array.of(2, 0))).toEqual(Float32Array.of(8, 9, 10, 11, 0, 1, 2, 3));
    expect(await run(slice, values, Int32Array.of(1, 3))).toEqual(Float32Array.of(7, 11));
  });

  test.each<[Graph, readonly TensorData[]]>([
    [take, [values, Int32Array.of(0, 3)]],
    [take, [values, Int32Array.of(0, -2147483648)]],
    [slice, [values, Int32Array.of(2, 0)]],
    [slice, [values, Int32Array.of(-1, 0)]],
    [graphOf('gather_nd', {}, [data, fed(1, 2)], tensor('float32', [1], null)), [values, Int32Array.of(1, 4)]],
    [
      graphOf(
        'sparse_to_dense',
        { validateIndices: false },
        [fed(1), ints([3]), tensor('int32', [1], null), ints([7])],
        fed(3),
      ),
      [Int32Array.of(3), Int32Array.of(1)],
    ],
    [graphOf('reverse_sequence', { seqAxis: 1, batchAxis: 0 }, [data, fed(3)], data), [values, Int32Array.of(0, 5, 1)]],
  ])('out of range: %# ends with an error', async (graph, inputs) => {
    await expect(run(graph, ...inputs)).rejects.toThrow(/index in the data of \w+ lies outside/);
  });

  test('whose result has no fixed size: it is not built', async () => {
    const dynamic = graphOf('argwhere', {}, [tensor('bool', [4], null)], tensor('int64', [4, 1], null));
    await expect(run(dynamic, Uint8Array.of(0, 1, 0, 1))).rejects.toThrow('only known when the model runs');
  });
});
