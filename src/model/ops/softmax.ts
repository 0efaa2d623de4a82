import { allocate, integerRange, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import { clamp, doublingHighMul, type Multiplier, quantizeMultiplier, roundingDivideByPOT } from './arithmetic.ts';
import { defineOp, dtypeIs, firstProblems, operand, parameters, perTensorQuantized, sameDtype } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { expOfNegative, reciprocal } from './fixedpoint.ts';

export interface SoftmaxFamily {
  'nn.softmax': { readonly beta: number };
}

type Kind = 'nn.softmax';

/** beta · scale in Q5.26, capped: the real factor that differences from the row's maximum are multiplied by. */
const scaledBeta = (op: OpView<Kind>): number =>
  Math.min(op.attrs.beta * parameters(operand(op, 0)).scale * 2 ** 26, 2 ** 31 - 1);

/** Fixed-point input scaling and the lowest difference that still counts. Source: PreprocessSoftmaxScaling. */
export function softmaxScaling(op: OpView<Kind>): { readonly input: Multiplier; readonly diffMin: number } {
  const input = quantizeMultiplier(scaledBeta(op));
  return { input, diffMin: -Math.floor((31 * 2 ** 26) / 2 ** input.shift) };
}

/**
 * exp of each difference from the row's maximum (0 … −255) in Q0.31; index −difference. Differences below the
 * lowest that counts are left 0. The 8-bit kernels compute nothing else from the input, so this is their table.
 */
export function softmaxTable(op: OpView<Kind>): Int32Array {
  const { input, diffMin } = softmaxScaling(op);
  const table = new Int32Array(256);
  for (let d = 0; d < 256; d++) {
    if (-d >= diffMin) table[d] = expOfNegative(doublingHighMul(Math.imul(-d, 1 << input.shift), input.multiplier));
  }
  return table;
}

function evaluateQuantized(op: EvalView<Kind>, depth: number, out: Int8Array): void {
  const x = op.data[0] as Int8Array;
  const { diffMin } = softmaxScaling(op);
  const table = softmaxTable(op);
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const bits = op.outputs[0].dtype === 'int16' ? 16 : 8;
  for (let at = 0; at < out.length; at += depth) {
    let max = x[at];
    for (let c = 1; c < depth; c++) max = Math.max(max, x[at + c]);
    let sum = 0;
    for (let c = 0; c < depth; c++) {
      const d = max - x[at + c];
      if (-d >= diffMin) sum = (sum + roundingDivideByPOT(table[d], 12)) | 0;
    }
    const { scale, bitsOver } = reciprocal(sum, 12);
    for (let c = 0; c < depth; c++) {
      const d = max - x[at + c];
      const y = -d >= diffMin ? roundingDivideByPOT(doublingHighMul(scale, table[d]), bitsOver + 31 - bits) : 0;
      out[at + c] = clamp(y + lo, lo, hi);
    }
  }
}

function evaluateFloat(op: EvalView<Kind>, depth: number, out: Float32Array): void {
  const x = op.data[0] as Float32Array;
  const beta = Math.fround(op.attrs.beta);
  for (let at = 0; at < out.length; at += depth) {
    let max = -3.4028234663852886e38;
    // biome-ignore lint/complexity/useMathMinMax: a NaN never becomes the largest
    for (let c = 0; c < depth; c++) max = max < x[at + c] ? x[at + c] : max;
    let sum = 0;
    for (let c = 0; c < depth; c++) {
      out[at + c] = Math.exp(Math.fround(Math.fround(x[at + c] - max) * beta));
      sum = Math.fround(sum + out[at + c]);
    }
    for (let c = 0; c < depth; c++) out[at + c] /= sum;
  }
}

/** The fixed output scale of each quantized form: 1/256 from the type's lowest value, or 1/32768. */
function outputParameters(op: OpView<Kind>): string | false {
  const { dtype } = op.outputs[0];
  const { scale, zeroPoint } = parameters(op.outputs[0]);
  const expected = dtype === 'int16' ? 1 / 32768 : 1 / 256;
  const zero = dtype === 'int8' ? -128 : 0;
  const fits = zeroPoint === zero && Math.abs(scale - expected) <= 0.001 * expected;
  // TFLite does not look at the parameters of these two forms.
  if (dtype === 'uint8' || operand(op, 0).dtype !== dtype) return false;
  return !fits && `the output's scale is ${scale} and its zero point ${zeroPoint}, must be ${expected} and ${zero}`;
}

export const softmaxOps: OpTable<SoftmaxFamily> = {
  'nn.softmax': defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    check: (op) => {
      const [input, output] = [operand(op, 0), op.outputs[0]];
      return firstProblems(
        () => [
          input.shape.length < 1 && 'the input is a scalar',
          !Number.isFinite(op.attrs.beta) && `beta is ${op.attrs.beta}`,
          dtypeIs(input, 'the input', 'float32', 'int8', 'uint8'),
          !(input.dtype === 'int8' && output.dtype === 'int16') && sameDtype(input, 'the input', output, 'the output'),
        ],
        () =>
          input.dtype === 'float32'
            ? []
            : [perTensorQuantized(input, 'the input'), perTensorQuantized(output, 'the output')],
        () =>
          input.dtype === 'float32'
            ? []
            : [outputParameters(op), !(scaledBeta(op) > 1) && 'beta · scale of the input is too small for fixed point'],
      );
    },
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op): TensorData[] => {
      const { shape, dtype } = op.outputs[0];
      const out = allocate(dtype, elements(shape));
      const depth = shape[shape.length - 1];
      if (dtype === 'float32') evaluateFloat(op, depth, out as Float32Array);
      else evaluateQuantized(op, depth, out as Int8Array);
      return [out];
    },
  }),
};
