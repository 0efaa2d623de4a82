/** The C of layers with constant weights: native/kernels/gemm*.h and conv.h. */
import { parameters } from '../../../model/ops/checks.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import { leadOf } from '../../emission/lead.ts';
import type { GemmLayer } from '../../lower/layers.ts';
import { centeredRange, epilogueFields, floatClamp, type Layout, NO_CLAMP } from '../epilogue/fields.ts';
import type { Chosen } from '../template.ts';
import { bandFields, gatherBytes, kernelC, packedDepthOf, packedFields, tileFields } from './description.ts';
import { twoStepFields } from './k_sums/two_step.ts';
import { overlapSteps } from './overlap.ts';
import { type PackedWeights, packGemm, perColumn, sumRanges } from './pack.ts';
import type { GemmSchedule } from './space.ts';
import { depthOf, type GemmWorkload, rowsOf } from './workload.ts';

/** The range of `times` · ceil(total / size) outer steps; the last step of each `total` overlaps the one before. */
function stepsOf(total: number, size: number, times: number, ctx: EmitContext): string {
  const count = Math.ceil(total / size);
  const ragged = total % size !== 0;
  if (ragged && times > 1) return ctx.steps(count * times, times, count).join(', ');
  return ctx.steps(count * times, ragged ? Math.max(1, count - 1) : count * times).join(', ');
}

/** Members of the epilogue. */
function epilogueOf(
  layer: GemmLayer,
  { workload: w, schedule: s }: Chosen<GemmWorkload, GemmSchedule>,
  packed: PackedWeights,
  bias: string,
  ctx: EmitContext,
): Fields {
  const { output, activation, requantization } = layer;
  if (requantization === null) return { bias, ...(layer.infinite ? NO_CLAMP : floatClamp(activation)) };
  const sums = sumRanges(layer.weights, layer.columns, depthOf(w), 1, centeredRange(layer.data));
  const levels = packed.kSums && twoStepFields(layer, w, s, packed.bias, sums, ctx);
  const layout: Layout = (valueAt) => perColumn(valueAt, w, s);
  return (
    levels ?? epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout, sums }, ctx)
  );
}

/** The C of a layer. */
export function emitGemm(layer: GemmLayer, chosen: Chosen<GemmWorkload, GemmSchedule>, ctx: EmitContext): Emission {
  const { workload: w, schedule: s } = chosen;
  const float = layer.requantization === null;
  const zeroPoint = float ? 0 : parameters(layer.data).zeroPoint;
  const packed = packGemm(w, s, layer.weights, zeroPoint);
  const pitches = { lda: s.band === 0 ? depthOf(w) : packedDepthOf(w, s), ldc: layer.columns };
  const type = float ? 'f32' : 'i8';
  const bias = ctx.constant(packed.bias);
  const g = cDescription(`gemm_${type}`, 'g', {
    ...tileFields(w, s, ctx.target, pitches),
    ...(float ? { weights: ctx.constant(packed.weights) } : packedFields(s, packed, ctx)),
    ...epilogueOf(layer, chosen, packed, bias, ctx),
  });
  const [from, to] = float
    ? [ctx.input(0), ctx.output(0)]
    : [`(const uint8_t *)${ctx.input(0)}`, `(uint8_t *)${ctx.output(0)}`];
  const overlap = overlapSteps(w, s);
  const call = s.band === 0 ? rowsCall(w, s, packed, ctx) : convCall(layer, w, s, zeroPoint, ctx);
  return {
    ...kernelC([chosen], 'conv', ctx.target),
    body: `${g}${call(from, to)}`,
    inPlace: overlap === null ? [] : [{ operand: 0, lead: leadOf(overlap) }],
  };
}

type Call = (from: string, to: string) => string;

/** A in place. Row sums of A are computed per tile or, if weightsFirst, once for all panels. */
function rowsCall(w: GemmWorkload, s: GemmSchedule, packed: PackedWeights, ctx: EmitContext): Call {
  const summed = packed.rowFactor === 0 ? 0 : s.weightsFirst ? rowsOf(w) : s.mr;
  const rows = ctx.scratch(4 * summed);
  const steps = s.weightsFirst ? stepsOf(w.n, s.nr, 1, ctx) : stepsOf(rowsOf(w), s.mr, 1, ctx);
  const sums = w.data === 'float32' ? '' : ` ${rows},`;
  return (from, to) => `gemm_run_${s.kernel}(&g, ${from},${sums} ${to}, ${steps});\n`;
}

/** A gathered, tile by tile. */
function convCall({ shape }: GemmLayer, w: GemmWorkload, s: GemmSchedule, zeroPoint: number, ctx: EmitContext): Call {
  const fields = { ...integers({ ...shape, fill: zeroPoint & 255, images: w.images }), ...bandFields(w, s) };
  const bytes = gatherBytes(w, s);
  const [copy, rows] = [ctx.scratch(bytes.copy), ctx.scratch(bytes.rows)];
  const steps = stepsOf(w.output[0], s.band, w.images, ctx);
  return (from, to) =>
    `${cDescription('conv_shape', 's', fields)}conv_run_${s.kernel}(&g, &s, ${from}, ${copy}, ${rows}, ${to}, ${steps});\n`;
}
