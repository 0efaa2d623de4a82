import { inverseSqrt, logOfQ12 } from '../arithmetic/fixedpoint.ts';
import {
  doublingHighMul,
  multiplyByMultiplier,
  quantizeMultiplier,
  roundingDivideByPOT,
} from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { expF32 } from '../arithmetic/transcendental.ts';
import { allocate, integerRange, type TensorData } from '../tensor/dtype.ts';
import { elements } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  rankIs,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpTable, OpView } from './definition.ts';
import { softmaxScaling, softmaxTable } from './softmax.ts';

/** Normalizations along the last dimension. */
export interface NormalizeFamily {
  'nn.log_softmax': NoAttrs;
  /** x / max(‖x‖, 1e-6). */
  'nn.l2_normalize': NoAttrs;
  /**
   * x · (bias + alpha · Σ x²)^−beta over `radius` channels below and, unlike documented, only `radius` − 1 above: so the
   * reference kernel has it.
   */
  'nn.lrn': { readonly radius: number; readonly bias: number; readonly alpha: number; readonly beta: number };
}
declare module './attrs.ts' {
  interface OpAttrs extends NormalizeFamily {}
}

const f = Math.fround;

/** Lowest difference that counts, and the factor back from the exponent's scale to the input's. */
export interface LogSoftmaxParameters {
  readonly table: Int32Array;
  readonly input: { readonly multiplier: number; readonly shift: number };
  readonly diffMin: number;
  readonly back: { readonly multiplier: number; readonly shift: number };
}

/** LOG_SOFTMAX scales its input as a SOFTMAX with beta 1 does. */
const asSoftmax = (op: OpView<'nn.log_softmax'>): OpView<'nn.softmax'> => ({
  ...op,
  kind: 'nn.softmax',
  attrs: { beta: 1 },
});

/** Source: PreprocessLogSoftmaxScalingExp (quantization_util.cc). */
export function logSoftmaxParameters(op: OpView<'nn.log_softmax'>): LogSoftmaxParameters {
  const { input, diffMin } = softmaxScaling(asSoftmax(op));
  const back = quantizeMultiplier(2 ** (31 - input.shift) / input.multiplier);
  return { table: softmaxTable(asSoftmax(op)), input, diffMin, back };
}

/** Source: LogSoftmaxQuantized (reference/log_softmax.h). */
function logSoftmaxInteger(op: EvalView<'nn.log_softmax'>, depth: number, out: Int8Array): void {
  const x = op.data[0] as Int8Array;
  const { table, input, diffMin, back } = logSoftmaxParameters(op);
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  for (let at = 0; at < out.length; at += depth) {
    let max = x[at];
    for (let c = 1; c < depth; c++) max = Math.max(max, x[at + c]);
    let sum = 0;
    for (let c = 0; c < depth; c++) sum = (sum + roundingDivideByPOT(table[max - x[at + c]], 12)) | 0;
    const log = logOfQ12(sum);
    const least = Math.max(diffMin - 1, multiplyByMultiplier((log - 2147483648) | 0, back));
    for (let c = 0; c < depth; c++) {
      const difference = x[at + c] - max;
      const y = roundingDivideByPOT((multiplyByMultiplier(difference, input) - log) | 0, 22);
      out[at + c] = difference > least ? clamp(y + hi, lo, hi) : lo;
    }
  }
}

function logSoftmaxFloat(x: Float32Array, depth: number, out: Float32Array): void {
  for (let at = 0; at < out.length; at += depth) {
    let max = -3.4028234663852886e38;
    // a NaN never becomes the largest
    for (let c = 0; c < depth; c++) max = max < x[at + c] ? x[at + c] : max;
    let sum = 0;
    for (let c = 0; c < depth; c++) sum = f(sum + expF32(f(x[at + c] - max)));
    const log = f(Math.log(sum));
    for (let c = 0; c < depth; c++) out[at + c] = f(x[at + c] - max) - log;
  }
}

/** Source: integer_ops/l2normalization.h, and reference/l2normalization.h for uint8. */
function l2Integer(op: EvalView<'nn.l2_normalize'>, depth: number, out: Int8Array): void {
  const x = op.data[0] as Int8Array;
  const { dtype } = op.outputs[0];
  const { zeroPoint } = parameters(operand(op, 0));
  const [lo, hi] = integerRange(dtype);
  for (let at = 0; at < out.length; at += depth) {
    let sum = 0;
    for (let c = 0; c < depth; c++) sum = (sum + (x[at + c] - zeroPoint) ** 2) | 0;
    const inverse = inverseSqrt(sum);
    for (let c = 0; c < depth; c++) {
      const d = x[at + c] - zeroPoint;
      const y =
        dtype === 'int8'
          ? multiplyByMultiplier(d, { ...inverse, shift: inverse.shift + 7 })
          : 128 + roundingDivideByPOT(doublingHighMul(128 * d, inverse.multiplier), -inverse.shift);
      out[at + c] = clamp(y, lo, hi);
    }
  }
}

