import { describe, expect, it } from 'vitest';
import { interpretValues } from '../../../src/model/interpreter/index.ts';
import type { Graph, Node } from '../../../src/model/ir/graph.ts';
import { infer } from '../../../src/model/ir/shapes.ts';
import { verifyGraph } from '../../../src/model/ir/verify.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import type { OpView } from '../../../src/model/ops/definition.ts';
import { rulesOf } from '../../../src/model/ops/index.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import { perTensor } from '../../../src/model/tensor/quantization.ts';
import type { Shape } from '../../../src/model/tensor/shape.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (dtype: DType, shape: Shape, data: TensorData | null = null): Tensor => ({
  name: 't',
  dtype,
  shape,
  quantization: dtype === 'int8' ? perTensor(0.5, 3) : null,
  data,
});
const ints = (...values: number[]): Tensor => tensor('int32', [values.length], Int32Array.from(values));
const one = (value: number): Tensor => tensor('int32', [], Int32Array.of(value));
const x = tensor('float32', [2, 3]);
const fed = (shape: Shape): Tensor => tensor('int32', shape);

function problems(kind: OpKind, attrs: object, inputs: readonly Tensor[], outputs: readonly Tensor[] = [x]): string[] {
  const view = { kind, attrs, inputs, outputs } as unknown as OpView<OpKind>;
  return rulesOf(kind).check(view);
}

/** One operator on its own: tensors without data are fed. */
function graphOf(kind: OpKind, attrs: object, inputs: readonly Tensor[], outputs: readonly Tensor[]): Graph {
  const ids = inputs.map((_, i) => i);
  const made = outputs.map((_, i) => inputs.length + i);
  const node = { kind, attrs, inputs: ids, outputs: made, source: 0 } as unknown as Node;
  const free = ids.filter((i) => inputs[i].data === null);
  return { name: 'g', tensors: [...inputs, ...outputs], nodes: [node], inputs: free, outputs: made };
}
const run = (graph: Graph, ...data: TensorData[]) =>
  interpretValues({ name: 'm', description: '', subgraphs: [graph], signatures: [] }, data);

describe('what cannot be is told on import', () => {
  const take = { axis: 1, batchDims: 0 };
  it.each<[string, OpKind, object, Tensor[], string]>([
    ['a slice past the end', 'slice', {}, [x, ints(0, 2), ints(2, 2)], 'leaves dimension 1'],
    ['a slice of too few numbers', 'slice', {}, [x, ints(0), ints(2)], '2 entries'],
    ['parts that do not divide', 'split', { parts: 1 }, [one(5), x], 'axis 5'],
    ['more parts than results', 'split', { parts: 2 }, [one(0), x], '2 parts for 1 results'],
    ['sizes that do not add up', 'split_v', { parts: 1 }, [x, ints(2), one(1)], 'add up'],
    ['slices without results', 'unstack', { axis: 0, parts: 2 }, [x], '1 results'],
    ['a tile of many elements', 'tile', {}, [x, ints(2 ** 30, 2 ** 30)], 'would have the shape'],
    ['a broadcast that shrinks', 'broadcast_to', {}, [x, ints(3)], 'cannot become'],
    ['blocks of nothing', 'nn.space_to_batch_nd', {}, [x, ints(0), ints(0, 0)], 'positive'],
    ['huge blocks', 'nn.space_to_batch_nd', {}, [x, ints(2 ** 30), ints(0, 2 ** 30 - 3)], 'not supported'],
    ['crops of all', 'nn.batch_to_space_nd', {}, [x, ints(1), ints(3, 3)], 'crops'],
    ['a mirror wider than the image', 'nn.mirror_pad', { mode: 'REFLECT' }, [x, ints(2, 0, 0, 0)], 'too small'],
    ['a negative padding', 'nn.pad_v2', {}, [x, ints(0, 0, -1, 0), tensor('float32', [])], 'negative'],
    ['a diagonal that is too long', 'matrix_set_diag', {}, [x, tensor('float32', [3])], 'does not fit'],
    ['an index too large', 'take', take, [x, ints(0, 3)], 'index 3 is outside of 0 … 2'],
    ['a negative index', 'take', take, [x, ints(-1)], 'index -1'],
    ['batches that differ', 'take', { axis: 1, batchDims: 1 }, [x, ints(0, 1, 2)], 'batches'],
    ['a tuple out of range', 'gather_nd', {}, [x, ints(1, 3)], 'index 3 is outside of 0 … 2'],
    ['a tuple too long', 'gather_nd', {}, [x, ints(0, 0, 0)], '3 indices'],
    [
      'a place out of range',
      'sparse_to_dense',
      {},
      [tensor('int32', [1, 2], Int32Array.of(2, 0)), ints(2, 3), tensor('float32', []), tensor('float32', [])],
      'index 2',
    ],
    ['a length past the end', 'reverse_sequence', { seqAxis: 1, batchAxis: 0 }, [x, ints(3, 4)], 'index 4'],
    ['the same axis twice', 'reverse_sequence', { seqAxis: 1, batchAxis: 1 }, [x, ints(3, 3)], 'the same'],
    ['a condition of numbers', 'where', {}, [x, x, x], 'bool'],
    ['an axis that is not there', 'cumsum', { exclusive: false, reverse: false }, [x, one(2)], 'axis 2'],
    ['axes that are not there', 'sum', { keepDims: false }, [x, ints(0, -3)], 'axis -3'],
    ['truth of numbers', 'any', { keepDims: false }, [x, ints(0)], 'bool'],
    ['a range of nothing', 'fake_quant', { min: 1, max: 2, bits: 8, narrowRange: false }, [x], 'zero'],
  ])('%s', (_, kind, attrs, inputs, words) => {
    expect(problems(kind, attrs, inputs).join('; ')).toContain(words);
  });

  it('a k larger than the row', () => {
    const outputs = [tensor('float32', [2, 4]), tensor('int32', [2, 4])];
    expect(problems('topk', {}, [x, one(4)], outputs).join()).toContain('k is 4 of 3');
  });

  it('an int8 product of scales too far apart', () => {
    const wild = { ...tensor('int8', [9]), quantization: perTensor(1e30, 0) };
    const tiny = { ...tensor('int8', []), quantization: perTensor(1e-30, 0) };
    expect(problems('prod', { keepDims: false }, [wild, ints(0)], [tiny]).join()).toContain('too far apart');
  });
});

