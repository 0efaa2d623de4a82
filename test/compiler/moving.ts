/** Random operators that move, pick, order, fold or cast elements. */
import fc from 'fast-check';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { type Case, copied, ints, loose, quantization, shapes, shrunk, tensor } from './draws.ts';

/** What a case is made from: a tensor, and a source of whole numbers below a bound. */
interface Draw {
  readonly data: Tensor;
  /** The parameters of the result. */
  readonly result: Quantization | null;
  readonly pick: (below: number) => number;
}
type Make = (draw: Draw) => Case;

const anyType = fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool');
const INT_TYPES: readonly DType[] = ['int32', 'int64'];

const list = (dtype: DType, values: readonly number[]): Tensor =>
  tensor(
    dtype,
    [values.length],
    null,
    dtype === 'int32' ? Int32Array.from(values) : BigInt64Array.from(values, BigInt),
  );
/** Indices as a constant of either index type. */
const indices = ({ pick }: Draw, shape: Shape, value: (i: number) => number, dtype = INT_TYPES[pick(2)]): Tensor => ({
  ...list(
    dtype,
    Array.from({ length: elements(shape) }, (_, i) => value(i)),
  ),
  shape,
});
const scalar = (value: number): Tensor => tensor('int32', [], null, Int32Array.of(value));
const pairs = (values: readonly number[]): Tensor => ({ ...ints(values), shape: [values.length / 2, 2] });
/** An axis, counted from either end. */
const axisOf = ({ data, pick }: Draw, extra = 0): number => {
  const rank = data.shape.length + extra;
  return pick(2 * rank) - rank;
};
const of = (
  { data, result }: Draw,
  kind: OpKind,
  attrs: object,
  operands: readonly Tensor[],
  more?: Partial<Case>,
): Case => ({
  kind,
  attrs,
  operands,
  dtype: data.dtype,
  quantization: result,
  ...more,
});
const single = (d: Draw): Tensor => ({ ...d.data, shape: [] });

/** Sizes that add up to `extent`. */
function cuts({ pick }: Draw, extent: number): number[] {
  const sizes: number[] = [];
  for (let rest = extent; rest > 0 || sizes.length === 0; ) {
    const size = pick(rest + 1);
    sizes.push(size);
    rest -= size;
  }
  return sizes;
}

/** An image whose height and width are multiples of a block, moved by `kind`. */
const batches: Make = (d) => {
  const { pick, data } = d;
  const block = [1 + pick(3), 1 + pick(3)];
  const edge = Array.from({ length: 4 }, () => pick(3));
  const extents = block.map(
    (b, i) => b * (1 + pick(4)) + (edge[2 * i] + edge[2 * i + 1]) * (pick(2) === 0 ? b - 1 : 0),
  );
  const padded = extents.map((n, i) => n + edge[2 * i] + edge[2 * i + 1]);
  // The last padding makes the block fit.
  const fit = edge.map((e, k) =>
    k % 2 === 1 ? e + ((block[k >> 1] - (padded[k >> 1] % block[k >> 1])) % block[k >> 1]) : e,
  );
  const image = { ...data, shape: [1 + pick(2), ...extents, 1 + pick(5)] };
  return of(d, 'nn.space_to_batch_nd', {}, [image, ints(block), pairs(fit)]);
};
const unbatches: Make = (d) => {
  const { pick, data } = d;
  const block = [1 + pick(3), 1 + pick(3)];
  const extents = [1 + pick(4), 1 + pick(4)];
  const crops = extents.flatMap((n, i) => [pick(n * block[i]), 0]);
  const image = { ...data, shape: [elements(block) * (1 + pick(2)), ...extents, 1 + pick(5)] };
  return of(d, 'nn.batch_to_space_nd', {}, [image, ints(block), pairs(crops)]);
};

