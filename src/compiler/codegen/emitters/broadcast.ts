import { clamp } from '../../../model/ops/arithmetic.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import type { OpKind } from '../../../model/ops/kinds.ts';
import { type DType, integerRange } from '../../../model/tensor/dtype.ts';
import { elements, type Shape, strides } from '../../../model/tensor/shape.ts';
import { C_TYPES, cFloat, cInt } from '../c.ts';
import type { EmitContext } from '../emitter.ts';
import { indexed, nest } from './loops.ts';

/** Two operands walked together: loops outside, one row inside. */
export interface Walk {
  readonly extents: Shape;
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** The fewest dimensions that walk both broadcast operands in the result's order; at least one. */
export function walk(out: Shape, a: Shape, b: Shape): Walk {
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

/** A bound of an activation as a constant of the type; what the type cannot reach is its own limit. */
export function bound(x: number, dtype: DType): string {
  if (dtype === 'float32') return cFloat(x);
  const [lo, hi] = integerRange(dtype);
  if (dtype === 'int64' && !Number.isFinite(x)) return x < 0 ? 'INT64_MIN' : 'INT64_MAX';
  const limited = clamp(x, lo, hi);
  return dtype === 'uint32' ? `${limited}u` : cInt(limited);
}

/** C that sets every element of the result to `value`, an expression in its operands' elements x and y. */
export function emitPairs(op: OpView<OpKind>, ctx: EmitContext, value: string): string {
  const [a, b] = op.inputs;
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return '';
  const { extents, a: sa, b: sb } = walk(out.shape, a!.shape, b!.shape);
  const inner = extents.length - 1;
  const row = (base: string, steps: readonly number[]): string => indexed(base, 0, steps.slice(0, inner));
  const type = C_TYPES[a!.dtype];
  return nest(
    extents.slice(0, inner),
    `{
  const ${type} *a = ${row(ctx.input(0), sa)}, *b = ${row(ctx.input(1), sb)};
  ${C_TYPES[out.dtype]} *restrict out = ${row(ctx.output(0), strides(extents))};
  for (int32_t i = 0; i < ${extents[inner]}; i++) {
    const ${type} x = a[i * ${sa[inner]}], y = b[i * ${sb[inner]}];
    out[i] = ${value};
  }
}`,
  );
}
