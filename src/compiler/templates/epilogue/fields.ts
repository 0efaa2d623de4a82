/** Epilogues of operators with weights, as members of `gemm_epilogue` (native/kernels/gemm.h). */

import type { Activation } from '../../../model/arithmetic/activation.ts';
import { activationRange, floatRange, type Range } from '../../../model/arithmetic/activation.ts';
import type { Profile } from '../../../model/arithmetic/multiplier.ts';
import { type Multiplier, quantizeMultiplier, requantizer } from '../../../model/arithmetic/multiplier.ts';
import { castInt32, roundAway } from '../../../model/arithmetic/rounding.ts';
import { parameters } from '../../../model/ops/checks.ts';
import { integerRange } from '../../../model/tensor/dtype.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import { cFloat } from '../../emission/c.ts';
import type { EmitContext } from '../../emission/context.ts';
import { type Fields, integers } from '../../emission/description.ts';
import type { Requantization } from '../../lower/layers.ts';
import { multiplierOf } from './proofs/staircase.ts';

/** Arranges one value per column in the kernel's order. */
export type Layout = (valueAt: (column: number) => number) => number[];

/** The epilogue of a layer. */
export interface Epilogue {
  readonly output: Tensor;
  readonly activation: Activation;
  readonly requantization: Requantization;
  readonly profile: Profile;
  /** C expression: int32, in the order of `layout`. */
  readonly bias: string;
  readonly layout: Layout;
  /** Range of each column's accumulator, if known. */
  readonly sums?: readonly Range[];
}

/** Range of q − zero point of a quantized tensor. */
export function centeredRange(tensor: Tensor): Range {
  const [min, max] = integerRange(tensor.dtype);
  const { zeroPoint } = parameters(tensor);
  return { min: min - zeroPoint, max: max - zeroPoint };
}

/** The members of a `gemm_epilogue`, with prefix `out.`. */
export function epilogueFields(e: Epilogue, ctx: EmitContext): Fields {
  const { scale, zeroPoint } = parameters(e.output);
  const { min, max } = activationRange(e.activation, scale, zeroPoint, e.output.dtype);
  const fits16 = fitsInt16(e, zeroPoint);
  const fields = {
    bias: e.bias,
    ...requantizationFields(e, fits16 ? { min: min - zeroPoint, max: max - zeroPoint } : null, ctx),
    ...integers({ zero_point: zeroPoint, low: min, high: max, fits16, is_unsigned: e.output.dtype === 'uint8' }),
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`out.${name}`, value]));
}

/** Whether |accumulator · factor| + |zero point| fits int16 for all data, with a margin for rounding. */
function fitsInt16({ sums, requantization: { factors } }: Epilogue, zeroPoint: number): boolean {
  const most = 32766 - Math.abs(zeroPoint);
  return (sums ?? [{ min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY }]).every(({ min, max }, column) => {
    const largest = Math.max(-min, max);
    return largest < 2 ** 31 && largest * factors[factors.length === 1 ? 0 : column] <= most;
  });
}

/** `levels`: range of the results before the zero point is added; null unless the accumulators' ranges are known and fit. */
function requantizationFields(e: Epilogue, levels: Range | null, ctx: EmitContext): Fields {
  const { requantization, profile, layout, sums } = e;
  const { factors, inDouble } = requantization;
  const pick = <T>(values: readonly T[], column: number): T => values[values.length === 1 ? 0 : column];
  const constants = (multipliers: readonly Multiplier[]) => ({
    multiplier: ctx.constant(Int32Array.from(layout((column) => pick(multipliers, column).multiplier))),
    shift: ctx.constant(Int32Array.from(layout((column) => pick(multipliers, column).shift))),
  });
  if (levels !== null && (inDouble || profile !== 'tflite')) {
    const rounded = requantizer(profile, factors);
    const scale = (column: number) => (sum: number) =>
      inDouble ? castInt32(roundAway(sum * pick(factors, column))) : rounded(sum, column);
    const once = sums!.map((range, column) => multiplierOf(scale(column), pick(factors, column), range, levels));
    if (once.every((m) => m !== null)) return { requantize: 'GEMM_ROUND_ONCE', ...constants(once) };
  }
  const scales = layout((column) => pick(factors, column));
  if (inDouble) return { requantize: 'GEMM_DOUBLE', scale: ctx.constant(Float64Array.from(scales)) };
  if (profile === 'xnnpack') return { requantize: 'GEMM_SINGLE', scale_f32: ctx.constant(Float32Array.from(scales)) };
  const multipliers = factors.map(quantizeMultiplier);
  return { requantize: shiftKind(multipliers), ...constants(multipliers) };
}

function shiftKind(multipliers: readonly Multiplier[]): string {
  const most = multipliers.reduce((shift, m) => Math.max(shift, m.shift), -31);
  return most > 0 ? 'GEMM_SHIFT_ANY' : most === 0 ? 'GEMM_SHIFT_RIGHT_OR_NONE' : 'GEMM_SHIFT_RIGHT';
}

/** No clamp of a float result. */
export const NO_CLAMP: Fields = { low: cFloat(-Infinity), high: cFloat(Infinity) };

/** The clamp of a float result. */
export function floatClamp(activation: Activation): Fields {
  const { min, max } = floatRange(activation);
  return { low: cFloat(min), high: cFloat(max) };
}
