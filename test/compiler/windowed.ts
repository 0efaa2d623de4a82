/** Random resizes, matrix products, transposed and 3-D convolutions, and pools by root mean square. */
import fc from 'fast-check';
import type { DType } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { randomData, randomOf } from '../model/graphs.ts';
import { activation, type Case, dim, ints, loose, nhwc, quantization, shrunk, tensor } from './draws.ts';

const padding = fc.constantFrom('SAME' as const, 'VALID' as const);
const stride = fc.integer({ min: 1, max: 3 });

const constant = (dtype: DType, shape: Shape, q: Quantization | null, seed: number): Tensor =>
  tensor(dtype, shape, q, randomData(dtype, elements(shape), randomOf(seed)));

const resizes: fc.Arbitrary<Case> = fc
  .record({
    kind: fc.constantFrom('image.resize_bilinear' as const, 'image.resize_nearest' as const),
    dtype: fc.constantFrom<DType>('int8', 'uint8', 'int16', 'float32'),
    shape: nhwc,
    size: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
    grid: fc.constantFrom<[boolean, boolean]>([false, false], [true, false], [false, true], [true, true]),
  })
  .chain(({ kind, dtype, shape, size, grid: [alignCorners, halfPixelCenters] }) =>
    fc.tuple(quantization(dtype), loose(dtype)).map(([own, q]) => ({
      kind,
      attrs: { alignCorners, halfPixelCenters },
      operands: [tensor(dtype, shape, own), ints(size)],
      dtype,
      quantization: q,
    })),
  );

const pools: fc.Arbitrary<Case> = fc
  .record({ shape: nhwc, pool: fc.tuple(dim, dim), strides: fc.tuple(stride, stride), padding, activation })
  .filter((c) => c.padding === 'SAME' || (c.pool[0] <= c.shape[1] && c.pool[1] <= c.shape[2]))
  .map(({ shape, ...attrs }) => ({
    kind: 'nn.l2_pool2d',
    attrs,
    operands: [tensor('float32', shape, null)],
    dtype: 'float32',
    quantization: null,
  }));

const products: fc.Arbitrary<Case> = fc
  .record({
    types: fc.constantFrom<[DType, DType, DType]>(
      ['float32', 'float32', 'float32'],
      ['float32', 'int8', 'float32'],
      ['int8', 'int8', 'int8'],
      ['int8', 'int8', 'int32'],
      ['int16', 'int16', 'int16'],
      ['int16', 'int8', 'int16'],
    ),
    batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    size: fc.tuple(dim, fc.integer({ min: 1, max: 24 }), fc.integer({ min: 1, max: 24 })),
    flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    seed: fc.nat(),
  })
  .chain(({ types: [x, y, to], batch, size: [m, k, n], flags: [adjX, adjY, asymmetricQuantizeInputs], seed }) =>
    fc
      .tuple(shrunk(batch), shrunk(batch), quantization(x), quantization(y), quantization(to), fc.boolean())
      .map(([left, right, qx, qy, q, fixed]): Case => {
        const symmetric = x === 'float32' || x === 'int16' ? qy && perTensor(qy.scales[0], 0) : qy;
        const shape = [...right, ...(adjY ? [n, k] : [k, n])];
        const rhs = fixed ? constant(y, shape, symmetric, seed) : tensor(y, shape, symmetric);
        return {
          kind: 'nn.batch_matmul',
          attrs: { adjX, adjY, asymmetricQuantizeInputs },
          operands: [tensor(x, [...left, ...(adjX ? [k, m] : [m, k])], qx), rhs],
          dtype: to,
          quantization: q,
        };
      }),
  );

/** Scales of results that neither saturate nor vanish. */
const roomy = (dtype: DType): fc.Arbitrary<Quantization | null> =>
  quantization(dtype).map((q) => q && perTensor(q.scales[0] * (dtype === 'int16' ? 4 : 100), q.zeroPoints[0]));

