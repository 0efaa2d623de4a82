/** Random operators that work element by element or along rows: sums, unary, binary, comparisons, normalizations. */
import fc from 'fast-check';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { binaryOps } from '../../src/model/ops/binary.ts';
import { compareOps } from '../../src/model/ops/compare.ts';
import { unaryOps } from '../../src/model/ops/unary.ts';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import type { Shape } from '../../src/model/tensor/shape.ts';
import {
  activation,
  type Case,
  dim,
  loose,
  quantization,
  scale,
  shapes,
  shrunk,
  tensor,
  wide,
  zeroPoint,
} from './draws.ts';

/** Two shapes that broadcast to `shape`: both are it, or one is smaller. */
const pair = (shape: Shape): fc.Arbitrary<readonly [Shape, Shape]> =>
  fc
    .constantFrom(0, 1, 2)
    .chain((side) =>
      fc.tuple(side === 1 ? shrunk(shape) : fc.constant(shape), side === 2 ? shrunk(shape) : fc.constant(shape)),
    );
const parametersOf = (...dtypes: readonly DType[]): fc.Arbitrary<(Quantization | null)[]> =>
  fc.tuple(...dtypes.map(quantization));

/** A power of two, `below` bits under the scale of the result. */
const power = (below: number): Quantization => perTensor(2 ** (-10 - below), 0);

const sums: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom<OpKind>('add', 'subtract', 'multiply'),
    dtype: fc.constantFrom<DType>('int8', 'int8', 'uint8', 'int16', 'float32', 'int32', 'int64'),
    shape: shapes,
    activation,
    pot: fc.boolean(),
  })
  .chain(({ kind, dtype, shape, activation: a, pot: asked }) => {
    const pot = asked && dtype === 'int16' && kind !== 'multiply';
    return fc.tuple(pair(shape), parametersOf(dtype, dtype, dtype)).map(([[x, y], [qx, qy, q]]) => ({
      kind,
      attrs: { activation: a, ...(pot && { potScaleInt16: true }) },
      operands: [tensor(dtype, x, pot ? power(0) : qx), tensor(dtype, y, pot ? power(3) : qy)],
      dtype,
      quantization: pot ? power(0) : q,
    }));
  });

const anyType = fc.constantFrom<DType>('int8', 'uint8', 'int16', 'float32', 'int32', 'int64', 'bool', 'float16');
const namesOf = <T extends object>(table: T): fc.Arbitrary<OpKind> =>
  fc.constantFrom(...(Object.keys(table) as OpKind[]));

/** Some functions fix the scale of their results. */
const resultOf = (kind: OpKind, dtype: DType): fc.Arbitrary<Quantization | null> => {
  if (dtype === 'int16' && (kind === 'sigmoid' || kind === 'tanh')) return fc.constant(perTensor(1 / 32768, 0));
  if (/relu/.test(kind)) return loose(dtype);
  if (dtype === 'float32' || kind !== 'sigmoid') return quantization(dtype);
  return zeroPoint(dtype).map((z) => perTensor(1 / 256, z));
};

const unaries: fc.Arbitrary<Case> = fc
  .record({
    kind: namesOf(unaryOps),
    dtype: anyType,
    shape: shapes,
    alpha: fc.double({ min: -2, max: 2, noNaN: true }).map(Math.fround),
    approximate: fc.boolean(),
  })
  .chain(({ kind, dtype, shape, alpha, approximate }) =>
    fc.tuple(loose(dtype), resultOf(kind, dtype)).map(([from, q]) => ({
      kind,
      attrs: kind === 'nn.leaky_relu' ? { alpha } : kind === 'nn.gelu' ? { approximate } : {},
      operands: [tensor(dtype, shape, from)],
      dtype,
      quantization: q,
    })),
  );

const binaries: fc.Arbitrary<Case> = fc
  .record({ kind: namesOf(binaryOps), dtype: anyType, shape: shapes, activation })
  .chain(({ kind, dtype, shape, activation: a }) =>
    fc.tuple(pair(shape), parametersOf(dtype, dtype, dtype)).map(([[x, y], [qx, qy, q]]) => ({
      kind,
      attrs: kind === 'divide' ? { activation: a } : {},
      operands:
        kind === 'add_n'
          ? [tensor(dtype, shape, qx), tensor(dtype, shape, qx), tensor(dtype, shape, qx)]
          : [tensor(dtype, x, qx), tensor(dtype, y, qy)],
      dtype,
      quantization: q,
    })),
  );

/** Now and then with parameters in common, so that some are equal. */
const comparisons: fc.Arbitrary<Case> = fc
  .record({ kind: namesOf(compareOps), dtype: anyType, shape: shapes, same: fc.boolean() })
  .chain(({ kind, dtype, shape, same }) =>
    fc.tuple(pair(shape), parametersOf(dtype, dtype)).map(([[x, y], [qx, qy]]) => ({
      kind,
      attrs: {},
      operands: [tensor(dtype, x, qx), tensor(dtype, y, same ? qx : qy)],
      dtype: 'bool' as const,
      quantization: null,
    })),
  );

const RANGES: Readonly<Record<string, readonly [scale: number, int8: number, uint8: number]>> = {
  'nn.log_softmax': [1 / 16, 127, 255],
  'nn.l2_normalize': [1 / 128, 0, 128],
};
const normalizations: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom<OpKind>('nn.log_softmax', 'nn.l2_normalize'),
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'float32'),
    shape: shapes,
  })
  .chain(({ kind, dtype, shape }) =>
    quantization(dtype).map((from) => {
      const [step, int8, uint8] = RANGES[kind];
      return {
        kind,
        attrs: {},
        operands: [tensor(dtype, shape, from)],
        dtype,
        quantization: dtype === 'float32' ? null : perTensor(step, dtype === 'int8' ? int8 : uint8),
      };
    }),
  );
const localNormalizations: fc.Arbitrary<Case> = fc
  .tuple(fc.tuple(dim, dim, dim, wide), fc.nat(6), fc.tuple(scale, scale, scale))
  .map(([shape, radius, numbers]) => {
    const [bias, alpha, beta] = numbers.map(Math.fround);
    return {
      kind: 'nn.lrn' as const,
      attrs: { radius, bias: bias + 1, alpha, beta },
      operands: [tensor('float32', shape, null)],
      dtype: 'float32' as const,
      quantization: null,
    };
  });

/** Combinations that no operator is defined for are among them. */
export const pointwise: fc.Arbitrary<Case> = fc.oneof(
  { arbitrary: sums, weight: 3 },
  { arbitrary: unaries, weight: 6 },
  { arbitrary: binaries, weight: 4 },
  { arbitrary: comparisons, weight: 2 },
  { arbitrary: normalizations, weight: 2 },
  { arbitrary: localNormalizations, weight: 1 },
);