const MOVES: readonly Make[] = [
  (d) => {
    const begin = d.data.shape.map((n) => d.pick(n));
    const size = d.data.shape.map((n, i) => (d.pick(3) === 0 ? -1 : d.pick(n - begin[i] + 1)));
    const type = INT_TYPES[d.pick(2)];
    return of(d, 'slice', {}, [d.data, list(type, begin), list(type, size)]);
  },
  (d) => {
    const rank = d.data.shape.length;
    const update = { ...d.data, shape: d.data.shape.map((n) => d.pick(n + 1)) };
    const start = d.pick(2) === 0 ? tensor('int32', [rank], null) : indices(d, [rank], () => d.pick(12) - 3);
    return of(d, 'dynamic_update_slice', {}, [d.data, update, start]);
  },
  (d) => {
    const parts = 1 + d.pick(3);
    const axis = axisOf(d);
    const shape = d.data.shape.with(axis, parts * (1 + d.pick(4)));
    const more = { more: new Array<DType>(parts - 1).fill(d.data.dtype) };
    return of(d, 'split', { parts }, [scalar(axis), { ...d.data, shape }], more);
  },
  (d) => {
    const axis = axisOf(d);
    const shape = d.data.shape.with(axis, 1 + d.pick(6));
    const sizes = cuts(d, shape.at(axis)!);
    const shown = d.pick(2) === 0 ? sizes : sizes.with(d.pick(sizes.length), -1);
    const more = { more: new Array<DType>(sizes.length - 1).fill(d.data.dtype) };
    return of(d, 'split_v', { parts: sizes.length }, [{ ...d.data, shape }, ints(shown), scalar(axis)], more);
  },
  (d) => {
    const axis = axisOf(d);
    const parts = 1 + d.pick(4);
    const shape = d.data.shape.with(axis, parts);
    const more = { more: new Array<DType>(parts - 1).fill(d.data.dtype) };
    return of(d, 'unstack', { axis, parts }, [{ ...d.data, shape }], more);
  },
  (d) => of(d, 'tile', {}, [d.data, indices(d, [d.data.shape.length], () => 1 + d.pick(3))]),
  (d) => {
    const shape = [...new Array<number>(d.pick(3)).fill(2), ...d.data.shape];
    const small = d.data.shape.map((n) => (d.pick(2) === 0 ? 1 : n));
    return of(d, 'broadcast_to', {}, [{ ...d.data, shape: small }, indices(d, [shape.length], (i) => shape[i])]);
  },
  (d) => of(d, 'expand_dims', {}, [d.data, scalar(axisOf(d, 1))]),
  (d) => of(d, 'reverse', {}, [d.data, ints([...new Set([axisOf(d), axisOf(d)])])]),
  batches,
  unbatches,
  (d) => {
    const blockSize = 1 + d.pick(3);
    const cells = [1 + d.pick(2), 1 + d.pick(4), 1 + d.pick(4)];
    const shape = [cells[0], cells[1] * blockSize, cells[2] * blockSize, 1 + d.pick(5)];
    return of(d, 'nn.space_to_depth', { blockSize }, [{ ...d.data, shape }]);
  },
  (d) => {
    const blockSize = 1 + d.pick(3);
    const shape = [1 + d.pick(2), 1 + d.pick(4), 1 + d.pick(4), blockSize ** 2 * (1 + d.pick(3))];
    return of(d, 'nn.depth_to_space', { blockSize }, [{ ...d.data, shape }]);
  },
  (d) => {
    const mode = ['REFLECT', 'SYMMETRIC'][d.pick(2)];
    const most = (n: number) => (mode === 'REFLECT' ? n : n + 1);
    const edge = d.data.shape.flatMap((n) => [d.pick(most(n)), d.pick(most(n))]);
    return of(d, 'nn.mirror_pad', { mode }, [d.data, pairs(edge)]);
  },
  (d) =>
    of(d, 'nn.pad_v2', {}, [
      d.data,
      pairs(d.data.shape.flatMap(() => [d.pick(3), d.pick(3)])),
      { ...single(d), quantization: d.result },
    ]),
  (d) => of(d, 'zeros_like', {}, [d.data]),
  (d) => of(d, 'matrix_diag', {}, [d.data]),
  (d) => {
    const shape = [...d.data.shape, 1 + d.pick(9)];
    const diagonal = [...shape.slice(0, -2), Math.min(...shape.slice(-2))];
    return of(d, 'matrix_set_diag', {}, [
      { ...d.data, shape },
      { ...d.data, shape: diagonal },
    ]);
  },
];

