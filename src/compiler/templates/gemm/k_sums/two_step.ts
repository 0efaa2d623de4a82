/** Constants of GEMM_TWO_STEP (native/kernels/gemm_k_sums_epilogue.h). */
import { activationRange, type Range } from '../../../../model/arithmetic/activation.ts';
import { requantizer } from '../../../../model/arithmetic/multiplier.ts';
import { castInt32, roundAway } from '../../../../model/arithmetic/rounding.ts';
import { parameters } from '../../../../model/ops/checks.ts';
import type { EmitContext } from '../../../emission/context.ts';
import { type Fields, integers } from '../../../emission/description.ts';
import type { GemmLayer } from '../../../lower/layers.ts';
import { LIMIT, type Scaling, scalingOf, type TwoStep, twoStepOf } from '../../epilogue/proofs/two_step.ts';
import { panelStarts } from '../panels.ts';
import type { GemmSchedule } from '../space.ts';
import type { GemmWorkload } from '../workload.ts';

/** Fractional bits beyond 16, removed by the last narrowing. With more bits, more columns have exact constants. */
const EXTRA_BITS = [5, 3, 1, 0] as const;

/** Columns beyond n of a padded panel. */
const NOTHING: TwoStep = { scale: 1, multiplier: 0, offset: 0 };

/**
 * Members of a `gemm_i8` if every column has constants that give TFLite's result for all data; else null. `bias`: as packed, per column
 * of each group, padded to a panel; `sums`: range of the accumulator per column.
 */
export function twoStepFields(
  layer: GemmLayer,
  w: GemmWorkload,
  s: GemmSchedule,
  bias: ArrayLike<number>,
  sums: readonly Range[],
  ctx: EmitContext,
): Fields | null {
  const { output, activation, requantization } = layer;
  // Accumulators beyond int32 wrap.
  const wraps = sums.some((range) => range.min < -LIMIT || range.max >= LIMIT);
  if (requantization === null || wraps) return null;
  const { factors, inDouble } = requantization;
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(activation, scale, zeroPoint, output.dtype);
  const levels = { min: min - zeroPoint, max: max - zeroPoint };
  const rounded = requantizer(ctx.profile, factors);
  const stretched = Math.max(w.n, s.nr);
  const scalings: (Scaling | null)[] = [];
  const scalingAt = (column: number): Scaling | null => {
    const factor = factors[factors.length === 1 ? 0 : column];
    const level = (sum: number) => (inDouble ? castInt32(roundAway(sum * factor)) : rounded(sum, column));
    const own = bias[Math.floor(column / w.n) * stretched + (column % w.n)];
    return scalingOf(level, { factor, bias: own, sums: sums[column], levels });
  };
  const scaled = (extra: number): TwoStep[] | null => {
    const fraction = 2 ** (16 + extra);
    const constants: TwoStep[] = [];
    for (let column = 0; column < layer.columns; column++) {
      if (column === scalings.length) scalings.push(scalingAt(column));
      const scaling = scalings[column];
      const twoStep = scaling && twoStepOf(scaling, zeroPoint, { fraction, most: 2 ** 30 });
      if (twoStep === null) return null;
      constants.push(twoStep);
    }
    return constants;
  };
  const found = EXTRA_BITS.map((extra) => ({ extra, columns: scaled(extra) })).find(({ columns }) => columns !== null);
  if (!found?.columns) return null;
  const { extra, columns } = found;
  const panels = Array.from({ length: w.groups }, (_, group) =>
    panelStarts(w.n, s.nr).map((start) =>
      Array.from({ length: s.nr }, (_, v) => (start + v < w.n ? columns[group * w.n + start + v] : NOTHING)),
    ),
  ).flat();
  const constants = panels.flatMap((panel) => [
    ...panel.map((twoStep) => Math.log2(twoStep.scale)),
    ...panel.map((twoStep) => twoStep.multiplier),
    ...panel.map((twoStep) => twoStep.offset),
  ]);
  return {
    'out.requantize': 'GEMM_TWO_STEP',
    'out.two_step': ctx.constant(Int32Array.from(constants)),
    'out.low': String(min),
    'out.high': String(max),
    ...integers({ 'out.is_unsigned': output.dtype === 'uint8', 'out.extra_bits': extra }),
  };
}
