import { activationInterval, activationRange, floatRange } from '../../../../model/arithmetic/activation.ts';
import { type Profile, quantizeMultiplier } from '../../../../model/arithmetic/multiplier.ts';
import { parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { productFactor, type SumFamily, shiftsOfSum, sumParameters } from '../../../../model/ops/sums.ts';
import { type DType, isQuantizable, itemSize } from '../../../../model/tensor/dtype.ts';
import { sameShape } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cStruct } from '../../../emission/description.ts';
import { bound, emitRows, type RowKernel } from '../loops/broadcast.ts';
import { fitLinearSum } from './linear_sum.ts';

type Binary = keyof SumFamily;

/** Whether rows of the type have a NEON kernel. */
const isHandWritten = (dtype: DType): boolean => itemSize(dtype) === 1 || dtype === 'float32';

function binary(op: OpView<Binary>, ctx: EmitContext): Emission {
  const out = op.outputs[0];
  const scaled = isQuantizable(out.dtype) && out.quantization !== null;
  return {
    includes: ['elementwise.h', 'int16.h', 'linear.h'],
    body: emitRows(op, ctx, scaled ? quantized(op, ctx.profile) : plain(op)),
    // A broadcast operand is read again; other kernels are vectorised by the compiler, which requires disjoint rows.
    inPlace: [0, 1]
      .filter((i) => isHandWritten(out.dtype) && sameShape(op.inputs[i]!.shape, out.shape))
      .map((operand) => ({ operand, lead: 0 })),
  };
}

const kernel = (setup: string, name: string, dtype: DType, ...args: readonly (string | number)[]): RowKernel => ({
  setup,
  name: `${name}_${SUFFIX[dtype]}`,
  args: args.map(String),
});

function plain(op: OpView<Binary>): RowKernel {
  const { dtype } = op.outputs[0];
  const range = dtype === 'float32' ? floatRange(op.attrs.activation) : activationInterval(op.attrs.activation);
  return kernel('', `ig_${op.kind}`, dtype, bound(range.min, dtype), bound(range.max, dtype));
}

function quantized(op: OpView<Binary>, profile: Profile): RowKernel {
  const [a, b] = [op.inputs[0]!, op.inputs[1]!];
  const out = op.outputs[0];
  const { scale, zeroPoint } = parameters(out);
  const { min, max } = activationRange(op.attrs.activation, scale, zeroPoint, out.dtype);
  const offsets = { offset1: -parameters(a).zeroPoint, offset2: -parameters(b).zeroPoint };
  const ends = { offset: zeroPoint, lo: min, hi: max };
  if (op.kind === 'multiply') {
    const { multiplier, shift } = quantizeMultiplier(productFactor(a, b, out));
    const setup = cStruct('ig_product', 'p', offsets, { m: multiplier, s: shift }, ends);
    return kernel(setup, 'ig_product', out.dtype, '&p');
  }
  const linear = itemSize(out.dtype) === 1 ? fitLinearSum(op as OpView<'add' | 'subtract'>, profile, min, max) : null;
  if (linear !== null)
    return kernel(cStruct('ig_linear', 'p', { ...linear, lo: min, hi: max }), 'ig_linear', out.dtype, '&p');
  const minus = op.kind === 'subtract' ? '1' : '0';
  const shifts = shiftsOfSum(op as OpView<'add' | 'subtract'>);
  if (shifts !== null) return kernel('', 'ig_shifted_sum', out.dtype, minus, ...shifts, min, max);
  const { leftShift, first, second, output } = sumParameters(a, b, out);
  const setup = cStruct(
    'ig_sum',
    'p',
    { left: leftShift, ...offsets },
    { m1: first.multiplier, s1: first.shift, m2: second.multiplier, s2: second.shift },
    { m: output.multiplier, s: output.shift, ...ends },
  );
  return kernel(setup, 'ig_sum', out.dtype, minus, '&p');
}

export const sumEmitters: EmitterTable<SumFamily> = { add: binary, subtract: binary, multiply: binary };
