import { quantizeMultiplier } from '../../../../model/arithmetic/multiplier.ts';
import { parameters } from '../../../../model/ops/checks.ts';
import type { QuantizeFamily } from '../../../../model/ops/quantize.ts';
import { requantizeFactor } from '../../../../model/ops/quantize.ts';
import { integerRange } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import type { Tensor } from '../../../../model/tensor/tensor.ts';
import { cFloat, cInt, SUFFIX } from '../../../emission/c.ts';
import type { EmitContext, EmitterTable } from '../../../emission/context.ts';
import { nest } from '../loops/nest.ts';
import { emitTable, fitsTable } from '../loops/table.ts';

/**
 * Calls `call` for every contiguous range of a tensor with one scale (the whole tensor, or each slice along its axis), with C expressions
 * of its start and length.
 */
function eachScale(
  tensor: Tensor,
  constant: EmitContext['constant'],
  call: (at: string, n: number, scale: string, zeroPoint: string) => string,
): string {
  const { scales, zeroPoints, axis } = tensor.quantization!;
  const total = elements(tensor.shape);
  if (scales.length === 1) return call('0', total, cFloat(scales[0]), String(zeroPoints[0]));
  const inner = elements(tensor.shape.slice(axis + 1));
  const outer = elements(tensor.shape.slice(0, axis));
  const declare = `const float *scales = ${constant(Float32Array.from(scales))};
const int32_t *zero_points = ${constant(Int32Array.from(zeroPoints))};
`;
  const at = `(i0 * (size_t)${scales.length} + i1) * ${inner}`;
  return declare + nest([outer, scales.length], call(at, inner, 'scales[i1]', 'zero_points[i1]'));
}

export const quantizeEmitters: EmitterTable<QuantizeFamily> = {
  'qnn.quantize': (op, ctx) => {
    const [out] = op.outputs;
    const [lo, hi] = integerRange(out.dtype);
    const body = eachScale(
      out,
      ctx.constant,
      (at, n, scale, zeroPoint) =>
        `ig_quantize_${SUFFIX[out.dtype]}(${ctx.input(0)} + ${at}, ${ctx.output(0)} + ${at}, ${n}, ${scale}, ${zeroPoint}, ${lo}, ${hi});`,
    );
    return { includes: ['quantize.h'], body };
  },
  'qnn.dequantize': (op, ctx) => {
    const data = op.inputs[0]!;
    const n = elements(data.shape);
    const body =
      data.dtype === 'float16'
        ? `ig_dequantize_f16(${ctx.input(0)}, ${ctx.output(0)}, ${n});`
        : eachScale(
            data,
            ctx.constant,
            (at, count, scale, zeroPoint) =>
              `ig_dequantize_${SUFFIX[data.dtype]}(${ctx.input(0)} + ${at}, ${ctx.output(0)} + ${at}, ${count}, ${scale}, ${zeroPoint});`,
          );
    return { includes: ['quantize.h'], body };
  },
  'qnn.requantize': (op, ctx) => {
    const data = op.inputs[0]!;
    const out = op.outputs[0];
    if (fitsTable(op)) return emitTable(op, ctx);
    const { multiplier, shift } = quantizeMultiplier(requantizeFactor(op));
    const [lo, hi] = integerRange(out.dtype);
    const numbers = [-parameters(data).zeroPoint, multiplier, shift, parameters(out).zeroPoint, lo, hi].map(cInt);
    const args = [ctx.input(0), ctx.output(0), elements(out.shape), ...numbers];
    const name = `ig_requantize_${SUFFIX[data.dtype]}_${SUFFIX[out.dtype]}`;
    return { includes: ['quantize.h'], body: `${name}(${args.join(', ')});` };
  },
};
