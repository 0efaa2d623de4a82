import { requantizer } from '../arithmetic/multiplier.ts';
import { castInt32, clamp, roundAway } from '../arithmetic/rounding.ts';
import { allocate, type DType, integerRange, type TensorData } from '../tensor/dtype.ts';
import { floatOfHalf } from '../tensor/half.ts';
import { elements, strides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  parameters,
  perTensorQuantized,
  weightsQuantized,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';

export interface QuantizeFamily {
  /** float → integer (TFLite QUANTIZE on a float tensor). */
  'qnn.quantize': NoAttrs;
  /** integer or float16 → float (TFLite DEQUANTIZE). */
  'qnn.dequantize': NoAttrs;
  /** integer → integer with other parameters (TFLite QUANTIZE on an integer tensor). */
  'qnn.requantize': NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends QuantizeFamily {}
}

/** Per tensor, or per slice along whichever axis the tensor says. */
function quantizedAlongAnyAxis(t: Tensor, what: string): string | false | null | undefined {
  const axis = t.quantization?.axis ?? 0;
  const perAxis = (t.quantization?.scales.length ?? 0) > 1;
  if (perAxis && !(axis >= 0 && axis < t.shape.length)) return `${what} is quantized along dimension ${axis}`;
  return weightsQuantized(t, what, axis);
}

/** For an element's index, the index of its scale. */
function slicesOf(t: Tensor): (i: number) => number {
  const { scales, axis } = t.quantization!;
  if (scales.length === 1) return () => 0;
  const step = strides(t.shape)[axis];
  return (i) => Math.floor(i / step) % t.shape[axis];
}

/**
 * round(x / scale) + zero point, the division in float32. Unlike `quantizeValue`, which serves users' data, values whose
 * quotient leaves int32 come out as in the reference kernel. Source: AffineQuantize (reference/quantize.h).
 */
function quantize(op: EvalView<'qnn.quantize'>): TensorData[] {
  const output = op.outputs[0];
  const { scales, zeroPoints } = output.quantization!;
  const slice = slicesOf(output);
  const [lo, hi] = integerRange(output.dtype);
  const x = op.data[0] as Float32Array;
  const out = allocate(output.dtype, elements(output.shape));
  for (let i = 0; i < out.length; i++) {
    const c = slice(i);
    out[i] = clamp((castInt32(roundAway(Math.fround(x[i] / scales[c]))) + zeroPoints[c]) | 0, lo, hi);
  }
  return [out];
}

function dequantize(op: EvalView<'qnn.dequantize'>): TensorData[] {
  const input = operand(op, 0);
  const x = op.data[0] as Int8Array;
  const out = new Float32Array(elements(op.outputs[0].shape));
  if (input.dtype === 'float16') {
    for (let i = 0; i < out.length; i++) out[i] = floatOfHalf(x[i]);
    return [out];
  }
  const { scales, zeroPoints } = input.quantization!;
  const slice = slicesOf(input);
  for (let i = 0; i < out.length; i++) {
    const c = slice(i);
    out[i] = scales[c] * (x[i] - zeroPoints[c]);
  }
  return [out];
}

/** Input scale / output scale. */
export const requantizeFactor = (op: OpView<'qnn.requantize'>): number =>
  parameters(operand(op, 0)).scale / parameters(op.outputs[0]).scale;

function requantize(op: EvalView<'qnn.requantize'>): TensorData[] {
  const output = op.outputs[0];
  const x = op.data[0] as Int8Array;
  const out = allocate(output.dtype, elements(output.shape));
  const zero = parameters(operand(op, 0)).zeroPoint;
  const { zeroPoint } = parameters(output);
  const [lo, hi] = integerRange(output.dtype);
  const scale = requantizer(op.profile === 'single' ? 'single' : 'tflite', [requantizeFactor(op)]);
  for (let i = 0; i < out.length; i++) out[i] = clamp((scale((x[i] - zero) | 0, 0) + zeroPoint) | 0, lo, hi);
  return [out];
}

const REQUANTIZED: Partial<Record<DType, readonly DType[]>> = {
  int8: ['int8', 'uint8'],
  uint8: ['int8', 'uint8'],
  int16: ['int8', 'int16', 'int32'],
  int32: ['int8', 'int16'],
};

export const quantizeOps: OpTable<QuantizeFamily> = {
  'qnn.quantize': defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    operandNames: [],
    check: (op) => [
      ...firstProblems(
        () => [
          dtypeIs(operand(op, 0), 'the input', 'float32'),
          dtypeIs(op.outputs[0], 'the output', 'int8', 'uint8', 'int16', 'int4'),
        ],
        () => [quantizedAlongAnyAxis(op.outputs[0], 'the output')],
      ),
    ],
    shapes: (op) => [operand(op, 0).shape],
    evaluate: quantize,
  }),
  'qnn.dequantize': defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    operandNames: ['input'],
    check: (op) =>
      firstProblems(
        () => [
          dtypeIs(operand(op, 0), 'the input', 'int8', 'uint8', 'int16', 'int4', 'float16'),
          dtypeIs(op.outputs[0], 'the output', 'float32'),
        ],
        () => [operand(op, 0).dtype !== 'float16' && quantizedAlongAnyAxis(operand(op, 0), 'the input')],
      ),
    shapes: (op) => [operand(op, 0).shape],
    evaluate: dequantize,
  }),
  'qnn.requantize': defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    operandNames: ['input'],
    check: (op) => {
      const allowed = REQUANTIZED[operand(op, 0).dtype];
      return firstProblems(
        () => [
          allowed === undefined
            ? `${operand(op, 0).dtype} cannot be requantized`
            : dtypeIs(op.outputs[0], 'the output', ...allowed),
        ],
        () => [perTensorQuantized(operand(op, 0), 'the input'), perTensorQuantized(op.outputs[0], 'the output')],
      );
    },
    shapes: (op) => [operand(op, 0).shape],
    evaluate: requantize,
  }),
};
