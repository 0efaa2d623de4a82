/** Random operators on bits, classes, segments and spectra, and StableHLO's. */
import fc from 'fast-check';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { itemSize } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { type Case, dim, ints, shapes, shrunk, tensor } from './draws.ts';

const plain = (c: Omit<Case, 'quantization'>): Case => ({ ...c, quantization: null });

const WIDTHS: readonly DType[] = ['int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32', 'int64', 'float32'];
const casts: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom(...WIDTHS), fc.constantFrom(...WIDTHS), shapes)
  .map(([from, to, shape]) => {
    const parts = itemSize(to) / itemSize(from);
    const operands = [tensor(from, parts > 1 ? [...shape, parts] : shape, null)];
    return plain({ kind: 'reinterpret', attrs: {}, operands, dtype: to });
  });

const pairs: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom('bitwise_xor' as const, 'right_shift' as const),
    fc.constantFrom<DType>('int8', 'uint8', 'int16', 'uint16', 'int32', 'uint32'),
    shapes,
    fc.nat(),
  )
  .chain(([kind, dtype, shape, seed]) =>
    fc.tuple(shrunk(shape), shrunk(shape), fc.boolean()).map(([x, y, fixed]) => {
      // Amounts within the width and around its ends.
      const random = randomOf(seed);
      const amounts = randomData(dtype, elements(y), random) as Int8Array;
      for (let i = 0; i < amounts.length; i++) amounts[i] = Math.floor(random() * 40) - 3;
      const operands = [tensor(dtype, x, null), tensor(dtype, y, null, fixed ? amounts : null)];
      return plain({ kind, attrs: {}, operands, dtype });
    }),
  );

const buckets: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom<DType>('float32', 'float64', 'int32', 'int64'),
    shapes,
    fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { maxLength: 20 }),
  )
  .map(([dtype, shape, list]) => {
    const boundaries = list.map((b, i) => Math.fround(i % 2 === 0 ? Math.round(b) : b)).sort((a, b) => a - b);
    return plain({ kind: 'bucketize', attrs: { boundaries }, operands: [tensor(dtype, shape, null)], dtype: 'int32' });
  });

const uniques: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32'),
    index: fc.constantFrom<DType>('int32', 'int64'),
    n: fc.nat(80),
    fixed: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ dtype, index, n, fixed, seed }) => {
    const random = randomOf(seed);
    const few = randomData(dtype, 1 + Math.floor(random() * n), random);
    const data = randomData(dtype, n, random).map(() => few[Math.floor(random() * few.length)] as never);
    const operands = [tensor(dtype, [n], null, fixed ? data : null)];
    return plain({ kind: 'unique', attrs: { dtype: index }, operands, dtype, more: [index] });
  });

const UNSORTED = ['sum', 'prod', 'max', 'min'] as const;
const segments: fc.Arbitrary<Case> = fc
  .record({
    fold: fc.constantFrom(...UNSORTED),
    dtype: fc.constantFrom<DType>('int32', 'float32'),
    shape: shapes,
    rank: fc.nat(),
    count: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat(),
  })
  .map(({ fold, dtype, shape, rank, count, seed }) => {
    const random = randomOf(seed);
    const of = shape.slice(0, 1 + (rank % shape.length));
    const ids = Array.from({ length: elements(of) }, () => Math.floor(random() * (count + 2)) - 2);
    const operands = [tensor(dtype, shape, null), { ...ints(ids), shape: of }, { ...ints([count]), shape: [] }];
    return plain({ kind: `unsorted_segment_${fold}`, attrs: {}, operands, dtype });
  });
const sorted: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<DType>('int32', 'float32'), shapes, fc.nat())
  .map(([dtype, shape, seed]) => {
    const random = randomOf(seed);
    let last = 0;
    const ids = Array.from({ length: shape[0] }, (_, i) => (i > 0 && random() < 0.5 ? ++last : last));
    return plain({ kind: 'segment_sum', attrs: {}, operands: [tensor(dtype, shape, null), ints(ids)], dtype });
  });

const spectra: fc.Arbitrary<Case> = fc
  .tuple(fc.array(dim, { maxLength: 2 }), dim, dim, fc.nat(5), fc.nat(5))
  .map(([outer, h, w, a, b]) => {
    const operands = [tensor('float32', [...outer, h, w], null), ints([2 ** a, 2 ** b])];
    return plain({ kind: 'signal.rfft2d', attrs: {}, operands, dtype: 'complex64' });
  });
const parts: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom('real' as const, 'imag' as const, 'complex_abs' as const), shapes)
  .map(([kind, shape]) => plain({ kind, attrs: {}, operands: [tensor('complex64', shape, null)], dtype: 'float32' }));

const HLO: readonly DType[] = ['int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'float64'];
const alike: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom('hlo.add' as const, 'hlo.multiply' as const, 'hlo.maximum' as const, 'hlo.minimum' as const),
    fc.constantFrom<DType>(...HLO, 'uint16', 'uint32', 'uint64', 'bool'),
    shapes,
  )
  .map(([kind, dtype, shape]) => {
    const operands = [tensor(dtype, shape, null), tensor(dtype, shape, null)];
    return plain({ kind, attrs: {}, operands, dtype });
  });
const dilations: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<DType>(...HLO, 'bool', 'complex64'), shapes, fc.nat())
  .map(([dtype, shape, seed]) => {
    const random = randomOf(seed);
    const by = shape.map(() => 1 + Math.floor(random() * 3));
    const operands = [tensor(dtype, shape, null), ints(by), tensor(dtype, [], null)];
    return plain({ kind: 'hlo.dilate', attrs: {}, operands, dtype });
  });
const longs = (values: readonly number[]) => tensor('int64', [values.length], null, BigInt64Array.from(values, BigInt));
const windows: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>(...HLO, 'bool'),
    fold: fc.constantFrom('ADD', 'MUL', 'MINIMUM', 'MAXIMUM', 'ALL', 'ANY'),
    shape: shapes,
    seed: fc.nat(),
  })
  .map(({ dtype, fold, shape, seed }) => {
    const random = randomOf(seed);
    const draw = (most: number) => shape.map(() => 1 + Math.floor(random() * most));
    const operands = [
      tensor(dtype, shape, null),
      tensor(dtype, [], null),
      longs(draw(3)),
      longs(draw(3)),
      longs(draw(2)),
    ];
    return plain({ kind: 'hlo.reduce_window', attrs: { fold }, operands, dtype });
  });

/** Of the families bits, buckets, segments, spectrum and hlo. */
export const special: fc.Arbitrary<Case> = fc.oneof(
  casts,
  pairs,
  pairs,
  buckets,
  uniques,
  segments,
  segments,
  sorted,
  spectra,
  parts,
  alike,
  dilations,
  windows,
);
