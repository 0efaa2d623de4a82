import { parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { type ReduceFamily, reducedCount } from '../../../../model/ops/reduce/axes.ts';
import { meanMultiplier } from '../../../../model/ops/reduce.ts';
import { integerRange } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';
import { foldLoops, maskOf } from '../loops/folds.ts';
import { foldEmitters } from './fold.ts';

/** The C type of a sum, and its size. */
const SUMS: Readonly<Record<string, readonly [string, number]>> = {
  int8: ['int32_t', 4],
  uint8: ['int32_t', 4],
  int16: ['int32_t', 4],
  int32: ['int64_t', 8],
  int64: ['int64_t', 8],
  float32: ['float', 4],
};

export const reduceEmitters: EmitterTable<ReduceFamily> = {
  mean: (op, ctx) => {
    const data = op.inputs[0]!;
    const out = op.outputs[0];
    const results = elements(out.shape);
    const mask = maskOf(op);
    const count = reducedCount(data.shape, mask);
    const suffix = SUFFIX[data.dtype];
    const [type, size] = SUMS[data.dtype];
    if (elements(data.shape) === 0) {
      const nan = `for (size_t i = 0; i < ${results}; i++) ${ctx.output(0)}[i] = __builtin_nanf("");`;
      return {
        includes: [],
        body: out.dtype === 'float32' ? nan : `memset(${ctx.output(0)}, 0, ${results} * sizeof(*out0));`,
      };
    }
    const sums = ctx.scratch(results * size);
    const body = [
      `${type} *restrict sums = ${sums};\n`,
      `memset(sums, 0, ${results * size});\n`,
      foldLoops(data.shape, mask, 'ig_sum', data.dtype, ctx.input(0), 'sums'),
      `ig_mean_${suffix}(sums, ${ctx.output(0)}, ${results}, ${divide(op, count)});`,
    ];
    return { includes: ['reduce.h'], body: body.join('') };
  },
  ...foldEmitters,
};

/** Arguments of the division of the sums. */
function divide(op: OpView<'mean'>, count: number): string {
  const data = op.inputs[0]!;
  const out = op.outputs[0];
  if (!['int8', 'uint8', 'int16'].includes(out.dtype)) return String(count);
  const { multiplier, shift } = meanMultiplier(data, out, count);
  const bias = Math.imul(-parameters(data).zeroPoint, count);
  return [bias, multiplier, shift, parameters(out).zeroPoint, ...integerRange(out.dtype)].join(', ');
}
