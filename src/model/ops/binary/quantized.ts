/** What quantized binary operators make of two codes: TFLite's integer kernels. */

import { activationRange } from '../../arithmetic/activation.ts';
import { reciprocal } from '../../arithmetic/fixedpoint.ts';
import {
  doublingHighMul,
  type Multiplier,
  multiplyByMultiplier,
  quantizeMultiplier,
  roundingDivideByAnyPOT,
} from '../../arithmetic/multiplier.ts';
import { clamp } from '../../arithmetic/rounding.ts';
import { integerRange } from '../../tensor/dtype.ts';
import { operand, parameters } from '../checks.ts';
import type { OpView } from '../definition.ts';
import type { Combine } from '../shared/broadcast.ts';

const f = Math.fround;

/** Scale of the first operand / (scale of the second · scale of the output), in float32. Source: div.cc. */
export const quotientMultiplier = (op: OpView<'divide'>): Multiplier =>
  quantizeMultiplier(
    f(parameters(operand(op, 0)).scale / f(parameters(operand(op, 1)).scale * parameters(op.outputs[0]).scale)),
  );

/** How many bits below its sign repeat it. */
const signBits = (x: number): number => Math.clz32(x < 0 ? ~x : x) - 1;

/** x · 2^31 / y by the reciprocal's fixed point; what is divided by 0, which TFLite refuses, saturates. Source: div.h. */
export function quotient(op: OpView<'divide'>): Combine {
  const [za, zb] = [parameters(operand(op, 0)).zeroPoint, parameters(operand(op, 1)).zeroPoint];
  const { scale, zeroPoint } = parameters(op.outputs[0]);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, op.outputs[0].dtype);
  const m = quotientMultiplier(op);
  return (a, b) => {
    const sign = b < zb ? -1 : 1;
    const [x, y] = [sign * (a - za), sign * (b - zb)];
    if (y === 0) return x < 0 ? min : max;
    const { scale: inverse, bitsOver } = reciprocal(y, 31);
    const headroom = signBits(x);
    const raw = doublingHighMul(x << headroom, inverse);
    const scaled = roundingDivideByAnyPOT(doublingHighMul(raw, m.multiplier), bitsOver + headroom - m.shift);
    return clamp((scaled + zeroPoint) | 0, min, max);
  };
}

/** Both operands at twice the larger scale with 7 more bits, then the square of their difference to the output. */
export function differenceMultipliers(op: OpView<'squared_difference'>): readonly Multiplier[] {
  const [sa, sb] = [parameters(operand(op, 0)).scale, parameters(operand(op, 1)).scale];
  const twice = 2 * Math.max(sa, sb);
  const output = (twice * twice) / (2 ** 14 * parameters(op.outputs[0]).scale);
  return [sa / twice, sb / twice, output].map(quantizeMultiplier);
}

/** Source: squared_difference.cc. */
export function squaredDifference(op: OpView<'squared_difference'>): Combine {
  const [za, zb] = [parameters(operand(op, 0)).zeroPoint, parameters(operand(op, 1)).zeroPoint];
  const { zeroPoint } = parameters(op.outputs[0]);
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const [ma, mb, m] = differenceMultipliers(op);
  return (a, b) => {
    const d = multiplyByMultiplier((a - za) << 7, ma) - multiplyByMultiplier((b - zb) << 7, mb);
    return clamp((multiplyByMultiplier(Math.imul(d, d), m) + zeroPoint) | 0, lo, hi);
  };
}

/** The multipliers of PRELU for codes from the zero point up, and below it. Source: PreluPrepare (activations.cc). */
export function preluMultipliers(op: OpView<'nn.prelu'>): readonly [identity: Multiplier, alpha: Multiplier] {
  const [s, alpha, out] = [operand(op, 0), operand(op, 1), op.outputs[0]].map((t) => parameters(t).scale);
  return [quantizeMultiplier(f(s / out)), quantizeMultiplier(f(f(s * alpha) / out))];
}

/** Source: reference/prelu.h. */
export function prelu(op: OpView<'nn.prelu'>): Combine {
  const [zx, za] = [parameters(operand(op, 0)).zeroPoint, parameters(operand(op, 1)).zeroPoint];
  const { zeroPoint } = parameters(op.outputs[0]);
  const [lo, hi] = integerRange(op.outputs[0].dtype);
  const [identity, scaled] = preluMultipliers(op);
  return (q, alpha) => {
    const x = q - zx;
    const y = x >= 0 ? multiplyByMultiplier(x, identity) : multiplyByMultiplier(x * (alpha - za), scaled);
    return clamp((y + zeroPoint) | 0, lo, hi);
  };
}
