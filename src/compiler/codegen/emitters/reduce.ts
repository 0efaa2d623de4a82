import { InputError } from '../../../errors.ts';
import { integers, parameters, resolveAxis } from '../../../model/ops/checks.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import { meanMultiplier, type ReduceFamily } from '../../../model/ops/reduce.ts';
import { integerRange } from '../../../model/tensor/dtype.ts';
import { elements, type Shape, strides } from '../../../model/tensor/shape.ts';
import type { EmitterTable } from '../emitter.ts';
import { indexed, nest } from './loops.ts';

const SUFFIX: Readonly<Record<string, string>> = {
  ...{ int8: 's8', uint8: 'u8', int16: 's16', int32: 's32', int64: 's64', float32: 'f32' },
};
/** The C type of a sum, and its size. */
const SUMS: Readonly<Record<string, readonly [string, number]>> = {
  ...{ int8: ['int32_t', 4], uint8: ['int32_t', 4], int16: ['int32_t', 4] },
  ...{ int32: ['int64_t', 8], int64: ['int64_t', 8], float32: ['float', 4] },
};

/** Runs of neighbouring dimensions that are all reduced or all kept, outermost first; at least one. */
function runs(shape: Shape, mask: readonly boolean[]): { extents: number[]; reduced: boolean[] } {
  const extents: number[] = [];
  const reduced: boolean[] = [];
  shape.forEach((n, d) => {
    if (n === 1) return;
    if (extents.length > 0 && reduced.at(-1) === mask[d]) extents[extents.length - 1] *= n;
    else {
      extents.push(n);
      reduced.push(mask[d]);
    }
  });
  return extents.length > 0 ? { extents, reduced } : { extents: [1], reduced: [false] };
}

function mask(op: OpView<'mean'>): boolean[] {
  const { shape } = op.inputs[0]!;
  const axes = integers(op.inputs[1]);
  if (axes === null) throw new InputError('its axes are only known when the model runs');
  const at = new Set(axes.map((axis) => resolveAxis(axis, shape.length)));
  return shape.map((_, d) => at.has(d));
}

export const reduceEmitters: EmitterTable<ReduceFamily> = {
  mean: (op, ctx) => {
    const data = op.inputs[0]!;
    const out = op.outputs[0];
    const results = elements(out.shape);
    const isReduced = mask(op);
    const count = elements(data.shape.filter((_, d) => isReduced[d]));
    const suffix = SUFFIX[data.dtype];
    const [type, size] = SUMS[data.dtype];
    if (elements(data.shape) === 0) {
      const nan = `for (size_t i = 0; i < ${results}; i++) ${ctx.output(0)}[i] = __builtin_nanf("");`;
      return {
        includes: [],
        body: out.dtype === 'float32' ? nan : `memset(${ctx.output(0)}, 0, ${results} * sizeof(*out0));`,
      };
    }
    const { extents, reduced } = runs(data.shape, isReduced);
    const inner = extents.length - 1;
    const steps = strides(extents.map((n, k) => (reduced[k] ? 1 : n))).map((step, k) => (reduced[k] ? 0 : step));
    const sums = ctx.scratch(results * size);
    const from = indexed(ctx.input(0), 0, strides(extents).slice(0, inner));
    const to = indexed('sums', 0, steps.slice(0, inner));
    const add = `ig_sum_${reduced[inner] ? 'along' : 'across'}_${suffix}(${to}, ${from}, ${extents[inner]});`;
    const body = [
      `${type} *restrict sums = ${sums};\n`,
      `memset(sums, 0, ${results * size});\n`,
      nest(extents.slice(0, inner), add),
      `ig_mean_${suffix}(sums, ${ctx.output(0)}, ${results}, ${divide(op, count)});`,
    ];
    return { includes: ['reduce.h'], body: body.join('') };
  },
};

/** What the division of the sums is told. */
function divide(op: OpView<'mean'>, count: number): string {
  const data = op.inputs[0]!;
  const out = op.outputs[0];
  if (!['int8', 'uint8', 'int16'].includes(out.dtype)) return String(count);
  const { multiplier, shift } = meanMultiplier(data, out, count);
  const bias = Math.imul(-parameters(data).zeroPoint, count);
  return [bias, multiplier, shift, parameters(out).zeroPoint, ...integerRange(out.dtype)].join(', ');
}
