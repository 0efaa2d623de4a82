/** What quantized unary operators make of one code: TFLite's integer kernels and tables. */

import type { Activation } from '../../arithmetic/activation.ts';
import { activationRange, type Range } from '../../arithmetic/activation.ts';
import { inverseSqrt } from '../../arithmetic/fixedpoint.ts';
import {
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  roundingDivideByPOT,
} from '../../arithmetic/multiplier.ts';
import { castInt32, clamp, roundAway } from '../../arithmetic/rounding.ts';
import { operatorTable16, type Scaling16, scaling16, sigmoid16, tanh16 } from '../../arithmetic/table16.ts';
import { integerRange } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OpKind } from '../attrs.ts';
import { operand, parameters } from '../checks.ts';
import type { OpView } from '../definition.ts';

const f = Math.fround;
/** From a code of the input to one of the output. */
export type CodeMap = (q: number) => number;

/** A function of real values that a table holds, defined for all of them, as libm rounds it. */
export type RealMap = (x: number) => number;

/** log(x); what is not above 0 has the lowest code. Source: LogPrepare (elementwise.cc). */
export function logOrLowest(op: OpView<'log'>): RealMap {
  const { dtype } = op.outputs[0];
  const { scale, zeroPoint } = parameters(op.outputs[0]);
  const lowest = f((integerRange(dtype)[0] - zeroPoint) * scale);
  return (x) => (x <= 0 ? lowest : Math.log(x));
}

/** 1/√x; what is not above 0 has the largest int16 code. Source: RsqrtPrepare (elementwise.cc). */
export function rsqrtOrLargest(op: OpView<'rsqrt'>): RealMap {
  const { scale } = parameters(op.outputs[0]);
  return (x) => (x <= 0 ? f(32767 * scale) : f(1 / f(Math.sqrt(x))));
}

/** round(f(real) / scale) + zero point, in float32. Source: LUTPopulateInt8 (common.h). */
export function table8(op: OpView<OpKind>, real: RealMap): CodeMap {
  const [from, to] = [parameters(operand(op, 0)), parameters(op.outputs[0])];
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const inverse = f(1 / to.scale);
  return (q) => {
    const y = f(real(f(from.scale * (q - from.zeroPoint))));
    return clamp(f(roundAway(f(y * inverse)) + to.zeroPoint), lo, hi);
  };
}

/** The 513 entries of an int16 operator. */
export const table16Of = (op: OpView<OpKind>, real: RealMap): Int16Array =>
  operatorTable16(real, parameters(operand(op, 0)).scale, parameters(op.outputs[0]).scale);

/** How an int16 sigmoid or tanh scales its input. */
export const unaryScaling16 = (op: OpView<'sigmoid' | 'tanh'>): Scaling16 =>
  scaling16(parameters(operand(op, 0)).scale, op.kind === 'sigmoid' ? 0 : 1);

/** Sigmoid and tanh of int16 codes by the kernels' own fixed point. */
export function sigmoidal16(op: OpView<'sigmoid' | 'tanh'>): CodeMap {
  const scaling = unaryScaling16(op);
  const of = op.kind === 'sigmoid' ? sigmoid16 : tanh16;
  return (q) => of(q, scaling);
}

/** The factor of an operator that only rescales: input scale / output scale in float32. */
export const rescaleFactor = (op: OpView<OpKind>): number =>
  f(parameters(operand(op, 0)).scale / parameters(op.outputs[0]).scale);

/** Kinds that clamp to fixed limits. */
export type ReluKind = 'nn.relu' | 'nn.relu6' | 'nn.relu_n1_to_1' | 'nn.relu_0_to_1';
const ACTIVATIONS: Readonly<Record<Exclude<ReluKind, 'nn.relu_0_to_1'>, Activation>> = {
  'nn.relu': 'RELU',
  'nn.relu6': 'RELU6',
  'nn.relu_n1_to_1': 'RELU_N1_TO_1',
};

/** The codes that a RELU clamps to. Source: QuantizedReluX (activations.cc). */
export function reluRange(op: OpView<ReluKind>): Range {
  const { scale, zeroPoint } = parameters(op.outputs[0]);
  const { dtype } = op.outputs[0];
  if (op.kind !== 'nn.relu_0_to_1') return activationRange(ACTIVATIONS[op.kind], scale, zeroPoint, dtype);
  if (scale === 0) return activationRange('NONE', scale, zeroPoint, dtype);
  const top = zeroPoint + roundAway(f(1 / scale));
  return { min: activationRange('RELU', scale, zeroPoint, dtype).min, max: Math.min(integerRange(dtype)[1], top) };
}

/** The multipliers of LEAKY_RELU for codes from the zero point up, and below it. Source: LeakyReluPrepare. */
export const leakyMultipliers = (op: OpView<'nn.leaky_relu'>): readonly [identity: Multiplier, alpha: Multiplier] => [
  quantizeMultiplier(rescaleFactor(op)),
  quantizeMultiplier(f(f(parameters(operand(op, 0)).scale * f(op.attrs.alpha)) / parameters(op.outputs[0]).scale)),
];

