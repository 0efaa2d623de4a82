import { operand } from '../../../../model/ops/checks.ts';
import type { OpView } from '../../../../model/ops/definition.ts';
import { bilinearTables, type Interpolation, nearestTables, type ResizeFamily } from '../../../../model/ops/resize.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitContext, EmitterTable } from '../../../emission/context.ts';
import { cStruct } from '../../../emission/description.ts';
import { known } from '../known.ts';

type Table = Parameters<EmitContext['constant']>[0];

/** `call`: the kernel's name and its arguments between the description and the tables. */
function emit(op: OpView<keyof ResizeFamily>, ctx: EmitContext, call: () => Call): Emission {
  known(op.inputs[1]!.data, op);
  if (elements(op.outputs[0].shape) === 0) return { includes: [], body: '' };
  const [batches, in_h, in_w, channels] = operand(op, 0).shape;
  const [, out_h, out_w] = op.outputs[0].shape;
  const size = cStruct('ig_resize', 's', { batches, in_h, in_w, channels, out_h, out_w });
  const { kernel, numbers, tables } = call();
  const args = [ctx.input(0), ctx.output(0), '&s', ...numbers, ...tables.map((table) => ctx.constant(table))];
  return { includes: ['bilinear.h'], body: `${size}${kernel}(${args.join(', ')});\n` };
}

/** A kernel with its arguments after the description of the sizes. */
interface Call {
  readonly kernel: string;
  readonly numbers: readonly (string | number)[];
  readonly tables: readonly Table[];
}

/** How many fractions of the kind the kernels of 16 bits count with: all weights of a pixel together. */
const EXACT_BITS = 8;

/** The least k such that all fractions are multiples of 2^-k; more than `EXACT_BITS` if there is none. */
function fractionBits({ fraction }: Interpolation, unit: number): number {
  for (let k = 0; k <= EXACT_BITS; k++) {
    if (fraction.every((value) => Number.isInteger((value / unit) * 2 ** k))) return k;
  }
  return EXACT_BITS + 1;
}

/** Kernels that interpolate whole rows first are faster if input rows are not much wider than output rows. */
function bilinear(op: OpView<'image.resize_bilinear'>, ctx: EmitContext): Call {
  const { dtype, shape } = op.outputs[0];
  const [, , width, channels] = operand(op, 0).shape;
  const axes = bilinearTables(op);
  const tables = axes.flatMap((axis): Table[] => [axis.low, axis.high, axis.fraction]);
  const suffix = SUFFIX[dtype];
  if (dtype === 'int16' || width > 2 * shape[2]) return { kernel: `ig_bilinear_${suffix}`, numbers: [], tables };
  const unit = dtype === 'int8' ? 1024 : 1;
  const row = width * channels;
  const bits = fractionBits(axes[0], unit);
  if (dtype !== 'float32' && bits + fractionBits(axes[1], unit) <= EXACT_BITS) {
    const units = [2 ** bits, 2 ** (EXACT_BITS - bits)];
    const counted = axes.flatMap(({ low, high, fraction }, k): Table[] => {
      const weights = Int16Array.from(fraction, (value) => (value / unit) * units[k]);
      return [low, high, weights];
    });
    return { kernel: `ig_bilinear_exact_${suffix}`, numbers: [ctx.scratch(row * 2), ...units], tables: counted };
  }
  const rows = ctx.scratch(row * (dtype === 'int8' ? 4 : 8));
  return { kernel: `ig_bilinear_rows_${suffix}`, numbers: [rows, unit, unit], tables };
}

export const resizeEmitters: EmitterTable<ResizeFamily> = {
  'image.resize_bilinear': (op, ctx) => emit(op, ctx, () => bilinear(op, ctx)),
  'image.resize_nearest': (op, ctx) =>
    emit(op, ctx, () => {
      const { shape, dtype } = op.outputs[0];
      return { kernel: 'ig_nearest', numbers: [shape[3] * itemSize(dtype)], tables: nearestTables(op) };
    }),
};
