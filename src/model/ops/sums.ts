import type { Activation } from '../arithmetic/activation.ts';
import { activationInterval, activationRange, floatRange } from '../arithmetic/activation.ts';
import {
  doublingHighMul,
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  requantizer,
  roundingDivideByAnyPOT,
  roundingDivideByPOT,
} from '../arithmetic/multiplier.ts';
import { clamp } from '../arithmetic/rounding.ts';
import { powerOfTwo } from '../arithmetic/table16.ts';
import { type DType, isFloat, isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { broadcast } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  clampingActivation,
  defineOp,
  dtypeIs,
  firstProblems,
  operand,
  parameters,
  perTensorQuantized,
  sameDtype,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { type Combine, combine } from './shared/broadcast.ts';

export interface SumAttrs {
  readonly activation: Activation;
  /** TFLite's pot_scale_int16: int16 tensors whose scales are all powers of two are added by shifting alone. */
  readonly potScaleInt16?: boolean;
}
/** Sums and products. */
export interface SumFamily {
  add: SumAttrs;
  subtract: SumAttrs;
  multiply: { readonly activation: Activation };
}
declare module './attrs.ts' {
  interface OpAttrs extends SumFamily {}
}

type SumKind = 'add' | 'subtract' | 'multiply';

/** A tensor whose values are computed on by scale and zero point; int16 without quantization is a plain integer. */
const isQuantized = (t: Tensor): boolean => isQuantizable(t.dtype) && (t.dtype !== 'int16' || t.quantization !== null);

/** Fixed-point parameters of a quantized ADD or SUB; see `sumParameters`. */
export interface SumParameters {
  readonly leftShift: number;
  readonly first: Multiplier;
  readonly second: Multiplier;
  readonly output: Multiplier;
}

/**
 * Both operands are brought to twice the larger scale, with `leftShift` more bits, added there and scaled to the
 * output. Source: add.cc, sub.cc.
 */
export function sumParameters(a: Tensor, b: Tensor, out: Tensor): SumParameters {
  const leftShift = out.dtype === 'int16' ? 15 : 20;
  const [sa, sb, so] = [parameters(a).scale, parameters(b).scale, parameters(out).scale];
  const twice = 2 * Math.max(sa, sb);
  return {
    leftShift,
    first: quantizeMultiplier(sa / twice),
    second: quantizeMultiplier(sb / twice),
    output: quantizeMultiplier(twice / (2 ** leftShift * so)),
  };
}

/** Right shifts of the operands of an int16 sum computed by shifting alone; null where it is not. */
export function shiftsOfSum(op: OpView<'add' | 'subtract'>): readonly [number, number] | null {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  if (!op.attrs.potScaleInt16 || out.dtype !== 'int16' || out.quantization === null) return null;
  const [la, lb, lo] = [a, b, out].map((t) => powerOfTwo(parameters(t).scale));
  return la === null || lb === null || lo === null ? null : [lo - la, lo - lb];
}

/** The factor of a quantized MUL, computed in float32. Source: mul.cc. */
export const productFactor = (a: Tensor, b: Tensor, out: Tensor): number =>
  Math.fround(Math.fround(parameters(a).scale * parameters(b).scale) / parameters(out).scale);

function quantizedBinary(op: EvalView<SumKind>): Combine {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  const [za, zb] = [parameters(a).zeroPoint, parameters(b).zeroPoint];
  const { scale, zeroPoint } = parameters(out);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, out.dtype);
  if (op.kind === 'multiply') {
    const requantize = requantizer(op.profile === 'single' ? 'single' : 'tflite', [productFactor(a, b, out)]);
    return (x, y) => clamp((requantize((x - za) * (y - zb), 0) + zeroPoint) | 0, min, max);
  }
  const sign = op.kind === 'add' ? 1 : -1;
  const shifts = shiftsOfSum(op as EvalView<'add' | 'subtract'>);
  if (shifts !== null) {
    return (x, y) => {
      const sum = roundingDivideByPOT(x, shifts[0]) + sign * roundingDivideByPOT(y, shifts[1]);
      return clamp(clamp(sum, -32768, 32767), min, max);
    };
  }
  const p = sumParameters(a, b, out);
  return (x, y) => {
    const first = multiplyByMultiplier((x - za) << p.leftShift, p.first);
    const second = multiplyByMultiplier((y - zb) << p.leftShift, p.second);
    const sum = (first + sign * second) | 0;
    const scaled = roundingDivideByAnyPOT(doublingHighMul(sum, p.output.multiplier), -p.output.shift);
    return clamp((scaled + zeroPoint) | 0, min, max);
  };
}