function l2Float(x: Float32Array, depth: number, out: Float32Array): void {
  for (let at = 0; at < out.length; at += depth) {
    let sum = 0;
    for (let c = 0; c < depth; c++) sum = f(sum + f(x[at + c] * x[at + c]));
    const norm = Math.max(f(Math.sqrt(sum)), f(1e-6));
    for (let c = 0; c < depth; c++) out[at + c] = x[at + c] / norm;
  }
}

/** Source: LocalResponseNormalization (reference_ops.h). */
function lrn(op: EvalView<'nn.lrn'>, depth: number, out: Float32Array): void {
  const x = op.data[0] as Float32Array;
  const { radius, bias, alpha, beta } = op.attrs;
  for (let at = 0; at < out.length; at += depth) {
    for (let c = 0; c < depth; c++) {
      let sum = 0;
      const end = Math.min(depth, c + radius);
      for (let k = Math.max(0, c - radius); k < end; k++) sum = f(sum + f(x[at + k] * x[at + k]));
      out[at + c] = x[at + c] * f(f(f(bias) + f(f(alpha) * sum)) ** -f(beta));
    }
  }
}

type Kind = keyof NormalizeFamily;
/** A row at a time: `op`'s depth and its result, allocated. */
function rows<K extends Kind>(op: EvalView<K>, run: (depth: number, out: TensorData) => void): TensorData[] {
  const { shape, dtype } = op.outputs[0];
  const out = allocate(dtype, elements(shape));
  if (out.length > 0) run(shape[shape.length - 1], out);
  return [out];
}

/** Quantized forms have one output scale and zero point each. */
function check(op: OpView<Kind>, scale: number, zeroPoints: Partial<Record<string, number>>): string[] {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const expected = zeroPoints[input.dtype];
  return firstProblems(
    () => [
      input.shape.length < 1 && 'the input is a scalar',
      dtypeIs(input, 'the input', 'float32', 'int8', 'uint8'),
      sameDtype(input, 'the input', output, 'the output'),
    ],
    () =>
      input.dtype === 'float32'
        ? []
        : [perTensorQuantized(input, 'the input'), perTensorQuantized(output, 'the output')],
    (): Problem[] => {
      if (input.dtype === 'float32') return [];
      const { scale: found, zeroPoint } = parameters(output);
      const fits = found === scale && zeroPoint === expected;
      return [!fits && `the output's scale and zero point are ${found}, ${zeroPoint}, must be ${scale}, ${expected}`];
    },
  );
}

const arity = { inputs: [1, 1], outputs: [1, 1] } as const;

export const normalizeOps: OpTable<NormalizeFamily> = {
  'nn.log_softmax': defineOp({
    arity,
    operandNames: ['input'],
    check: (op) => [
      ...check(op, 16 / 256, { int8: 127, uint8: 255 }),
      ...firstProblems(() => {
        const q = op.inputs[0]?.quantization;
        const small = q != null && op.inputs[0]!.dtype !== 'float32' && !(q.scales[0] * 2 ** 26 > 1);
        return [small && "the input's scale is too small for fixed point"];
      }),
    ],
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) =>
      rows(op, (depth, out) => {
        if (out instanceof Float32Array) logSoftmaxFloat(op.data[0] as Float32Array, depth, out);
        else logSoftmaxInteger(op, depth, out as Int8Array);
      }),
  }),
  'nn.l2_normalize': defineOp({
    arity,
    operandNames: ['input'],
    check: (op) => check(op, 1 / 128, { int8: 0, uint8: 128 }),
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) =>
      rows(op, (depth, out) => {
        if (out instanceof Float32Array) l2Float(op.data[0] as Float32Array, depth, out);
        else l2Integer(op, depth, out as Int8Array);
      }),
  }),
  'nn.lrn': defineOp({
    arity,
    check: (op) => {
      const { radius, bias, alpha, beta } = op.attrs;
      return firstProblems(() => [
        dtypeIs(operand(op, 0), 'the input', 'float32'),
        sameDtype(operand(op, 0), 'the input', op.outputs[0], 'the output'),
        rankIs(operand(op, 0), 'the input', 4),
        !(Number.isInteger(radius) && radius >= 0) && `the radius is ${radius}`,
        ![bias, alpha, beta].every(Number.isFinite) && `bias, alpha and beta are ${bias}, ${alpha} and ${beta}`,
      ]);
    },
    shapes: (op) => [operand(op, 0).shape],
    evaluate: (op) => rows(op, (depth, out) => lrn(op, depth, out as Float32Array)),
  }),
};
