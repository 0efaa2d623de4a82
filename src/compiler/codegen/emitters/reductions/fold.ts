import { parameters } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { reducedCount } from '../../../../model/ops/reduce/axes.ts';
import {
  type FoldFamily,
  type FoldKind,
  factorMultiplier,
  isRescaled,
  isSummedOnLine,
  neutral,
  sumLine,
  sumMultiplier,
} from '../../../../model/ops/reduce/fold.ts';
import { type DType, integerRange } from '../../../../model/tensor/dtype.ts';
import { elements, strides } from '../../../../model/tensor/shape.ts';
import { C_TYPES, cFloat, cInt, SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { fillWith } from '../loops/copies.ts';
import { foldLoops, maskOf, reduceRuns } from '../loops/folds.ts';
import { indexed, nest } from '../loops/nest.ts';

/** A value of the type as a C constant. */
function literal(value: number | bigint, dtype: DType): string {
  if (dtype === 'float32') return cFloat(Number(value));
  if (typeof value === 'bigint') return value === -(2n ** 63n) ? 'INT64_MIN' : `${value}ll`;
  return cInt(value);
}

function fold<K extends FoldKind>(op: OpView<K>, ctx: EmitContext): Emission {
  const data = op.inputs[0]!;
  const [out] = op.outputs;
  const mask = maskOf(op);
  const results = elements(out.shape);
  if (isRescaled(op)) {
    if (elements(data.shape) === 0)
      return { includes: [], body: `memset(${ctx.output(0)}, 0, ${results} * sizeof(*out0));` };
    return op.kind === 'sum' ? sumRescaled(op, mask, ctx) : multiplyRescaled(op, mask, ctx);
  }
  const begin = literal(neutral(op.kind, out.dtype), out.dtype);
  const fill = fillWith(0, results, begin, ctx);
  if (elements(data.shape) === 0) return { includes: [], body: fill };
  const first = mask.every(Boolean) ? `*${ctx.output(0)} = *${ctx.input(0)};\n` : fill;
  const start = op.kind === 'max' || op.kind === 'min' ? first : fill;
  const loops = foldLoops(data.shape, mask, `ig_fold_${op.kind}`, data.dtype, ctx.input(0), ctx.output(0));
  return { includes: ['fold.h'], body: start + loops };
}

/** Sums as for MEAN, requantized with the multiplier of SUM. */
function sumRescaled(op: OpView<FoldKind>, mask: readonly boolean[], ctx: EmitContext): Emission {
  const data = op.inputs[0]!;
  const [out] = op.outputs;
  const results = elements(out.shape);
  const count = reducedCount(data.shape, mask);
  const ends = [parameters(out).zeroPoint, ...integerRange(out.dtype)].map(cInt);
  const { scale, bias } = sumLine(data, out, count);
  const { multiplier, shift } = sumMultiplier(data, out);
  const finish = isSummedOnLine(data)
    ? `ig_sum_line_${SUFFIX[out.dtype]}(sums, ${ctx.output(0)}, ${results}, ${[cFloat(scale), cFloat(bias), ...ends].join(', ')});`
    : `ig_mean_${SUFFIX[out.dtype]}(sums, ${ctx.output(0)}, ${results}, ${[cInt(Math.imul(-parameters(data).zeroPoint, count)), multiplier, shift, ...ends].join(', ')});`;
  const body = `int32_t *restrict sums = ${ctx.scratch(results * 4)};
memset(sums, 0, ${results * 4});
${foldLoops(data.shape, mask, 'ig_sum', data.dtype, ctx.input(0), 'sums')}${finish}`;
  return { includes: ['fold.h'], body };
}

/** One result at a time, because the first factor is not requantized. */
function multiplyRescaled(op: OpView<FoldKind>, mask: readonly boolean[], ctx: EmitContext): Emission {
  const data = op.inputs[0]!;
  const [out] = op.outputs;
  const { extents, reduced } = reduceRuns(data.shape, mask);
  const own = strides(extents);
  const pick = (wanted: boolean): number[] => extents.flatMap((_, k) => (reduced[k] === wanted ? [k] : []));
  const [kept, folded] = [pick(false), pick(true)];
  const m = factorMultiplier(data, out, reducedCount(data.shape, mask));
  const rescale = (x: string): string => `ig_requant_s64(${x}, ${m.multiplier}, ${m.shift})`;
  const to = indexed(ctx.output(0), 0, strides(kept.map((k) => extents[k])));
  const from = indexed(
    ctx.input(0),
    0,
    kept.map((k) => own[k]),
  );
  const heads = folded.map((k, i) => `for (int32_t r${i} = 0; r${i} < ${extents[k]}; r${i}++)\n`);
  const at = folded.map((k, i) => `r${i} * (ptrdiff_t)${own[k]}`).join(' + ') || '0';
  const [lo, hi] = integerRange(out.dtype);
  const { zeroPoint } = parameters(data);
  const one = `{
  const ${C_TYPES[data.dtype]} *row = ${from};
  int32_t product = 0, begun = 0;
  ${heads.join('')}{
    const int32_t factor = row[${at}] - ${cInt(zeroPoint)};
    product = begun ? ${rescale('(int64_t)product * factor')} : factor;
    begun = 1;
  }
  *(${to}) = (${C_TYPES[out.dtype]})ig_clamp(${rescale('product')} + ${parameters(out).zeroPoint}, ${lo}, ${hi});
}`;
  return {
    includes: ['arith.h'],
    body: nest(
      kept.map((k) => extents[k]),
      one,
    ),
  };
}

export const foldEmitters: EmitterTable<FoldFamily> = {
  sum: fold,
  prod: fold,
  max: fold,
  min: fold,
  any: fold,
  all: fold,
};
