/** Operators with kernels written for vectors, at lengths and forms that reach each branch, against the interpreter. */
import { expect, test } from 'vitest';
import { interpret } from '../../src/model/interpreter/index.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import { type DType, fromBytes, itemSize, type TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import { elements, type Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { type Case, ints, tensor } from '../compiler/draws.ts';
import { graphOf } from '../compiler/operators.ts';
import { modelOf, runBuilds } from '../compiler/run.ts';
import { randomData, randomOf } from '../model/graphs.ts';

const BYTES = ['int8', 'uint8'] as const;
const NUMBERS = [...BYTES, 'float32'] as const;

const quantized = (dtype: DType, scale: number, zero: number): Quantization | null =>
  dtype === 'float32' ? null : perTensor(Math.fround(scale), dtype === 'uint8' ? zero + 128 : zero);

function unary(kind: OpKind, dtype: DType, shape: Shape, attrs: object, ...more: readonly (readonly number[])[]): Case {
  const q = quantized(dtype, 0.05, 7);
  return { kind, attrs, operands: [tensor(dtype, shape, q), ...more.map(ints)], dtype, quantization: q };
}

/** Doubling (fractions of a power of two), other sizes (of 1024 or float), and shrinking; few and many channels. */
const resizes = NUMBERS.flatMap((dtype) =>
  [1, 5, 8, 21, 40].flatMap((channels) =>
    [
      { size: [10, 14], halfPixelCenters: true, alignCorners: false },
      { size: [20, 7], halfPixelCenters: false, alignCorners: false },
      { size: [9, 25], halfPixelCenters: false, alignCorners: true },
      { size: [11, 23], halfPixelCenters: true, alignCorners: false },
      { size: [3, 3], halfPixelCenters: false, alignCorners: false },
    ].map(({ size, ...attrs }) => unary('image.resize_bilinear', dtype, [2, 5, 7, channels], attrs, size)),
  ),
);

const extremes = BYTES.flatMap((operand) =>
  (['argmax', 'argmin'] as const).flatMap((kind) =>
    [
      [9, 15],
      [9, 16],
      [40, 21],
      [5, 255],
      [3, 300],
      [2, 32, 3],
    ].map((shape, i): Case => {
      const dtype = i % 2 === 0 ? 'int32' : 'int64';
      const axis = [shape.length === 3 ? 1 : -1];
      return { ...unary(kind, operand, shape, { dtype }, axis), dtype, quantization: null };
    }),
  ),
);

/** Windows of one element, of four, with borders, of up to 256 elements and of more. */
const pools = NUMBERS.flatMap((dtype) =>
  (['nn.avg_pool2d', 'nn.max_pool2d'] as const).flatMap((kind) =>
    [3, 37].flatMap((channels) =>
      [
        { pool: [1, 1], strides: [2, 1], padding: 'VALID', activation: 'NONE' },
        { pool: [2, 2], strides: [2, 2], padding: 'VALID', activation: 'RELU' },
        { pool: [3, 3], strides: [1, 2], padding: 'SAME', activation: 'NONE' },
        { pool: [16, 16], strides: [1, 1], padding: 'VALID', activation: 'NONE' },
        { pool: [17, 16], strides: [1, 1], padding: 'SAME', activation: 'RELU6' },
      ].map((attrs) => unary(kind, dtype, [2, 17, 18, channels], attrs)),
    ),
  ),
);

const SCALES = [
  1 / 128,
  0.1,
  0.00784313771873713,
  0.0123,
  1 / 3,
  2.7e-5,
  3.3e4,
  1e-28,
  0.9999999403953552,
  1.0000001192,
];
const quantizations = BYTES.flatMap((dtype) =>
  SCALES.map(
    (scale, i): Case => ({
      ...{ kind: 'qnn.quantize', attrs: {}, operands: [tensor('float32', [256 * 5 + 22 + 3], null)] },
      ...{ dtype, quantization: quantized(dtype, scale, [-128, -1, 0, 127][i % 4]) },
    }),
  ),
);

