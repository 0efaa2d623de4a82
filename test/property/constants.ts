/**
 * Random operators of sizes that follow from values, here from constants, which builds fold; and slices written where the
 * values say.
 */
import fc from 'fast-check';
import { allocate, type DType, type TensorData } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { type Case, ints, quantization, shapes, shrunk, tensor } from '../compiler/draws.ts';
import { randomData, randomOf } from '../model/graphs.ts';

const anyType = fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool');

const dense: fc.Arbitrary<Case> = fc.tuple(anyType, shapes).chain(([dtype, shape]) =>
  quantization(dtype).map((q) => ({
    ...{ kind: 'densify' as const, attrs: {}, operands: [tensor(dtype, shape, q)], dtype, quantization: q },
  })),
);

const places: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<DType>('bool', 'float32', 'int32', 'int8', 'uint8', 'int64'), shapes, fc.nat())
  .map(([dtype, shape, seed]) => {
    const random = randomOf(seed);
    const data = randomData(dtype, elements(shape), random);
    const zero = allocate(dtype, 1)[0];
    for (let i = 0; i < data.length; i++) if (random() < 0.5) data[i] = zero;
    const operands = [tensor(dtype, shape, null, data)];
    return { kind: 'argwhere', attrs: {}, operands, dtype: 'int64', quantization: null };
  });

const ranges: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<DType>('int32', 'int64', 'float32'), fc.integer({ min: -9, max: 9 }), fc.nat(30), fc.nat(8))
  .map(([dtype, start, span, step]) => {
    const [sign, delta] = [step % 2 === 0 ? 1 : -1, (step + 1) / (dtype === 'float32' ? 2 : 1)];
    const operands = [start, start + sign * span, sign * delta].map((v) => tensor(dtype, [], null, scalarOf(dtype, v)));
    return { kind: 'arange', attrs: {}, operands, dtype, quantization: null };
  });

const scalarOf = (dtype: DType, v: number): TensorData =>
  dtype === 'int64' ? BigInt64Array.of(BigInt(v)) : dtype === 'int32' ? Int32Array.of(v) : Float32Array.of(v);

const broadcasts: fc.Arbitrary<Case> = shapes.chain((shape) =>
  fc.tuple(shrunk(shape), shrunk(shape)).map(([a, b]) => ({
    ...{ kind: 'broadcast_args' as const, attrs: {}, operands: [ints(a), ints(b)], dtype: 'int32' as const },
    quantization: null,
  })),
);

export const more: fc.Arbitrary<Case> = fc.oneof(dense, places, ranges, broadcasts);

export const updates: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'int32', 'int64', 'float32', 'bool'),
    shape: shapes,
  })
  .chain(({ dtype, shape }) =>
    fc
      .tuple(quantization(dtype), fc.tuple(...shape.map((n) => fc.integer({ min: 1, max: n }))), fc.boolean())
      .map(([q, size, long]): Case => {
        const start = long ? BigInt64Array.from(shape, (_, i) => BigInt(i)) : null;
        const operands = [
          tensor(dtype, shape, q),
          tensor(dtype, size, q),
          tensor(long ? 'int64' : 'int32', [shape.length], null, start),
        ];
        return { kind: 'dynamic_update_slice', attrs: {}, operands, dtype, quantization: q };
      }),
  );