const PICKS: readonly Make[] = [
  (d) => {
    const { shape } = d.data;
    const axis = axisOf(d);
    const at = axis < 0 ? axis + shape.length : axis;
    const batchDims = d.pick(at + 1);
    const wanted = [...shape.slice(0, batchDims), ...Array.from({ length: d.pick(3) }, () => d.pick(4))];
    return of(d, 'take', { axis, batchDims }, [d.data, indices(d, wanted, () => d.pick(shape[at]))]);
  },
  (d) => {
    const { shape } = d.data;
    const depth = d.pick(shape.length + 1);
    const outer = Array.from({ length: d.pick(3) }, () => 1 + d.pick(4));
    const places = indices(d, [...outer, depth], (i) => d.pick(shape[i % depth]), 'int32');
    const updates = { ...d.data, shape: [...outer, ...shape.slice(depth)] };
    return of(d, 'scatter_nd', {}, [places, updates, ints(shape)]);
  },
  (d) => {
    const shape = [1 + d.pick(9), ...d.data.shape];
    const places = indices(d, [d.pick(6)], () => d.pick(shape[0]), 'int32');
    return of(d, 'embedding_lookup', {}, [places, { ...d.data, shape }]);
  },
  (d) => {
    const shape = [1 + d.pick(9), ...d.data.shape];
    const places = indices(d, [d.pick(6)], () => d.pick(shape[0]), 'int32');
    const scales = Array.from({ length: d.pick(2) === 0 ? 1 : shape[0] }, () => Math.fround(0.01 + d.pick(99) / 300));
    const quantization = { scales, zeroPoints: scales.map(() => 0), axis: 0 };
    const dtype = (['int8', 'uint8', 'int4'] as const)[d.pick(3)];
    const table = tensor(
      dtype,
      shape,
      quantization,
      randomData(dtype, elements(shape), () => d.pick(1e6) / 1e6),
    );
    return of(d, 'embedding_lookup', {}, [places, table], { dtype: 'float32', quantization: null });
  },
  (d) => {
    const { shape } = d.data;
    const depth = d.pick(shape.length + 1);
    const wanted = [...Array.from({ length: d.pick(3) }, () => 1 + d.pick(4)), depth];
    return of(d, 'gather_nd', {}, [d.data, indices(d, wanted, (i) => d.pick(shape[i % depth]))]);
  },
  (d) => {
    const depth = d.pick(6);
    const places = tensor('int32', d.data.shape, null);
    const constant = indices(d, d.data.shape, () => d.pick(8) - 1);
    const operands = [d.pick(2) === 0 ? places : constant, scalar(depth), single(d), single(d)];
    return of(d, 'one_hot', { axis: d.pick(d.data.shape.length + 2) - 1 }, operands);
  },
  (d) => {
    const { shape } = d.data;
    const count = d.pick(6);
    const places = indices(d, [count, shape.length], (i) => d.pick(shape[i % shape.length]));
    const values = { ...d.data, shape: d.pick(3) === 0 ? [] : [count] };
    const size = indices(d, [shape.length], (i) => shape[i]);
    return of(d, 'sparse_to_dense', { validateIndices: false }, [places, size, values, single(d)]);
  },
  (d) => {
    const shape = [1 + d.pick(3), ...d.data.shape];
    const [seqAxis, batchAxis] = shape.map((_, i) => i).sort(() => d.pick(3) - 1);
    const lengths = indices(d, [shape[batchAxis]], () => d.pick(shape[seqAxis] + 1));
    return of(d, 'reverse_sequence', { seqAxis, batchAxis }, [{ ...d.data, shape }, lengths]);
  },
  (d) => {
    const shape = [d.data.shape, [], d.data.shape.slice(0, 1)][d.pick(3)];
    return of(d, 'select', {}, [tensor('bool', shape, null), d.data, d.data]);
  },
  (d) => of(d, 'full', {}, [indices(d, [d.data.shape.length], (i) => d.data.shape[i]), single(d)]),
  (d) =>
    of(d, 'topk', {}, [d.data, scalar(d.pick(d.data.shape.at(-1)! + 1))], {
      more: [['int32', 'int16'][d.pick(2)] as DType],
    }),
  (d) => {
    const dtype = INT_TYPES[d.pick(2)];
    const kind = (['argmax', 'argmin'] as const)[d.pick(2)];
    return of(d, kind, { dtype }, [d.data, scalar(axisOf(d))], { dtype, quantization: null });
  },
  (d) => of(d, 'cumsum', { exclusive: d.pick(2) === 0, reverse: d.pick(2) === 0 }, [d.data, scalar(axisOf(d))]),
];