/** A multiplier cut to 16 bits. Source: DownScaleInt32ToInt16Multiplier (common.h). */
const narrow = (real: number): Multiplier => {
  const { multiplier, shift } = quantizeMultiplier(real);
  return { multiplier: multiplier >= 2147483647 - 32768 ? 32767 : (multiplier + 32768) >> 16, shift };
};
const hardSwishOutput = (input: Tensor, output: Tensor): Multiplier =>
  narrow(f(f(parameters(input).scale / 128) / parameters(output).scale));

/** HARD_SWISH's fixed point has no left shift on the way out. */
export const hardSwishFits = (input: Tensor, output: Tensor): boolean => hardSwishOutput(input, output).shift <= 0;

const saturate16 = (x: number): number => clamp(x, -32768, 32767);
/** High half of 2ab in 16 bits: rounded, or cut off towards zero. */
const highMul16 = (a: number, b: number): number =>
  saturate16(Math.trunc((a * b + (a * b >= 0 ? 16384 : 1 - 16384)) / 32768));
const highMul16Truncated = (a: number, b: number): number => saturate16(Math.trunc((a * b) / 32768));

/** RoundingDivideByPOT on 16 bits: its masks have no more, so that over 15 it only adds 1 to what is not negative. */
const divideByPOT16 = (x: number, exponent: number): number =>
  exponent <= 15 ? roundingDivideByPOT(x, exponent) : (x >> Math.min(exponent, 31)) + (x >= 0 ? 1 : 0);

/** x · relu6(x + 3) / 6 in 16-bit fixed point. Source: reference/hard_swish.h. */
export function hardSwish(op: OpView<'nn.hard_swish'>): CodeMap {
  const [input, output] = [operand(op, 0), op.outputs[0]];
  const { zeroPoint } = parameters(output);
  const [lo, hi] = integerRange(output.dtype);
  const out = hardSwishOutput(input, output);
  const gate = narrow(f(f(parameters(input).scale / 128) / f(3 / 32768)));
  const zero = parameters(input).zeroPoint;
  return (q) => {
    const x = (q - zero) * 128;
    let y = gate.shift > 0 ? saturate16(x * 2 ** (gate.shift - 1)) : x;
    y = highMul16(y, gate.multiplier);
    if (gate.shift > 0) y = saturate16(y * 2);
    if (gate.shift < 0) y = divideByPOT16(y, -gate.shift);
    const product = highMul16Truncated((y + 32768) >> 1, highMul16(x, out.multiplier));
    return clamp(divideByPOT16(product, -out.shift) + zeroPoint, lo, hi);
  };
}

/** 1/√x by integers; 0 has the largest result, and so have values below it, for which TFLite gives up. */
export function rsqrt8(op: OpView<'rsqrt'>): CodeMap {
  const [from, to] = [parameters(operand(op, 0)), parameters(op.outputs[0])];
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const m = quantizeMultiplier(1 / f(f(Math.sqrt(from.scale)) * to.scale));
  const back = { ...m, shift: Math.max(m.shift - 20, -31) };
  return (q) => {
    const value = q - from.zeroPoint;
    if (value <= 0) return hi;
    const inverse = inverseSqrt(value);
    const root = multiplyByMultiplier(1, { ...inverse, shift: inverse.shift + 20 });
    return clamp((multiplyByMultiplier(root, back) + to.zeroPoint) | 0, lo, hi);
  };
}

/** √ of the real value, cut off; values below 0, for which TFLite gives up, have the lowest result. */
export function squareRoot(op: OpView<'sqrt'>): CodeMap {
  const [from, to] = [parameters(operand(op, 0)), parameters(op.outputs[0])];
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  return (q) => {
    const root = f(f(Math.sqrt(f(from.scale * (q - from.zeroPoint)))) / to.scale);
    return Number.isNaN(root) ? lo : clamp(castInt32(Math.trunc(root)) + to.zeroPoint, lo, hi);
  };
}

/** (x − zero point) · factor + zero point, one of two factors by the sign, within limits. */
function rescale(op: OpView<OpKind>, above: Multiplier, below: Multiplier, { min, max }: Range): CodeMap {
  const zero = parameters(operand(op, 0)).zeroPoint;
  const { zeroPoint } = parameters(op.outputs[0]);
  return (q) => {
    const x = q - zero;
    return clamp((multiplyByMultiplier(x, x >= 0 ? above : below) + zeroPoint) | 0, min, max);
  };
}

export function relu(op: OpView<ReluKind>): CodeMap {
  const m = quantizeMultiplier(rescaleFactor(op));
  return rescale(op, m, m, reluRange(op));
}

export function leakyRelu(op: OpView<'nn.leaky_relu'>): CodeMap {
  const [min, max] = integerRange(op.outputs[0].dtype);
  return rescale(op, ...leakyMultipliers(op), { min, max });
}

/** |x − zero point|, rescaled unless the scales are equal. Source: AbsEvalQuantized (elementwise.cc). */
export function absolute(op: OpView<'abs'>): CodeMap {
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const zero = parameters(operand(op, 0)).zeroPoint;
  const { zeroPoint } = parameters(op.outputs[0]);
  const factor = rescaleFactor(op);
  const m = quantizeMultiplier(factor);
  return (q) => {
    const x = Math.abs(q - zero);
    return clamp(((factor === 1 ? x : multiplyByMultiplier(x, m)) + zeroPoint) | 0, lo, hi);
  };
}