/** Each value that lies halfway between two codes, its neighbours in float32, and those that leave int32. */
function halves(scale: number): Float32Array {
  const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 1e-40, -1e-40];
  const around = Float32Array.from([-128, 127.5].flatMap((n) => [n * scale, 2 ** 31 * scale * Math.sign(n)]));
  const near = Float32Array.from({ length: 256 }, (_, i) => (i - 127.5) * scale);
  const bits = new Int32Array([...near, ...around].length * 5);
  const starts = new Int32Array(Float32Array.from([...near, ...around]).buffer);
  bits.forEach((_, i) => {
    bits[i] = starts[Math.floor(i / 5)] + (i % 5) - 2;
  });
  return Float32Array.from([...new Float32Array(bits.buffer), ...special]).slice(0, 256 * 5 + 22 + 3);
}

/** Rows against rows, against one row, one element, and one a row; longer than a step and shorter. */
const broadcasts = NUMBERS.flatMap((dtype) =>
  (['add', 'subtract', 'multiply'] as const).flatMap((kind) =>
    [[3, 5, 35], [35], [1], [3, 1, 1], [3, 5, 1]].flatMap((shape, i) =>
      [0, 1].map((side): Case => {
        const tensors = [
          tensor(dtype, [3, 5, 35], quantized(dtype, 0.05, 7)),
          tensor(dtype, shape, quantized(dtype, 0.021, -3)),
        ];
        return {
          ...{ kind, attrs: { activation: i % 2 === 0 ? 'NONE' : 'RELU6' } },
          operands: side === 0 ? tensors : tensors.reverse(),
          ...{ dtype, quantization: quantized(dtype, 0.06, -20) },
        };
      }),
    ),
  ),
);

/** The same for PRELU, whose slopes are never larger than the data; one factor is above 1. */
const slopes = BYTES.flatMap((dtype) =>
  [[3, 5, 35], [35], [1], [3, 1, 1], [3, 5, 1]].flatMap((shape) =>
    [0.5, 0.04, 1e-4].map(
      (scale): Case => ({
        ...{ kind: 'nn.prelu', attrs: {} },
        operands: [
          tensor(dtype, [3, 5, 35], quantized(dtype, 0.05, 7)),
          tensor(dtype, shape, quantized(dtype, 0.021, -3)),
        ],
        ...{ dtype, quantization: quantized(dtype, scale, -20) },
      }),
    ),
  ),
);

/** Rows from one element to sums that overflow; scales from no differences at all to nothing but the largest. */
const softmaxes = [...BYTES.map((dtype) => [dtype, dtype] as const), ['int8', 'int16'] as const].flatMap(
  ([from, dtype]) =>
    [1, 31, 32, 33, 100, 257, 500, 700].flatMap((depth) =>
      [1e-6, 1e-3, 0.02, 0.1, 1, 9].map(
        (scale): Case => ({
          ...{ kind: 'nn.softmax', attrs: { beta: 1 } },
          operands: [tensor(from, [2, depth], quantized(from, scale, 0))],
          ...{ dtype, quantization: perTensor(dtype === 'int16' ? 1 / 32768 : 1 / 256, dtype === 'int8' ? -128 : 0) },
        }),
      ),
    ),
);

const CASES = [...resizes, ...extremes, ...pools, ...quantizations, ...broadcasts, ...slopes, ...softmaxes];

/** Bytes of every value; among indices' operands ties are frequent. */
function drawn({ kind, quantization }: Case, { dtype, shape }: Tensor, seed: number): TensorData {
  const random = randomOf(seed);
  const n = elements(shape);
  if (kind === 'qnn.quantize') return halves(quantization!.scales[0]);
  if (dtype === 'float32') return randomData(dtype, n, random);
  const step = kind.startsWith('arg') ? 16 : 1;
  return fromBytes(
    dtype,
    Uint8Array.from({ length: n * itemSize(dtype) }, () => Math.floor((random() * 256) / step) * step),
  );
}

test.each(['host', 'aarch64', 'aarch64+dotprod+i8mm'])('vector kernels on %s: as interpreted', async (target) => {
  const model = modelOf(graphOf(CASES));
  const inputs = CASES.flatMap((c, i) =>
    c.operands.flatMap((operand, k) => (operand?.data === null ? [drawn(c, operand, 7 * i + k)] : [])),
  );
  const [actual] = await runBuilds([{ model, inputs }], target);
  const expected = interpret(model, inputs);
  CASES.forEach(({ kind, attrs, operands }, i) => {
    const of = operands.map((operand) => operand && [operand.dtype, operand.shape]);
    expect(actual[i], JSON.stringify({ kind, of, attrs })).toEqual(expected[i]);
  });
});
