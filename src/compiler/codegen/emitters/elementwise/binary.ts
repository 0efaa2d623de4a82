import { activationInterval, activationRange, floatRange } from '../../../../model/arithmetic/activation.ts';
import { differenceMultipliers, preluMultipliers, quotientMultiplier } from '../../../../model/ops/binary/quantized.ts';
import { type BinaryFamily, type BinaryKind, isRescaling, powerWraps } from '../../../../model/ops/binary.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import { type CompareFamily, type CompareKind, comparedValue, comparesReals } from '../../../../model/ops/compare.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { integerRange, isFloat } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cStruct } from '../../../emission/description.ts';
import { bound, emitPairs, emitRows } from '../loops/broadcast.ts';

/** An expression in x and y, with the constants it names. */
interface Value {
  readonly setup?: string;
  readonly value: string;
}

const FLOAT: Readonly<Record<BinaryKind, string>> = {
  divide: 'x / y',
  floor_divide: 'ig_floor_div_f32(x, y)',
  floor_mod: 'ig_floor_mod_f32(x, y)',
  maximum: 'x > y ? x : y',
  minimum: 'x < y ? x : y',
  power: 'powf(x, y)',
  atan2: 'atan2f(x, y)',
  squared_difference: '(x - y) * (x - y)',
  'nn.prelu': 'x >= 0.0f ? x : x * y',
};

const INTEGER: Readonly<Record<Exclude<BinaryKind, 'nn.prelu' | 'atan2'>, string>> = {
  divide: 'ig_div_s32(x, y)',
  floor_divide: 'ig_floor_div_s32(x, y)',
  floor_mod: 'ig_floor_mod_s32(x, y)',
  maximum: FLOAT.maximum,
  minimum: FLOAT.minimum,
  power: 'ig_power_s32(x, y)',
  squared_difference: FLOAT.squared_difference,
};

/** An expression with the clamp of a DIV without scales. */
function limited(op: OpView<'divide'>, value: string): string {
  const { dtype } = op.outputs[0];
  const { min, max } = isFloat(dtype) ? floatRange(op.attrs.activation) : activationInterval(op.attrs.activation);
  return `ig_limit_${isFloat(dtype) ? 'f32' : 's32'}(${value}, ${bound(min, dtype)}, ${bound(max, dtype)})`;
}

function plain(op: OpView<BinaryKind>): string {
  const { dtype } = op.outputs[0];
  if (op.kind === 'divide') return limited(op as OpView<'divide'>, isFloat(dtype) ? FLOAT.divide : INTEGER.divide);
  if (op.kind === 'atan2' && dtype === 'float64') return 'atan2(x, y)';
  if (isFloat(dtype)) return FLOAT[op.kind];
  if (op.kind === 'power' && powerWraps(op as OpView<'power'>)) return 'ig_wrapping_power_s32(x, y)';
  if (op.kind === 'floor_mod' && dtype === 'int64') return 'ig_floor_mod_s64(x, y)';
  return INTEGER[op.kind as keyof typeof INTEGER];
}

function quantized(op: OpView<BinaryKind>): Value {
  const [a, b] = [operand(op, 0), operand(op, 1)];
  const out = op.outputs[0];
  const { scale, zeroPoint } = parameters(out);
  const offsets = { offset1: -parameters(a).zeroPoint, offset2: -parameters(b).zeroPoint, offset: zeroPoint };
  const [lo, hi] = integerRange(out.dtype);
  if (op.kind === 'divide') {
    const { multiplier: m, shift: s } = quotientMultiplier(op as OpView<'divide'>);
    const { min, max } = activationRange((op as OpView<'divide'>).attrs.activation, scale, zeroPoint, out.dtype);
    const setup = cStruct('ig_quotient', 'p', { ...offsets, m, s, lo: min, hi: max });
    return { setup, value: 'ig_quotient_1(x, y, &p)' };
  }
  const [first, second, output] = differenceMultipliers(op as OpView<'squared_difference'>);
  const setup = cStruct(
    'ig_difference',
    'p',
    offsets,
    { m1: first.multiplier, s1: first.shift, m2: second.multiplier, s2: second.shift },
    { m: output.multiplier, s: output.shift, lo, hi },
  );
  return { setup, value: 'ig_squared_difference_1(x, y, &p)' };
}

function prelu(op: OpView<'nn.prelu'>, ctx: EmitContext): Emission {
  const out = op.outputs[0];
  if (!isRescaling(op.kind, out)) return binary(op, ctx);
  const [x, alpha] = preluMultipliers(op);
  const [zeroX, zeroAlpha] = [0, 1].map((i) => parameters(operand(op, i)).zeroPoint);
  const [lo, hi] = integerRange(out.dtype);
  const setup = cStruct(
    'ig_prelu',
    'p',
    { offset1: -zeroX, offset2: -zeroAlpha, offset: parameters(out).zeroPoint },
    { m1: x.multiplier, s1: x.shift, m2: alpha.multiplier, s2: alpha.shift, lo, hi },
  );
  const name = out.dtype === 'int8' ? 'ig_prelu_s8' : 'ig_prelu_u8';
  return { includes: ['elementwise.h'], body: emitRows(op, ctx, { setup, name, args: ['&p'] }) };
}

function binary(op: OpView<BinaryKind>, ctx: EmitContext): Emission {
  const { setup = '', value } = isRescaling(op.kind, op.outputs[0]) ? quantized(op) : { value: plain(op) };
  const cast = `(${C_TYPES[op.outputs[0].dtype]})(${value})`;
  return { includes: ['pointwise.h'], body: setup + emitPairs(op, ctx, cast) };
}

function addN(op: OpView<'add_n'>, ctx: EmitContext): Emission {
  const sum = op.inputs.map((_, i) => `(${ctx.input(i)})[i]`).join(' + ');
  const n = elements(op.outputs[0].shape);
  return { includes: ['pointwise.h'], body: `for (size_t i = 0; i < ${n}; i++) (${ctx.output(0)})[i] = ${sum};` };
}

const HOLDS: Readonly<Record<CompareKind, string>> = {
  equal: '==',
  not_equal: '!=',
  less: '<',
  less_equal: '<=',
  greater: '>',
  greater_equal: '>=',
  logical_and: '&&',
  logical_or: '||',
};

function comparison(op: OpView<CompareKind>, ctx: EmitContext): Emission {
  const tensors = [operand(op, 0), operand(op, 1)] as const;
  const real = (name: string, i: 0 | 1): string => {
    const { zeroPoint, multiplier } = comparedValue(tensors[i]);
    return `ig_compared(${name}, ${-zeroPoint}, ${multiplier.multiplier}, ${multiplier.shift})`;
  };
  const [x, y] = comparesReals(...tensors) ? [real('x', 0), real('y', 1)] : ['x', 'y'];
  return { includes: ['pointwise.h'], body: emitPairs(op, ctx, `${x} ${HOLDS[op.kind]} ${y}`) };
}

export const binaryEmitters: EmitterTable<BinaryFamily> = {
  divide: binary,
  floor_divide: binary,
  floor_mod: binary,
  maximum: binary,
  minimum: binary,
  power: binary,
  atan2: binary,
  squared_difference: binary,
  'nn.prelu': prelu,
  add_n: addN,
};

export const compareEmitters: EmitterTable<CompareFamily> = {
  equal: comparison,
  not_equal: comparison,
  less: comparison,
  less_equal: comparison,
  greater: comparison,
  greater_equal: comparison,
  logical_and: comparison,
  logical_or: comparison,
};