const FOLDS = ['sum', 'prod', 'max', 'min', 'any', 'all'] as const;
const folds: fc.Arbitrary<Case> = fc
  .record({ kind: fc.constantFrom(...FOLDS), dtype: anyType, shape: shapes, keepDims: fc.boolean(), seed: fc.nat() })
  .chain(({ kind, dtype, shape, keepDims, seed }) =>
    fc.tuple(quantization(dtype), quantization(dtype)).map(([own, other]): Case => {
      const random = randomOf(seed);
      const axes = shape.flatMap((_, d) => (random() < 0.5 ? [random() < 0.5 ? d : d - shape.length] : []));
      const rescaled = kind === 'sum' || kind === 'prod';
      const q: Quantization | null = kind === 'prod' && own ? perTensor(own.scales[0] * 40, own.zeroPoints[0]) : other;
      const operands = [tensor(dtype, shape, own), ints(axes)];
      return { kind, attrs: { keepDims }, operands, dtype, quantization: rescaled ? q : own };
    }),
  );

const choices: fc.Arbitrary<Case> = fc
  .record({ dtype: anyType, shape: shapes, turn: fc.nat(2) })
  .chain(({ dtype, shape, turn }) =>
    fc.tuple(quantization(dtype), loose(dtype), shrunk(shape), shrunk(shape)).map(([q, own, small, smaller]): Case => {
      const list: readonly Shape[] = [small, smaller, shape];
      const [c, x, y] = [0, 1, 2].map((i) => list[(i + turn) % 3]);
      const operands = [tensor('bool', c, null), tensor(dtype, x, q), tensor(dtype, y, own)];
      return { kind: 'where', attrs: {}, operands, dtype, quantization: q };
    }),
  );

const CAST: readonly DType[] = [
  'bool',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'float16',
  'float32',
  'float64',
];
const casts: fc.Arbitrary<Case> = fc
  .record({ from: fc.constantFrom(...CAST), dtype: fc.constantFrom(...CAST), shape: shapes })
  .map(({ from, dtype, shape }) => ({
    kind: 'cast',
    attrs: {},
    operands: [tensor(from, shape, null)],
    dtype,
    quantization: null,
  }));

const fakes: fc.Arbitrary<Case> = fc
  .record({
    low: fc.double({ min: 0, max: 4, noNaN: true }),
    high: fc.double({ min: 0.1, max: 4, noNaN: true }),
    bits: fc.integer({ min: 2, max: 16 }),
    shape: shapes,
  })
  .map(({ low, high, bits, shape }) => ({
    kind: 'fake_quant',
    attrs: { min: Math.fround(-low), max: Math.fround(high), bits, narrowRange: false },
    operands: [tensor('float32', shape, null)],
    dtype: 'float32',
    quantization: null,
  }));

const drawn = (makers: readonly Make[]): fc.Arbitrary<Case> =>
  fc
    .record({ make: fc.constantFrom(...makers), dtype: anyType, shape: shapes, seed: fc.nat() })
    .chain(({ make, dtype, shape, seed }) =>
      quantization(dtype)
        .chain((q) => fc.tuple(fc.constant(q), copied(dtype, q)))
        .map(([q, result]) => {
          const random = randomOf(seed);
          return make({ data: tensor(dtype, shape, q), result, pick: (below) => Math.floor(random() * below) });
        }),
    );

/** Operators of the families movement, indexing, select, creation, ordering, reduce and cast. */
export const moving: fc.Arbitrary<Case> = fc.oneof(
  { arbitrary: drawn(MOVES), weight: 9 },
  { arbitrary: drawn(PICKS), weight: 8 },
  { arbitrary: folds, weight: 4 },
  { arbitrary: choices, weight: 1 },
  { arbitrary: casts, weight: 3 },
  { arbitrary: fakes, weight: 1 },
);
