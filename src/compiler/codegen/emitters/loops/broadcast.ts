import { clamp } from '../../../../model/arithmetic/rounding.ts';
import type { OpKind } from '../../../../model/ops/attrs.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { type DType, integerRange } from '../../../../model/tensor/dtype.ts';
import { elements, type Shape, strides } from '../../../../model/tensor/shape.ts';
import { C_TYPES, cFloat, cInt } from '../../../emission/c.ts';
import type { EmitContext } from '../../../emission/context.ts';
import { indexed, nest } from './nest.ts';

/** Common iteration over broadcast operands: outer loops and one inner row. Step 0: broadcast. */
export interface Walk {
  readonly extents: Shape;
  /** By operand, then by loop. */
  readonly steps: readonly (readonly number[])[];
}

/** The fewest dimensions that iterate over operands broadcast to `out`, in its order; at least one. */
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

/** A bound of an activation as a constant of the type, clamped to its range. */
export function bound(x: number, dtype: DType): string {
  if (dtype === 'float32') return cFloat(x);
  const [lo, hi] = integerRange(dtype);
  if (dtype === 'int64' && !Number.isFinite(x)) return x < 0 ? 'INT64_MIN' : 'INT64_MAX';
  const limited = clamp(x, lo, hi);
  return dtype === 'uint32' ? `${limited}u` : cInt(limited);
}

/** The rows of a binary operator's result. */
interface Rows {
  /** Extents of the loops around a row. */
  readonly outer: Shape;
  readonly length: number;
  /** Start of each operand's row, and its element stride. */
  readonly operands: readonly { readonly start: string; readonly step: number }[];
  readonly result: string;
}

function rowsOf(op: OpView<OpKind>, ctx: EmitContext): Rows {
  const { extents, steps } = walk(op.outputs[0].shape, op.inputs[0]!.shape, op.inputs[1]!.shape);
  const inner = extents.length - 1;
  const start = (base: string, own: readonly number[]): string => indexed(base, 0, own.slice(0, inner));
  return {
    outer: extents.slice(0, inner),
    length: extents[inner],
    operands: steps.map((own, i) => ({ start: start(ctx.input(i), own), step: own[inner] })),
    result: start(ctx.output(0), strides(extents)),
  };
}

/** A kernel for rows of two operands, with its further arguments `args`. */
export interface RowKernel {
  /** Constants that `args` name. */
  readonly setup: string;
  readonly name: string;
  readonly args: readonly string[];
}

/** C that calls a kernel on each row: operands with strides, result, number of elements. */
export function emitRows(op: OpView<OpKind>, ctx: EmitContext, { setup, name, args }: RowKernel): string {
  if (elements(op.outputs[0].shape) === 0) return '';
  const { outer, length, operands, result } = rowsOf(op, ctx);
  const row = [...operands.map(({ start, step }) => `${start}, ${step}`), result, length, ...args];
  return setup + nest(outer, `${name}(${row.join(', ')});`);
}

/** C that sets every element of the result to `value`, an expression in its operands' elements x and y. */
export function emitPairs(op: OpView<OpKind>, ctx: EmitContext, value: string): string {
  const out = op.outputs[0];
  if (elements(out.shape) === 0) return '';
  const { outer, length, operands, result } = rowsOf(op, ctx);
  const [a, b] = operands;
  const type = C_TYPES[op.inputs[0]!.dtype];
  return nest(
    outer,
    `{
  const ${type} *a = ${a.start}, *b = ${b.start};
  ${C_TYPES[out.dtype]} *restrict out = ${result};
  for (int32_t i = 0; i < ${length}; i++) {
    const ${type} x = a[i * ${a.step}], y = b[i * ${b.step}];
    out[i] = ${value};
  }
}`,
  );
}
