/** Constants of native/kernels/gemm_k_sums_epilogue.h. */
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

/** Fractional bits beyond 16, which the last narrowing takes off: the more, the surer that all levels come out right. */
const EXTRA_BITS = [5, 3, 1, 0] as const;

/** What a panel wider than its matrix has in the columns beyond. */
const NOTHING: TwoStep = { scale: 1, multiplier: 0, offset: 0 };

/**
 * Members of a `gemm_i8` for layers of which every column can be scaled so that TFLite's results come of it, whatever the
 * data; null for others. `bias`: as packed, by column of all groups, each stretched to a panel; `sums` by column.
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
  // Sums that leave int32 wrap.
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