const transposed: fc.Arbitrary<Case> = fc
  .record({
    types: fc.constantFrom<[DType, DType, DType]>(
      ['float32', 'float32', 'float32'],
      ['float32', 'int8', 'float32'],
      ['int8', 'int8', 'int32'],
      ['uint8', 'uint8', 'int32'],
      ['int16', 'int8', 'int32'],
      ['int16', 'int8', 'int64'],
    ),
    shape: fc.tuple(fc.integer({ min: 1, max: 2 }), dim, dim, dim),
    outs: fc.integer({ min: 1, max: 20 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    strides: fc.tuple(stride, stride),
    more: fc.tuple(fc.nat(2), fc.nat(2)),
    flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    attrs: fc.record({ padding, activation }),
    seed: fc.nat(),
  })
  .chain(({ types: [x, w, b], shape, outs, kernel, strides, more, flags: [biased, fixed, perChannel], attrs, seed }) =>
    fc.tuple(quantization(x), quantization(w), roomy(x)).map(([qx, qw, q]): Case => {
      const random = randomOf(seed);
      const many = { scales: Array.from({ length: outs }, () => Math.fround(0.001 + random() / 3)), axis: 0 };
      const own = perChannel && outs > 1 && w === 'int8' ? { ...many, zeroPoints: many.scales.map(() => 0) } : null;
      const qWeights = w === 'int8' && qw ? (own ?? perTensor(qw.scales[0], 0)) : qw;
      const whole = [outs, ...kernel, shape[3]];
      const extent = (i: 0 | 1): number =>
        attrs.padding === 'SAME'
          ? (shape[i + 1] - 1) * strides[i] + 1 + Math.min(more[i], strides[i] - 1)
          : (shape[i + 1] - 1) * strides[i] + kernel[i] + more[i];
      return {
        kind: 'nn.conv2d_transpose',
        attrs: { ...attrs, strides, ...(x === 'int16' && { biasType: b }) },
        operands: [
          ints([shape[0], extent(0), extent(1), outs]),
          fixed ? constant(w, whole, qWeights, seed) : tensor(w, whole, qWeights),
          tensor(x, shape, qx),
          ...(biased ? [constant(b, [outs], null, seed + 1)] : []),
        ],
        dtype: x,
        quantization: q,
      };
    }),
  );

const threeD: fc.Arbitrary<Case> = fc
  .record({
    shape: fc.tuple(fc.constantFrom(1, 2), dim, dim, dim, fc.integer({ min: 1, max: 5 })),
    outs: fc.integer({ min: 1, max: 20 }),
    kernel: fc.tuple(stride, stride, stride),
    attrs: fc.record({
      ...{ strides: fc.tuple(stride, stride, stride), dilation: fc.tuple(stride, stride, stride) },
      ...{ padding, activation },
    }),
    biased: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ shape, outs, kernel, attrs, biased, seed }) => ({
    kind: 'nn.conv3d',
    attrs,
    operands: [
      tensor('float32', shape, null),
      constant('float32', [...kernel, shape[4], outs], null, seed),
      ...(biased ? [constant('float32', [outs], null, seed + 1)] : []),
    ],
    dtype: 'float32',
    quantization: null,
  }));

/** The output of a transposed convolution: one that leads back to the shape of its data. */
const threeDTransposed: fc.Arbitrary<Case> = fc.tuple(threeD, fc.boolean(), fc.nat()).map(([c, fixed, seed]): Case => {
  const { strides, dilation, padding } = c.attrs as Record<string, readonly number[]>;
  const [data, kernel, ...bias] = c.operands.map((t) => t!);
  const extents = [0, 1, 2].map((i) =>
    String(padding) === 'SAME'
      ? data.shape[i + 1] * strides[i] - (seed % strides[i])
      : (data.shape[i + 1] - 1) * strides[i] + (kernel.shape[i] - 1) * dilation[i] + 1 + (seed % strides[i]),
  );
  const outs = kernel.shape[4];
  const weights = [...kernel.shape.slice(0, 3), outs, data.shape[4]];
  return {
    ...c,
    kind: 'nn.conv3d_transpose',
    operands: [
      ints([data.shape[0], ...extents, outs]),
      fixed ? constant('float32', weights, null, seed) : tensor('float32', weights, null),
      data,
      ...bias,
    ],
  };
});

export const windowed: fc.Arbitrary<Case> = fc.oneof(
  resizes,
  resizes,
  pools,
  products,
  products,
  transposed,
  transposed,
  threeD,
  threeDTransposed,
);
