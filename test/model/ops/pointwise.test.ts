import { describe, expect, it } from 'vitest';
import { erfc } from '../../../src/model/arithmetic/erfc.ts';
import { inverseSqrt, logOfQ12 } from '../../../src/model/arithmetic/fixedpoint.ts';
import type { OpKind } from '../../../src/model/ops/attrs.ts';
import type { EvalView } from '../../../src/model/ops/definition.ts';
import { rulesOf } from '../../../src/model/ops/index.ts';
import type { DType, TensorData } from '../../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';

const tensor = (dtype: DType, shape: readonly number[], quantization: Quantization | null = null): Tensor => ({
  name: 't',
  dtype,
  shape,
  quantization,
  data: null,
});

type Operand = readonly [Tensor, TensorData];
const view = (kind: OpKind, operands: readonly Operand[], output: Tensor, attrs: object = {}): EvalView<OpKind> =>
  ({
    kind,
    attrs,
    inputs: operands.map(([t]) => t),
    outputs: [output],
    data: operands.map(([, data]) => data),
    profile: 'tflite',
  }) as EvalView<OpKind>;
const check = (op: EvalView<OpKind>): string => rulesOf(op.kind).check(op).join('; ');
const run = (op: EvalView<OpKind>): (number | bigint)[] => {
  expect(check(op)).toBe('');
  return [...rulesOf(op.kind).evaluate(op)[0]];
};

const ints = (...values: number[]): Operand => [tensor('int32', [values.length]), Int32Array.from(values)];
const floats = (...values: number[]): Operand => [tensor('float32', [values.length]), Float32Array.from(values)];
const bytes = (q: Quantization, ...values: number[]): Operand => [
  tensor('int8', [values.length], q),
  Int8Array.from(values),
];

describe('approximations', () => {
  it('erfc has its known values', () => {
    const known = [
      [0, 1],
      [0.5, 0.4795001221869535],
      [1, 0.15729920705028513],
      [2, 0.004677734981047266],
      [3, 2.209049699858544e-5],
      [10, 2.088487583762545e-45],
      [-1, 1.842700792949715],
    ];
    for (const [x, y] of known) expect(Math.abs(erfc(x) / y - 1), `erfc(${x})`).toBeLessThan(1e-11);
    expect(erfc(Number.NaN)).toBeNaN();
    expect([erfc(Number.POSITIVE_INFINITY), erfc(Number.NEGATIVE_INFINITY)]).toEqual([0, 2]);
  });

  it('the integer logarithm and inverse root are close to the real ones', () => {
    for (const x of [1, 1.5, 2, 3.999, 100, 4000]) {
      expect(logOfQ12(Math.round(x * 2 ** 19)) / 2 ** 26).toBeCloseTo(Math.log(x), 3);
      const n = Math.round(x * 1000);
      const { multiplier, shift } = inverseSqrt(n);
      expect(multiplier * 2 ** (shift - 31) * Math.sqrt(n)).toBeCloseTo(1, 4);
    }
    expect(inverseSqrt(0)).toEqual(inverseSqrt(1));
  });
});

