import { describe, expect, test } from 'vitest';
import { compileModel } from '../../../src/compiler/compile.ts';
import { parseTarget } from '../../../src/compiler/targets/index.ts';
import { interpretValues, type Value } from '../../../src/model/interpreter/index.ts';
import { bindInputs } from '../../../src/model/ir/bind.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { type DType, fromBytes, type TensorData, toBytes } from '../../../src/model/tensor/dtype.ts';
import { elements } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { linkRunner } from '../../../src/runtime/devices/image.ts';
import { openDevice } from '../../../src/runtime/devices/open.ts';
import { ints, tensor } from '../operators.ts';
import { cacheDir, modelOf, runBuilds } from '../run.ts';

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

/** Rows of `data` folded by ids, or, with an id for each element, all of its elements. */
const segments = (kind: string, ids: Tensor, ...more: readonly Tensor[]): Graph =>
  graphOf(
    kind,
    {},
    [data, ids, ...more],
    tensor('float32', [more.length > 0 ? 2 : 3, 4].slice(0, 3 - ids.shape.length), null),
  );

describe('a build meets indices that are fed', () => {
  const take = graphOf('take', { axis: 0, batchDims: 0 }, [data, fed(2)], tensor('float32', [2, 4], null));
  const slice = graphOf('slice', {}, [data, fed(2), ints([2, 1])], tensor('float32', [2, 1], null));
  const scatter = graphOf(
    'scatter_nd',
    {},
    [fed(2, 1), tensor('float32', [2], null), ints([4])],
    tensor('float32', [4], null),
  );

  test('in range', async () => {
    expect(await run(scatter, Int32Array.of(3, 3), Float32Array.of(5, 6))).toEqual(Float32Array.of(0, 0, 0, 11));
    expect(await run(take, values, Int32Array.of(2, 0))).toEqual(Float32Array.of(8, 9, 10, 11, 0, 1, 2, 3));
    expect(await run(slice, values, Int32Array.of(1, 3))).toEqual(Float32Array.of(7, 11));
  });

  test.each<[Graph, readonly TensorData[]]>([
    [take, [values, Int32Array.of(0, 3)]],
    [take, [values, Int32Array.of(0, -2147483648)]],
    [slice, [values, Int32Array.of(2, 0)]],
    [scatter, [Int32Array.of(0, 4), Float32Array.of(5, 6)]],
    [scatter, [Int32Array.of(-1, 0), Float32Array.of(5, 6)]],
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
    [segments('unsorted_segment_sum', fed(3), ints([2])), [values, Int32Array.of(0, 2, 1)]],
    [segments('unsorted_segment_max', fed(3, 4), ints([2])), [values, new Int32Array(12).fill(2147483647)]],
    [segments('segment_sum', fed(3)), [values, Int32Array.of(0, 2, 2)]],
    [segments('segment_sum', fed(3)), [values, Int32Array.of(1, 1, 2)]],
    [segments('segment_sum', fed(3)), [values, Int32Array.of(0, 1, 0)]],
    [segments('segment_sum', fed(3)), [values, Int32Array.of(-1, 0, 1)]],
    [graphOf('reverse_sequence', { seqAxis: 1, batchAxis: 0 }, [data, fed(3)], data), [values, Int32Array.of(0, 5, 1)]],
  ])('out of range: %# ends with an error', async (graph, inputs) => {
    await expect(run(graph, ...inputs)).rejects.toThrow(/index in the data of \w+ lies outside/);
  });

  test('in a range that another operator fills: refused by name', async () => {
    const found = graphOf('argwhere', {}, [tensor('bool', [4], null)], tensor('int64', [4, 1], null));
    const cast = { kind: 'cast', attrs: {}, inputs: [1], outputs: [2], source: 1 } as unknown as Node;
    const both: Graph = {
      ...found,
      tensors: [...found.tensors, tensor('int32', [4, 1], null)],
      nodes: [...found.nodes, cast],
      outputs: [2],
    };
    await expect(run(both, Uint8Array.of(0, 1, 0, 1))).rejects.toThrow(
      /the size of ".+", which it reads, depends on data/,
    );
  });
});

