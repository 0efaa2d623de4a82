import { clamp } from '../../../model/ops/arithmetic.ts';
import type { OpView } from '../../../model/ops/definition.ts';
import type { OpKind } from '../../../model/ops/kinds.ts';
import { type DType, integerRange } from '../../../model/tensor/dtype.ts';
import { elements, type Shape, strides } from '../../../model/tensor/shape.ts';
import { C_TYPES, cFloat, cInt } from '../c.ts';
import type { EmitContext } from '../emitter.ts';
import { indexed, nest } from './loops.ts';

/** Operands walked together: loops outside, one row inside. A step of 0 stays where it is. */
export interface Walk {
  readonly extents: Shape;
  /** By operand, then by loop. */
  readonly steps: readonly (readonly number[])[];
}

/** The fewest dimensions that walk operands that broadcast to `out` in its order; at least one. */
export function walk(out: Shape, ...operands: readonly Shape[]): Walk {
  const full = operands.map((shape) => {
    const own = strides(shape);
    const lead = out.length - shape.length;
    return out.map((_, k) => (k < lead || shape[k - lead] === 1 ? 0 : own[k - lead]));
  });
  const extents: number[] = [];
  const steps: number[][] = operands.map(() => []);
  out.forEach((n, k) => {
    if (n === 1) return;
    const last = extents.length - 1;
    const runsOn = last >= 0 && steps.every((own, i) => own[last] === n * full[i][k]);
    if (runsOn) extents[last] *= n;
    else extents.push(n);
    steps.forEach((own, i) => {
      own[runsOn ? last : last + 1] = full[i][k];
    });
  });
  return extents.length > 0 ? { extents, steps } : { extents: [1], steps: operands.map(() => [1]) };
}

/** A bound of an activation as a constant of the type; what the type cannot reach is its own limit. */
export function bound(x: number, dtype: DType): string {
  if (dtype === 'float32') return cFloat(x);
  const [lo, hi] = integerRange(dtype);
  if (dtype === 'int64' && !Number.isFinite(x)) return x < 0 ? 'INT64_MIN' : 'INT64_MAX';
  const limited = clamp(x, lo, hi);
  return dtype === 'uint32' ? `${limited}u` : cInt(limited);
}

/** A kernel for rows of two operands; it takes a row, then `args`. */
export interface RowKernel {
  /** Constants that `args` name. */
  readonly setup: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** C that calls a kernel on each row of the result: operands with their steps, the result, how many elements. */
export function emitRows(op: OpView<OpKind>, ctx: EmitContext, { setup, name, args }: RowKernel): string {
  const [a, b] = op.inputs;
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return '';
  const {
    extents,
    steps: [sa, sb],
  } = walk(out.shape, a!.shape, b!.shape);
  const inner = extents.length - 1;
  const row = [
    `${indexed(ctx.input(0), 0, sa.slice(0, inner))}, ${sa[inner]}`,
    `${indexed(ctx.input(1), 0, sb.slice(0, inner))}, ${sb[inner]}`,
    indexed(ctx.output(0), 0, strides(extents).slice(0, inner)),
    String(extents[inner]),
  ];
  return setup + nest(extents.slice(0, inner), `${name}(${[...row, ...args].join(', ')});`);
}

/** C that sets every element of the result to `value`, an expression in its operands' elements x and y. */
export function emitPairs(op: OpView<OpKind>, ctx: EmitContext, value: string): string {
  const [a, b] = op.inputs;
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return '';
  const {
    extents,
    steps: [sa, sb],
  } = walk(out.shape, a!.shape, b!.shape);
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