describe('the edges of arithmetic', () => {
  it('a division of integers by zero is 0, and one of quantized values saturates', () => {
    const [x, y] = [ints(7, -7, -2147483648), ints(0, 0, -1)];
    expect(run(view('divide', [x, y], x[0], { activation: 'NONE' }))).toEqual([0, 0, -2147483648]);
    expect(run(view('floor_divide', [x, y], x[0]))).toEqual([0, 0, -2147483648]);
    expect(run(view('floor_mod', [x, y], x[0]))).toEqual([0, 0, 0]);
    const q = perTensor(0.1, 3);
    const codes = bytes(q, 10, 3, -10);
    expect(run(view('divide', [codes, bytes(q, 3, 3, 3)], codes[0], { activation: 'NONE' }))).toEqual([127, 127, -128]);
  });

  it('floor division and its remainder go down', () => {
    const [x, y] = [ints(7, -7, 7, -7), ints(2, 2, -2, -2)];
    expect(run(view('floor_divide', [x, y], x[0]))).toEqual([3, -4, -4, 3]);
    expect(run(view('floor_mod', [x, y], x[0]))).toEqual([1, 1, -1, -1]);
  });

  it('a NaN loses in the first place of a maximum and wins in the second', () => {
    const [x, y] = [floats(Number.NaN, 1), floats(1, Number.NaN)];
    for (const kind of ['maximum', 'minimum'] as const) expect(run(view(kind, [x, y], x[0]))).toEqual([1, Number.NaN]);
    expect(run(view('nn.hard_swish', [x], x[0]))[0]).toBeNaN();
    expect(run(view('equal', [x, x], tensor('bool', [2])))).toEqual([0, 1]);
  });

  it('rounds halves to even, and keeps 1 to any power', () => {
    const x = floats(0.5, 1.5, 2.5, -0.5, -1.5);
    expect(run(view('round', [x], x[0])).map((v) => Number(v) + 0)).toEqual([0, 2, 2, 0, -2]);
    const one = floats(1, -1, 1);
    const powers = floats(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect(run(view('power', [one, powers], one[0]))).toEqual([1, 1, 1]);
  });

  it('powers of integers wrap where one exponent serves all, and leave the range otherwise', () => {
    const x = ints(3, 2, -5);
    expect(run(view('power', [x, [tensor('int32', []), Int32Array.of(31)]], x[0]))).toEqual(
      [3n, 2n, -5n].map((base) => Number(BigInt.asIntN(32, base ** 31n))),
    );
    expect(run(view('power', [x, ints(31, 3, 3)], x[0]))).toEqual([-2147483648, 8, -125]);
  });

  it('8-bit values are compared by what they stand for', () => {
    const [x, y] = [bytes(perTensor(0.5, 0), 2, 2, 2), bytes(perTensor(0.25, -4), 0, 1, -1)];
    const holds = (kind: OpKind) => run(view(kind, [x, y], tensor('bool', [3])));
    expect([holds('equal'), holds('less'), holds('greater_equal')]).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 1],
    ]);
  });
});

describe('what is refused', () => {
  const q = perTensor(0.5, 0);
  it.each([
    [
      'a slope that is no number',
      view('nn.leaky_relu', [floats(1)], floats(1)[0], { alpha: Number.NaN }),
      /alpha is NaN/,
    ],
    ['a slope larger than the data', view('nn.prelu', [floats(1), floats(1, 2)], floats(1)[0]), /alpha is larger/],
    [
      'a hard swish that needs a left shift',
      view('nn.hard_swish', [bytes(perTensor(200, 0), 1)], bytes(q, 1)[0]),
      /too small for fixed point/,
    ],
    ['a norm of another scale', view('nn.l2_normalize', [bytes(q, 1)], bytes(q, 1)[0]), /must be 0\.0078125, 0/],
    ['a comparison of unlike types', view('less', [ints(1), floats(1)], tensor('bool', [1])), /int32 but the other/],
    ['logic on numbers', view('logical_and', [ints(1), ints(1)], tensor('bool', [1])), /not bool/],
    ['operands that do not broadcast', view('maximum', [ints(1, 2), ints(1, 2, 3)], ints(1, 2)[0]), /do not broadcast/],
    [
      'a negative radius',
      view('nn.lrn', [[tensor('float32', [1, 1, 1, 1]), new Float32Array(1)]], tensor('float32', [1, 1, 1, 1]), {
        radius: -1,
        bias: 1,
        alpha: 1,
        beta: 1,
      }),
      /radius is -1/,
    ],
    ['sums of unlike shapes', view('add_n', [ints(1), ints(1, 2)], ints(1)[0]), /another shape/],
  ])('%s', (_, op, message) => {
    expect(check(op)).toMatch(message);
  });
});