describe('a result whose size is data', () => {
  /** Where a condition holds, and a node that reads the result. */
  const followed = (kind: string, attrs: object, result: Tensor, ...more: readonly Tensor[]): Graph => {
    const found = graphOf('argwhere', {}, [tensor('bool', [6], null)], tensor('int64', [6, 1], null));
    const reader = {
      kind,
      attrs,
      inputs: [1, ...more.map((_, i) => 3 + i)],
      outputs: [2],
      source: 1,
    } as unknown as Node;
    return { ...found, tensors: [...found.tensors, result, ...more], nodes: [...found.nodes, reader], outputs: [2] };
  };
  const size = followed('shape_of', { dtype: 'int32' }, tensor('int32', [2], null));
  const row = followed('reshape', { newShape: null }, tensor('int64', [6], null), ints([-1]));
  const condition = Uint8Array.of(0, 1, 1, 0, 1, 0);

  test.each([size, row])('is not taken for its bound by an operator that reads it: %#', async (graph) => {
    await expect(run(graph, condition)).rejects.toThrow(/the size of ".+", which it reads, depends on data/);
  });

  test('is known, and what follows from it, where the data are', async () => {
    const bound = (graph: Graph) => bindInputs(graph, new Map([[0, condition]]));
    expect(await run(bound(size), condition)).toEqual(Int32Array.of(3, 1));
    expect(await run(bound(row), condition)).toEqual(BigInt64Array.of(1n, 2n, 4n));
  });

  const where = (dtype: DType, ...shape: number[]): Graph =>
    graphOf('argwhere', {}, [tensor(dtype, shape, null)], tensor('int64', [1, shape.length], null));

  /** What a build gives for each sample, cut to its size, run one after another in one instance. */
  async function rowsOf(graph: Graph, target: string, samples: readonly TensorData[]): Promise<Value[]> {
    const options = { target: parseTarget(target), name: 'where', symbol: 'where', cacheDir };
    const build = await compileModel(modelOf(graph), options);
    const inputs = [Buffer.concat(samples.map(toBytes))];
    const job = { build: 0, inputs, samples: samples.length, reset: false };
    const [{ outputs, shapes }] = await (await openDevice(options.target)).run(
      await linkRunner([build], { cacheDir }),
      [job],
    );
    const [{ bytes, dtype }] = build.outputs;
    return samples.map((_, s) => {
      const [shape] = shapes![s];
      const data = fromBytes(dtype, outputs[0].subarray(s * bytes, (s + 1) * bytes)).subarray(0, elements(shape));
      return { shape, data };
    });
  }

  test.each(['host', 'aarch64'])('comes with its extents on %s', async (target) => {
    const graph = where('float32', 2, 1, 3);
    const samples = [
      [0, 1, 0, 2, -1, 0],
      [0, 0, 0, -0, 0, 0],
      [1, 2, 3, 4, 5, Number.NaN],
      [0, 0, 0, 0, 0, 1],
    ];
    const data = samples.map((sample) => Float32Array.from(sample));
    const expected = data.map((sample) => interpretValues(modelOf(graph), [sample])[0]);
    expect(expected.map(({ shape }) => shape)).toEqual([
      [3, 3],
      [0, 3],
      [6, 3],
      [1, 3],
    ]);
    expect(await rowsOf(graph, target, data)).toEqual(expected);
  });

  test('of no dimensions', async () => {
    const [one, none] = await rowsOf(where('int32'), 'host', [Int32Array.of(7), Int32Array.of(0)]);
    expect([one.shape, none.shape]).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });
});

describe('a value that decides a shape', () => {
  const fill = graphOf('full', {}, [fed(2), tensor('int8', [], null)], tensor('int8', [1, 1], null));

  test('is bound: the build takes it and no other', async () => {
    const bound = bindInputs(fill, new Map([[0, Int32Array.of(2, 3)]]));
    expect(await run(bound, Int32Array.of(2, 3), Int8Array.of(-5))).toEqual(new Int8Array(6).fill(-5));
    expect(await run(bound, Int32Array.of(2, 3), Int8Array.of(7))).toEqual(new Int8Array(6).fill(7));
    await expect(run(bound, Int32Array.of(3, 2), Int8Array.of(7))).rejects.toThrow(/another value than the one/);
  });

  test('is asked for', async () => {
    await expect(run(fill, Int32Array.of(2, 3), Int8Array.of(7))).rejects.toThrow(/bind the inputs that decide it/);
  });
});
