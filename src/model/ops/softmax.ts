import { expOfNegative, reciprocal } from '../arithmetic/fixedpoint.ts';
import {
  doublingHighMul,
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  roundingDivideByPOT,
} from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { lookUp16, table16 } from '../arithmetic/table16.ts';
import { expF32 } from '../arithmetic/transcendental.ts';
import { allocate, integerRange, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import { defineOp, dtypeIs, firstProblems, operand, parameters, perTensorQuantized, sameDtype } from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';

export interface SoftmaxFamily {
  'nn.softmax': { readonly beta: number };
}
declare module './attrs.ts' {
  interface OpAttrs extends SoftmaxFamily {}
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

/** The tables of the int16 form: exp on [−10, 0], and 1 / (1 + x) on [0, 1]. */
export const softmaxTables16 = (): { readonly exp: Int16Array; readonly reciprocal: Int16Array } => {
  const unit = (n: number) => (n * 2) / 65535;
  const output = [unit(-32768), unit(32767)] as const;
  return {
    exp: table16(Math.exp, [(10 / 65535) * -65535, 0], output),
    reciprocal: table16((x) => 1 / (1 + x), [0, (1 / 65535) * 65535], output),
  };
};

/** The factor that takes differences of inputs to 65535 steps of [−10, 0]. */
export const softmaxScaling16 = (op: OpView<Kind>): Multiplier =>
  quantizeMultiplier(Math.fround(parameters(operand(op, 0)).scale * Math.fround(op.attrs.beta)) / (10 / 65535));

/** int16 to int16. Source: SoftmaxInt16 (reference/softmax.h). */
function evaluate16(op: EvalView<Kind>, depth: number, out: Int16Array): void {
  const x = op.data[0] as Int16Array;
  const tables = softmaxTables16();
  const scaling = softmaxScaling16(op);
  for (let at = 0; at < out.length; at += depth) {
    let max = x[at];
    for (let c = 1; c < depth; c++) max = Math.max(max, x[at + c]);
    let sum = 0;
    for (let c = 0; c < depth; c++) {
      const difference = multiplyByMultiplier(x[at + c] - max, scaling) + 32767;
      out[at + c] = lookUp16(clamp(difference, -32768, 32767), tables.exp);
      sum = (sum + out[at + c]) | 0;
    }
    const headroom = Math.clz32(sum);
    const shifted = Math.floor((sum * 2 ** (headroom - 1) + 8192) / 16384);
    const inverse = lookUp16(clamp(shifted - 32768 - 65536, -32768, 32767), tables.reciprocal);
    const right = 31 - headroom;
    for (let c = 0; c < depth; c++) {
      out[at + c] = clamp(Math.floor((out[at + c] * inverse + 2 ** (right - 1)) / 2 ** right), 0, 32767);
    }
  }
}

function evaluateFloat(op: EvalView<Kind>, depth: number, out: Float32Array): void {
  const x = op.data[0] as Float32Array;
  const beta = Math.fround(op.attrs.beta);
  for (let at = 0; at < out.length; at += depth) {
    let max = -3.4028234663852886e38;
    // a NaN never becomes the largest
    for (let c = 0; c < depth; c++) max = max < x[at + c] ? x[at + c] : max;
    let sum = 0;
    for (let c = 0; c < depth; c++) {
      out[at + c] = expF32(Math.fround(Math.fround(x[at + c] - max) * beta));
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
    operandNames: ['input'],
    check: (op) => {
      const [input, output] = [operand(op, 0), op.outputs[0]];
      return firstProblems(
        () => [
          input.shape.length < 1 && 'the input is a scalar',
          !Number.isFinite(op.attrs.beta) && `beta is ${op.attrs.beta}`,
          dtypeIs(input, 'the input', 'float32', 'int8', 'uint8', 'int16'),
          !(input.dtype === 'int8' && output.dtype === 'int16') && sameDtype(input, 'the input', output, 'the output'),
        ],
        () =>
          input.dtype === 'float32'
            ? []
            : [perTensorQuantized(input, 'the input'), perTensorQuantized(output, 'the output')],
        () =>
          input.dtype === 'float32'
            ? []
            : [
                outputParameters(op),
                input.dtype !== 'int16' &&
                  !(scaledBeta(op) > 1) &&
                  'beta · scale of the input is too small for fixed point',
              ],
      );
    },
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op): TensorData[] => {
      const { shape, dtype } = op.outputs[0];
      const out = allocate(dtype, elements(shape));
      const depth = shape[shape.length - 1];
      if (dtype === 'float32') evaluateFloat(op, depth, out as Float32Array);
      else if (operand(op, 0).dtype === 'int16') evaluate16(op, depth, out as Int16Array);
      else evaluateQuantized(op, depth, out as Int8Array);
      return [out];
    },
  }),
};
