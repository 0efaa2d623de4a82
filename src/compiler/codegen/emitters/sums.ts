import { activationInterval, activationRange, floatRange, quantizeMultiplier } from '../../../model/ops/arithmetic.ts';
import { parameters } from '../../../model/ops/checks.ts';
import type { OpView, Profile } from '../../../model/ops/definition.ts';
import { productFactor, type SumFamily, shiftsOfSum, sumParameters } from '../../../model/ops/sums.ts';
import { type DType, isQuantizable, itemSize } from '../../../model/tensor/dtype.ts';
import { elements, sameShape, strides } from '../../../model/tensor/shape.ts';
import type { Emission, EmitContext, EmitterTable } from '../emitter.ts';
import { bound, walk } from './broadcast.ts';
import { fitLinearSum } from './linear_sum.ts';
import { indexed, nest } from './loops.ts';
import { cStruct } from './struct.ts';

type Binary = keyof SumFamily;
const SUFFIX: Readonly<Record<string, string>> = {
  ...{ int8: 's8', uint8: 'u8', int16: 's16' },
  ...{ float32: 'f32', int32: 's32', int64: 's64', uint32: 'u32' },
};

/** Whether rows of the type have a kernel in vectors. */
const isHandWritten = (dtype: DType): boolean => itemSize(dtype) === 1 || dtype === 'float32';

function binary(op: OpView<Binary>, ctx: EmitContext): Emission {
  const [a, b] = op.inputs;
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return { includes: [], body: '' };
  const {
    extents,
    steps: [sa, sb],
  } = walk(out.shape, a!.shape, b!.shape);
  const inner = extents.length - 1;
  const outer = strides(extents).slice(0, inner);
  const row = [
    `${indexed(ctx.input(0), 0, sa.slice(0, inner))}, ${sa[inner]}`,
    `${indexed(ctx.input(1), 0, sb.slice(0, inner))}, ${sb[inner]}`,
    indexed(ctx.output(0), 0, outer),
    String(extents[inner]),
  ];
  const { setup, kernel, args } =
    isQuantizable(out.dtype) && out.quantization !== null ? quantized(op, ctx.profile) : plain(op);
  const call = `${kernel}_${SUFFIX[out.dtype]}(${[...row, ...args].join(', ')});`;
  return {
    includes: ['elementwise.h', 'int16.h', 'linear.h'],
    body: setup + nest(extents.slice(0, inner), call),
    // What is broadcast is read again; the other kernels are vectorised by the compiler, which wants rows apart.
    inPlace: [0, 1]
      .filter((i) => isHandWritten(out.dtype) && sameShape(op.inputs[i]!.shape, out.shape))
      .map((operand) => ({ operand, lead: 0 })),
  };
}

/** What the row kernel is called, with which parameters after the row. */
interface Row {
  readonly setup: string;
  readonly kernel: string;
  readonly args: readonly string[];
}

function plain(op: OpView<Binary>): Row {
  const { dtype } = op.outputs[0];
  const range = dtype === 'float32' ? floatRange(op.attrs.activation) : activationInterval(op.attrs.activation);
  return { setup: '', kernel: `ig_${op.kind}`, args: [bound(range.min, dtype), bound(range.max, dtype)] };
}

function quantized(op: OpView<Binary>, profile: Profile): Row {
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
  const linear = itemSize(out.dtype) === 1 ? fitLinearSum(op as OpView<'add' | 'subtract'>, profile, min, max) : null;
  if (linear !== null)
    return { setup: cStruct('ig_linear', 'p', { ...linear, lo: min, hi: max }), kernel: 'ig_linear', args: ['&p'] };
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

export const sumEmitters: EmitterTable<SumFamily> = { add: binary, subtract: binary, multiply: binary };