describe('operands that are fed', () => {
  const values = Float32Array.of(0, 1, 2, 3, 4, 5);

  it.each<[string, Graph, TensorData, string]>([
    [
      'take',
      graphOf('take', { axis: 1, batchDims: 0 }, [x, fed([2])], [tensor('float32', [2, 2])]),
      Int32Array.of(0, 3),
      'index 3',
    ],
    [
      'gather_nd',
      graphOf('gather_nd', {}, [x, fed([1, 1])], [tensor('float32', [1, 3])]),
      Int32Array.of(-1),
      'index -1',
    ],
    [
      'slice',
      graphOf('slice', {}, [x, fed([2]), ints(1, 1)], [tensor('float32', [1, 1])]),
      Int32Array.of(2, 0),
      'leaves',
    ],
    ['mean', graphOf('mean', { keepDims: false }, [x, fed([1])], [tensor('float32', [2])]), Int32Array.of(7), 'axis 7'],
  ])('end a run of %s when they are out of range', (_, graph, operand, words) => {
    expect(verifyGraph(graph)).toEqual([]);
    expect(() => run(graph, values, operand)).toThrow(words);
  });

  it('decide the shape of the result', () => {
    const dynamic = tensor('float32', []);
    const full = graphOf('full', {}, [fed([2]), tensor('float32', [], Float32Array.of(7))], [dynamic]);
    expect(run(full, Int32Array.of(1, 3))).toEqual([{ shape: [1, 3], data: Float32Array.of(7, 7, 7) }]);
    const slice = graphOf('slice', {}, [x, fed([2]), fed([2])], [dynamic]);
    const part = run(slice, values, Int32Array.of(1, 1), Int32Array.of(1, -1));
    expect(part).toEqual([{ shape: [1, 2], data: Float32Array.of(4, 5) }]);
  });

  it('are the bounds of a range', () => {
    const bounds = ['start', 'limit', 'delta'].map(() => tensor('int64', []));
    const range = graphOf('arange', {}, bounds, [tensor('int64', [])]);
    const of = (...list: bigint[]) => run(range, ...list.map((v) => BigInt64Array.of(v)))[0].data;
    expect(of(5n, -4n, -3n)).toEqual(BigInt64Array.of(5n, 2n, -1n));
    expect(of(3n, 3n, 1n)).toEqual(new BigInt64Array());
    expect(() => of(0n, 5n, -1n)).toThrow('does not lead');
    expect(() => of(0n, 2n ** 62n, 1n)).toThrow('would have the shape');
  });

  it('leave what reads their results unjudged until it runs', () => {
    const shape = tensor('int64', []);
    const first = graphOf('argwhere', {}, [tensor('bool', [4])], [shape]);
    const tensors = [...first.tensors, tensor('float32', [4]), tensor('float32', [])];
    const gather = { kind: 'gather_nd', attrs: {}, inputs: [2, 1], outputs: [3], source: 1 } as unknown as Node;
    const graph: Graph = { ...first, tensors, nodes: [...first.nodes, gather], inputs: [0, 2], outputs: [3] };
    expect(verifyGraph(graph)).toEqual([]);
    expect(infer(graph).nodes.map((n) => n.shapes)).toEqual([[null], [null]]);
    const picked = run(graph, Uint8Array.of(0, 1, 0, 1), Float32Array.of(5, 6, 7, 8));
    expect(picked).toEqual([{ shape: [2], data: Float32Array.of(6, 8) }]);
  });
});

describe('a cast', () => {
  const cast = (from: DType, to: DType, data: TensorData) =>
    run(graphOf('cast', {}, [tensor(from, [data.length])], [tensor(to, [data.length])]), data)[0].data;

  it('of a large int64 to float32 rounds once', () => {
    // Halfway between two floats, and a little more; a double in between loses the little.
    const above = (1n << 60n) + (1n << 36n) + 1n;
    expect(cast('int64', 'float32', BigInt64Array.of(above, -above))).toEqual(
      Float32Array.of(2 ** 60 + 2 ** 37, -(2 ** 60) - 2 ** 37),
    );
  });

  it('of a float out of range saturates, or keeps the low bits', () => {
    const wild = Float32Array.of(300.7, -300.7, 1e30, -1e30, Number.NaN);
    expect([...cast('float32', 'uint8', wild)]).toEqual([255, 0, 255, 0, 0]);
    expect([...cast('float32', 'int8', wild)]).toEqual([44, -44, 0, 0, 0]);
    const [lo, hi] = [-2147483648, 2147483647];
    expect([...cast('float32', 'int32', wild)]).toEqual([300, -300, hi, lo, hi]);
    expect([...cast('float64', 'int32', Float64Array.from(wild))]).toEqual([300, -300, lo, lo, lo]);
  });
});
