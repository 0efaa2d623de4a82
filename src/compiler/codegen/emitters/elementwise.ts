import {
  activationInterval,
  activationRange,
  clamp,
  floatRange,
  quantizeMultiplier,
} from '../../../model/ops/arithmetic.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { type ElementwiseFamily, productFactor, shiftsOfSum, sumParameters } from '../../../model/ops/elementwise.ts';
import { sigmoidTable } from '../../../model/ops/table16.ts';
import { reluActivation, reluFactor, unaryScaling16 } from '../../../model/ops/unary.ts';
import { type DType, integerRange, isQuantizable } from '../../../model/tensor/dtype.ts';
import { elements, type Shape, strides } from '../../../model/tensor/shape.ts';
import { cFloat, cInt } from '../c.ts';
import type { Emission, EmitContext, EmitterTable } from '../emitter.ts';
import { indexed, nest } from './loops.ts';
import { cStruct } from './struct.ts';
import { emitTable, fitsTable } from './table.ts';

type Binary = 'add' | 'subtract' | 'multiply';
const SUFFIX: Readonly<Record<string, string>> = {
  ...{ int8: 's8', uint8: 'u8', int16: 's16' },
  ...{ float32: 'f32', int32: 's32', int64: 's64', uint32: 'u32' },
};

/** Two operands walked together: loops outside, one row inside. */
interface Walk {
  readonly extents: Shape;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** The fewest dimensions that walk both broadcast operands in the result's order; at least one. */
function walk(out: Shape, a: Shape, b: Shape): Walk {
  const steps = (shape: Shape): number[] => {
    const own = strides(shape);
    const lead = out.length - shape.length;
    return out.map((_, k) => (k < lead || shape[k - lead] === 1 ? 0 : own[k - lead]));
  };
  const sa = steps(a);
  const sb = steps(b);
  const extents: number[] = [];
  const as: number[] = [];
  const bs: number[] = [];
  out.forEach((n, k) => {
    const last = extents.length - 1;
    if (n === 1) return;
    if (last >= 0 && as[last] === n * sa[k] && bs[last] === n * sb[k]) {
      extents[last] *= n;
      as[last] = sa[k];
      bs[last] = sb[k];
    } else {
      extents.push(n);
      as.push(sa[k]);
      bs.push(sb[k]);
    }
  });
  return extents.length > 0 ? { extents, a: as, b: bs } : { extents: [1], a: [1], b: [1] };
}

function binary(op: OpView<Binary>, ctx: EmitContext): Emission {
  const [a, b] = op.inputs;
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return { includes: [], body: '' };
  const { extents, a: sa, b: sb } = walk(out.shape, a!.shape, b!.shape);
  const inner = extents.length - 1;
  const outer = strides(extents).slice(0, inner);
  const row = [
    `${indexed(ctx.input(0), 0, sa.slice(0, inner))}, ${sa[inner]}`,
    `${indexed(ctx.input(1), 0, sb.slice(0, inner))}, ${sb[inner]}`,
    indexed(ctx.output(0), 0, outer),
    String(extents[inner]),
  ];
  const { setup, kernel, args } = isQuantizable(out.dtype) && out.quantization !== null ? quantized(op) : plain(op);
  const call = `${kernel}_${SUFFIX[out.dtype]}(${[...row, ...args].join(', ')});`;
  return { includes: ['elementwise.h', 'int16.h'], body: setup + nest(extents.slice(0, inner), call) };
}

/** What the row kernel is called, with which parameters after the row. */
interface Row {
  readonly setup: string;
  readonly kernel: string;
  readonly args: readonly string[];
}

/** A bound of an activation as a constant of the type; what the type cannot reach is its own limit. */
function bound(x: number, dtype: DType): string {
  if (dtype === 'float32') return cFloat(x);
  const [lo, hi] = integerRange(dtype);
  if (dtype === 'int64' && !Number.isFinite(x)) return x < 0 ? 'INT64_MIN' : 'INT64_MAX';
  const limited = clamp(x, lo, hi);
  return dtype === 'uint32' ? `${limited}u` : cInt(limited);
}

function plain(op: OpView<Binary>): Row {
  const { dtype } = op.outputs[0];
  const range = dtype === 'float32' ? floatRange(op.attrs.activation) : activationInterval(op.attrs.activation);
  return { setup: '', kernel: `ig_${op.kind}`, args: [bound(range.min, dtype), bound(range.max, dtype)] };
}

function quantized(op: OpView<Binary>): Row {
  const [a, b] = [op.inputs[0]!, op.inputs[1]!];
  const out = op.outputs[0];
  const { scale, zeroPoint } = parameters(out);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, out.dtype);
  const offsets = { offset1: -parameters(a).zeroPoint, offset2: -parameters(b).zeroPoint };
  const ends = { offset: zeroPoint, lo: min, hi: max };
  if (op.kind === 'multiply') {
    const { multiplier, shift } = quantizeMultiplier(productFactor(a, b, out));
    const setup = cStruct('ig_product', 'p', { ...offsets, m: multiplier, s: shift, ...ends });
    return { setup, kernel: 'ig_product', args: ['&p'] };
  }
  const minus = op.kind === 'subtract' ? '1' : '0';
  const shifts = shiftsOfSum(op as OpView<'add' | 'subtract'>);
  if (shifts !== null)
    return { setup: '', kernel: 'ig_shifted_sum', args: [minus, ...[...shifts, min, max].map(String)] };
  const { leftShift, first, second, output } = sumParameters(a, b, out);
  const setup = cStruct('ig_sum', 'p', {
    left: leftShift,
    ...offsets,
    ...{ m1: first.multiplier, s1: first.shift, m2: second.multiplier, s2: second.shift },
    ...{ m: output.multiplier, s: output.shift },
    ...ends,
  });
  return { setup, kernel: 'ig_sum', args: [minus, '&p'] };
}

