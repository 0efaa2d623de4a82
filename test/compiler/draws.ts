/** What random operators are drawn from: shapes, parameters, operands. */
import fc from 'fast-check';
import type { Activation } from '../../src/model/arithmetic/activation.ts';
import type { OpKind } from '../../src/model/ops/attrs.ts';
import type { DType, TensorData } from '../../src/model/tensor/dtype.ts';
import { perTensor, type Quantization } from '../../src/model/tensor/quantization.ts';
import type { Shape } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';

/** One operator with its operands: tensors with data are constants, variables keep their state, the others are fed. */
export interface Case {
  readonly kind: OpKind;
  readonly attrs: object;
  /** null: an optional one that is left out. */
  readonly operands: readonly (Tensor | null)[];
  readonly dtype: DType;
  readonly quantization: Quantization | null;
  /** The types of further results. */
  readonly more?: readonly DType[];
  /** Their parameters; those of the first result, or none, where this is left out. */
  readonly parameters?: readonly (Quantization | null)[];
}

export const dim = fc.integer({ min: 1, max: 9 });
/** Wide enough that rows reach vector loops and their tails. */
export const wide = fc.integer({ min: 1, max: 40 });
export const shapes: fc.Arbitrary<Shape> = fc
  .tuple(fc.array(dim, { maxLength: 3 }), wide)
  .map(([outer, inner]) => [...outer, inner]);
export const nhwc: fc.Arbitrary<Shape> = fc.tuple(fc.integer({ min: 1, max: 2 }), dim, dim, wide);

export const scale = fc.double({ min: 0.002, max: 0.6, noNaN: true });
export const zeroPoint = (dtype: DType): fc.Arbitrary<number> => {
  if (dtype === 'int8') return fc.integer({ min: -128, max: 127 });
  return dtype === 'uint8' ? fc.integer({ min: 0, max: 255 }) : fc.constant(0);
};
export const quantization = (dtype: DType): fc.Arbitrary<Quantization | null> =>
  /^u?int(8|16)$/.test(dtype)
    ? fc.tuple(scale, zeroPoint(dtype)).map(([s, z]) => perTensor(s, z))
    : fc.constant<Quantization | null>(null);

/** The parameters of what an operator gives that copies codes: its operand's, or now and then others. */
export const copied = (dtype: DType, own: Quantization | null): fc.Arbitrary<Quantization | null> =>
  fc.oneof({ arbitrary: fc.constant(own), weight: 2 }, { arbitrary: quantization(dtype), weight: 1 });

/** Parameters, now and then none, for operators that also run on codes without. */
export const loose = (dtype: DType): fc.Arbitrary<Quantization | null> =>
  fc.oneof({ arbitrary: quantization(dtype), weight: 5 }, { arbitrary: fc.constant(null), weight: 1 });

export const tensor = (dtype: DType, shape: Shape, q: Quantization | null, data: TensorData | null = null): Tensor => ({
  name: 't',
  dtype,
  shape,
  quantization: q,
  data,
});
export const ints = (values: readonly number[]): Tensor =>
  tensor('int32', [values.length], null, Int32Array.from(values));

export const activation = fc.constantFrom<Activation>('NONE', 'RELU', 'RELU6', 'RELU_N1_TO_1');

/** One side of a broadcast: some extents become 1, some leading ones vanish. */
export const shrunk = (shape: Shape): fc.Arbitrary<Shape> =>
  fc
    .tuple(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), fc.nat(shape.length))
    .map(([ones, drop]) => shape.map((n, i) => (ones[i] ? 1 : n)).slice(drop));
