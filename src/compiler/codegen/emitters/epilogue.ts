/** What operators with weights do with their sums, as members of the structures in native/kernels/gemm.h. */

import type { Tensor } from '../../../model/ir/graph.ts';
import { activationRange, floatRange, type Multiplier, quantizeMultiplier } from '../../../model/ops/arithmetic.ts';
import type { Activation } from '../../../model/ops/attrs.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { Profile } from '../../../model/ops/definition.ts';
import { cFloat, cInt } from '../c.ts';
import type { EmitContext } from '../emitter.ts';

/** Members of a C structure: C expressions by name; a nested structure's members have dotted names. */
export type Fields = Readonly<Record<string, string>>;

/** `const TYPE NAME = {.member = value, …};` */
export function cDescription(type: string, name: string, fields: Fields): string {
  const members = Object.entries(fields).map(([field, value]) => `.${field} = ${value}`);
  return `const ${type} ${name} = {${members.join(', ')}};\n`;
}

/** Numbers as members. */
export const integers = (fields: Readonly<Record<string, number | boolean>>): Fields =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cInt(Number(value))]));

/** Puts one value a column into the order in which the kernel reads them. */
export type Layout = (valueAt: (column: number) => number) => number[];

/** How accumulators become integers again: one factor for all columns, or one a column. */
export interface Requantization {
  readonly factors: readonly number[];
  /** `round(acc · factor)` in double, as TFLite's FULLY_CONNECTED does; otherwise what the profile says. */
  readonly inDouble: boolean;
}

/** What becomes of the accumulators of a layer. */
export interface Epilogue {
  readonly output: Tensor;
  readonly activation: Activation;
  readonly requantization: Requantization;
  readonly profile: Profile;
  /** C expression: int32, in the order of `layout`. */
  readonly bias: string;
  readonly layout: Layout;
}

/** The members of a `gemm_epilogue`, with prefix `out.`. */
export function epilogueFields(e: Epilogue, ctx: EmitContext): Fields {
  const { scale, zeroPoint } = parameters(e.output);
  const { min, max } = activationRange(e.activation, scale, zeroPoint, e.output.dtype);
  const fields = {
    bias: e.bias,
    ...requantizationFields(e, ctx),
    ...integers({ zero_point: zeroPoint, low: min, high: max, is_unsigned: e.output.dtype === 'uint8' }),
  };
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [`out.${name}`, value]));
}

function requantizationFields({ requantization, profile, layout }: Epilogue, ctx: EmitContext): Fields {
  const { factors, inDouble } = requantization;
  const pick = (values: readonly number[]) => layout((column) => values[values.length === 1 ? 0 : column]);
  if (inDouble) return { requantize: 'GEMM_DOUBLE', scale: ctx.constant(Float64Array.from(pick(factors))) };
  if (profile === 'xnnpack') {
    return { requantize: 'GEMM_SINGLE', scale_f32: ctx.constant(Float32Array.from(pick(factors))) };
  }
  const multipliers = factors.map(quantizeMultiplier);
  return {
    requantize: shiftKind(multipliers),
    multiplier: ctx.constant(Int32Array.from(pick(multipliers.map((m) => m.multiplier)))),
    shift: ctx.constant(Int32Array.from(pick(multipliers.map((m) => m.shift)))),
  };
}

function shiftKind(multipliers: readonly Multiplier[]): string {
  const most = multipliers.reduce((shift, m) => Math.max(shift, m.shift), -31);
  return most > 0 ? 'GEMM_SHIFT_ANY' : most === 0 ? 'GEMM_SHIFT_RIGHT_OR_NONE' : 'GEMM_SHIFT_RIGHT';
}

/** The clamp of a float result. */
export function floatClamp(activation: Activation): Fields {
  const { min, max } = floatRange(activation);
  return { low: cFloat(min), high: cFloat(max) };
}
