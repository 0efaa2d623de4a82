import { quantizeMultiplier } from '../../../../model/arithmetic/multiplier.ts';
import { sigmoidTable } from '../../../../model/arithmetic/table16.ts';
import type { OpAttrs } from '../../../../model/ops/attrs.ts';
import { operand, parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { leakyMultipliers, reluRange, rescaleFactor, unaryScaling16 } from '../../../../model/ops/unary/quantized.ts';
import { isPlainUnary, type UnaryFamily, type UnaryKind, unaryTable16 } from '../../../../model/ops/unary.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES, cFloat } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { emitTable, fitsTable } from '../loops/table.ts';

/** Results of operators on a float x; the last ones also on integers. */
const FLOAT: { readonly [K in UnaryKind]: string | ((attrs: OpAttrs[K]) => string) } = {
  'nn.relu': 'x < 0.0f ? 0.0f : x',
  'nn.relu6': 'ig_limit_f32(x, 0.0f, 6.0f)',
  'nn.relu_n1_to_1': 'ig_limit_f32(x, -1.0f, 1.0f)',
  'nn.relu_0_to_1': 'ig_limit_f32(x, 0.0f, 1.0f)',
  'nn.leaky_relu': ({ alpha }) => `x > 0.0f ? x : x * ${cFloat(alpha)}`,
  'nn.elu': 'x < 0.0f ? ig_expm1_f32(x) : x',
  'nn.gelu': ({ approximate }) => (approximate ? 'ig_gelu_tanh_f32(x)' : 'ig_gelu_f32(x)'),
  'nn.hard_swish': 'ig_hard_swish_f32(x)',
  sigmoid: 'ig_sigmoid_f32(x)',
  tanh: 'ig_tanh_f32(x)',
  ceil: 'ceilf(x)',
  floor: 'floorf(x)',
  round: 'rintf(x)',
  cos: 'cosf(x)',
  sin: 'sinf(x)',
  exp: 'ig_exp_f32(x)',
  log: 'logf(x)',
  sqrt: 'sqrtf(x)',
  rsqrt: '1.0f / sqrtf(x)',
  square: 'x * x',
  sign: '(x > 0) - (x < 0)',
  abs: 'fabsf(x)',
  negative: '-x',
  logical_not: '!x',
};

function plainValue(op: OpView<UnaryKind>): string {
  const { dtype } = op.outputs[0];
  if (dtype === 'float16') return 'ig_floor_f16(x)';
  if (op.kind === 'abs' && dtype !== 'float32') return 'x < 0 ? -x : x';
  const value = FLOAT[op.kind] as string | ((attrs: object) => string);
  return typeof value === 'string' ? value : value(op.attrs);
}

/** Results of int16 operators without a kernel. */
function value16(op: OpView<UnaryKind>, ctx: EmitContext): string {
  const factor = rescaleFactor(op);
  if (op.kind === 'abs' && factor === 1) return 'ig_clamp(x < 0 ? -x : x, -32768, 32767)';
  if (op.kind === 'abs') {
    const { multiplier, shift } = quantizeMultiplier(factor);
    return `ig_clamp(ig_requant_s32_tflite(x < 0 ? -x : x, ${multiplier}, ${shift}), -32768, 32767)`;
  }
  if (op.kind === 'nn.leaky_relu') {
    const [above, below] = leakyMultipliers(op as OpView<'nn.leaky_relu'>).map((m) => `${m.multiplier}, ${m.shift}`);
    const sides = [above, below].map((m) => `ig_requant_s32_tflite(x, ${m})`);
    return `ig_clamp(x >= 0 ? ${sides[0]} : ${sides[1]}, -32768, 32767)`;
  }
  if (op.kind === 'sqrt') {
    const [from, to] = [operand(op, 0), op.outputs[0]].map((t) => cFloat(parameters(t).scale));
    return `x < 0 ? -32768 : ig_clamp(ig_cast_s32(sqrtf(${from} * (float)x) / ${to}), -32768, 32767)`;
  }
  return `ig_look_up_s16(x, ${ctx.constant(unaryTable16(op))})`;
}

/** Whether `value` is a chain of dependent operations. */
const isChain = (value: string): boolean => /ig_(exp|expm1|tanh|sigmoid|gelu_tanh)_f32/.test(value);

function each(op: OpView<UnaryKind>, ctx: EmitContext, value: string): string {
  const type = C_TYPES[op.outputs[0].dtype];
  return `${isChain(value) ? 'IG_SIDE_BY_SIDE\n' : ''}for (size_t i = 0; i < ${elements(op.outputs[0].shape)}; i++) {
  const ${type} x = (${ctx.input(0)})[i];
  (${ctx.output(0)})[i] = (${type})(${value});
}`;
}

function unary16(op: OpView<UnaryKind>, ctx: EmitContext): Emission {
  const out = op.outputs[0];
  const args = [ctx.input(0), ctx.output(0), elements(out.shape)];
  if (op.kind === 'sigmoid' || op.kind === 'tanh') {
    const { multiplier, shift } = unaryScaling16(op as OpView<'sigmoid' | 'tanh'>);
    const call = `ig_${op.kind}_s16(${[...args, multiplier, shift, ctx.constant(sigmoidTable)].join(', ')});`;
    return { includes: ['int16.h'], body: call };
  }
  if (op.kind !== 'nn.relu' && op.kind !== 'nn.relu6')
    return { includes: ['int16.h', 'pointwise.h'], body: each(op, ctx, value16(op, ctx)) };
  const { multiplier, shift } = quantizeMultiplier(rescaleFactor(op));
  const { min, max } = reluRange(op as OpView<'nn.relu' | 'nn.relu6'>);
  const numbers = [0, multiplier, shift, 0, min, max];
  return { includes: ['quantize.h'], body: `ig_rescale_s16(${[...args, ...numbers].join(', ')});` };
}

function unary(op: OpView<UnaryKind>, ctx: EmitContext): Emission {
  if (fitsTable(op)) return emitTable(op, ctx);
  if (!isPlainUnary(op.kind, op.inputs[0]!)) return unary16(op, ctx);
  return { includes: ['pointwise.h', 'transcendental.h'], body: each(op, ctx, plainValue(op)) };
}

export const unaryEmitters: EmitterTable<UnaryFamily> = {
  'nn.relu': unary,
  'nn.relu6': unary,
  'nn.relu_n1_to_1': unary,
  'nn.relu_0_to_1': unary,
  'nn.leaky_relu': unary,
  'nn.elu': unary,
  'nn.gelu': unary,
  'nn.hard_swish': unary,
  sigmoid: unary,
  tanh: unary,
  abs: unary,
  negative: unary,
  ceil: unary,
  floor: unary,
  round: unary,
  cos: unary,
  sin: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  rsqrt: unary,
  square: unary,
  sign: unary,
  logical_not: unary,
};