const FLOAT: Record<SumKind, Combine> = {
  add: (x, y) => Math.fround(x + y),
  subtract: (x, y) => Math.fround(x - y),
  multiply: (x, y) => Math.fround(x * y),
};
/** Wraps around as int32; narrower and unsigned types wrap again when stored. */
const INTEGER: Record<SumKind, Combine> = {
  add: (x, y) => (x + y) | 0,
  subtract: (x, y) => (x - y) | 0,
  multiply: (x, y) => Math.imul(x, y),
};
const WIDE: Record<SumKind, (a: bigint, b: bigint) => bigint> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
};

function plainBinary(op: EvalView<SumKind>): Combine {
  const { dtype } = op.outputs[0];
  if (isFloat(dtype)) {
    const { min, max } = floatRange(op.attrs.activation);
    return (x, y) => clamp(FLOAT[op.kind](x, y), min, max);
  }
  const { min, max } = activationInterval(op.attrs.activation);
  const combine = INTEGER[op.kind];
  if (dtype === 'int16') return (x, y) => clamp((combine(x, y) << 16) >> 16, min, max);
  if (dtype === 'uint32') return (x, y) => clamp(combine(x, y) >>> 0, min, max);
  return (x, y) => clamp(combine(x, y), min, max);
}

function wideBinary(op: EvalView<SumKind>): (x: bigint, y: bigint) => bigint {
  const { min, max } = activationInterval(op.attrs.activation);
  const of = WIDE[op.kind];
  return (x, y) => {
    const v = BigInt.asIntN(64, of(x, y));
    return v < min ? BigInt(min) : v > max ? BigInt(max) : v;
  };
}

function evaluateBinary(op: EvalView<SumKind>): TensorData[] {
  const output = op.outputs[0];
  if (output.dtype === 'int64') return combine(op, wideBinary(op));
  return combine(op, isQuantized(output) ? quantizedBinary(op) : plainBinary(op));
}

const BINARY_TYPES: Record<SumKind, readonly DType[]> = {
  add: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'],
  subtract: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64'],
  multiply: ['float32', 'int8', 'uint8', 'int16', 'int32', 'int64', 'uint32'],
};

function checkBinary(op: OpView<SumKind>): string[] {
  const [a, b, out] = [operand(op, 0), operand(op, 1), op.outputs[0]];
  return firstProblems(
    () => [
      dtypeIs(a, 'the input', ...BINARY_TYPES[op.kind]),
      sameDtype(a, 'one operand', b, 'the other'),
      sameDtype(a, 'the input', out, 'the output'),
      clampingActivation(op.attrs.activation),
      broadcast(a.shape, b.shape) === null && `[${a.shape}] and [${b.shape}] do not broadcast`,
    ],
    () =>
      [a, b, out].some(isQuantized)
        ? [perTensorQuantized(a, 'input 0'), perTensorQuantized(b, 'input 1'), perTensorQuantized(out, 'the output')]
        : [],
    () => {
      const shifts = op.kind === 'multiply' ? null : shiftsOfSum(op as OpView<'add' | 'subtract'>);
      const sound = shifts === null || (Math.min(...shifts) === 0 && Math.max(...shifts) <= 15);
      return [!sound && "its power-of-two scales fit no sum by shifting: one input must have the output's scale"];
    },
  );
}

const binary = <K extends SumKind>(): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [2, 2], outputs: [1, 1] },
    operandNames: ['lhs', 'rhs'],
    check: (op) => checkBinary(op as OpView<SumKind>),
    shapes: (op) => [broadcast(operand(op, 0).shape, operand(op, 1).shape)],
    evaluate: (op) => evaluateBinary(op as EvalView<SumKind>),
  });

export const sumOps: OpTable<SumFamily> = {
  add: binary(),
  subtract: binary(),
  multiply: binary(),
};