type Unary = Exclude<keyof ElementwiseFamily, Binary>;

/** What float operators compute of x. */
const FLOAT: Readonly<Record<Unary, string>> = {
  'nn.relu': 'x < 0.0f ? 0.0f : x',
  'nn.relu6': 'x > 6.0f ? 6.0f : x < 0.0f ? 0.0f : x',
  sigmoid: 'ig_sigmoid_f32(x)',
  tanh: 'tanhf(x)',
};

function unary(op: OpView<Unary>, ctx: EmitContext): Emission {
  if (fitsTable(op)) return emitTable(op, ctx);
  if (op.inputs[0]!.dtype === 'int16') return unary16(op, ctx);
  const n = elements(op.outputs[0].shape);
  const body = `for (size_t i = 0; i < ${n}; i++) {
  const float x = ${ctx.input(0)}[i];
  ${ctx.output(0)}[i] = ${FLOAT[op.kind]};
}`;
  return { includes: ['float.h'], body };
}

function unary16(op: OpView<Unary>, ctx: EmitContext): Emission {
  const out = op.outputs[0];
  const args = [ctx.input(0), ctx.output(0), elements(out.shape)];
  if (op.kind === 'sigmoid' || op.kind === 'tanh') {
    const { multiplier, shift } = unaryScaling16(op as OpView<'sigmoid' | 'tanh'>);
    const call = `ig_${op.kind}_s16(${[...args, multiplier, shift, ctx.constant(sigmoidTable)].join(', ')});`;
    return { includes: ['int16.h'], body: call };
  }
  const relu = op as OpView<'nn.relu' | 'nn.relu6'>;
  const { multiplier, shift } = quantizeMultiplier(reluFactor(relu));
  const { scale, zeroPoint } = parameters(out);
  const { min, max } = activationRange(reluActivation(relu.kind), scale, zeroPoint, out.dtype);
  const numbers = [-parameters(op.inputs[0]!).zeroPoint, multiplier, shift, zeroPoint, min, max];
  return { includes: ['quantize.h'], body: `ig_rescale_s16(${[...args, ...numbers].join(', ')});` };
}

export const elementwiseEmitters: EmitterTable<ElementwiseFamily> = {
  add: binary,
  subtract: binary,
  multiply: binary,
  'nn.relu': unary,
  'nn.relu6': unary,
  sigmoid: unary,
  tanh: unary,
};
