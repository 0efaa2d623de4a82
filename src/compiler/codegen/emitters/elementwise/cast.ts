import { type CastFamily, fakeScale, overflowOf } from '../../../../model/ops/cast.ts';
import { type DType, integerRange, isFloat } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { C_TYPES, cFloat, cInt } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';

/** C expression: `x`, of a C arithmetic type, converted to an element of `to`. */
function converted(x: string, from: DType, to: DType): string {
  if (to === 'bool') return `${x} != 0`;
  if (to === 'float16') return `ig_float_to_half((float)${x})`;
  if (!isFloat(from) || isFloat(to)) return x;
  const overflow = overflowOf(from, to);
  if (overflow.rule === 'wrap') return `ig_cast_wrap_${overflow.via === 'int64' ? 's64' : 's32'}(${x})`;
  return `ig_cast_saturate(${[x, ...integerRange(to).map(cInt), cInt(overflow.nan)].join(', ')})`;
}

export const castEmitters: EmitterTable<CastFamily> = {
  cast: (op, ctx) => {
    const [from, to] = [op.inputs[0]!.dtype, op.outputs[0].dtype];
    const element = `${ctx.input(0)}[i]`;
    const x = from === 'float16' ? `ig_half_to_float(${element})` : element;
    const value = from === to ? element : converted(x, from, to);
    const n = elements(op.outputs[0].shape);
    const body = `for (size_t i = 0; i < ${n}; i++) ${ctx.output(0)}[i] = (${C_TYPES[to]})(${value});`;
    return { includes: ['cast.h'], body };
  },
  fake_quant: (op, ctx) => {
    const { min, max, scale, inverse } = fakeScale(op.attrs);
    const args = [`${ctx.input(0)}[i]`, ...[min, max, scale, inverse].map(cFloat)];
    const n = elements(op.outputs[0].shape);
    const body = `for (size_t i = 0; i < ${n}; i++) ${ctx.output(0)}[i] = ig_fake_quant(${args.join(', ')});`;
    return { includes: ['cast.h'], body };
  },
};
