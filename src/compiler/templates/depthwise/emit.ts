/** The C of depthwise layers: native/kernels/depthwise.h. */
import { parameters } from '../../../model/ops/checks.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import type { DepthwiseLayer } from '../../lower/layers.ts';
import { epilogueFields, floatClamp, type Layout } from '../epilogue/fields.ts';
import type { Chosen } from '../template.ts';
import { issueOrderFields } from './issue_order.ts';
import { kernelOf } from './kernels.ts';
import { type PackedDepthwise, packDepthwise } from './pack.ts';
import { isWhole, type RowSource, rowSourceOf } from './rows.ts';
import type { DepthwiseSchedule } from './space.ts';
import { windowsOf } from './windows.ts';
import { type DepthwiseWorkload, itemOf } from './workload.ts';

const POINTER_BYTES = 8;

/** The C of a layer. */
export function emitDepthwise(
  layer: DepthwiseLayer,
  { workload: w, schedule: s }: Chosen<DepthwiseWorkload, DepthwiseSchedule>,
  ctx: EmitContext,
): Emission {
  const rows = rowSourceOf(w, s);
  const packed = packDepthwise(layer.weights, w, s.kernel, zeroPointOf(layer));
  const bias = ctx.constant(packed.bias);
  const { twoStep } = w.weights;
  const ordered = s.issueOrdered && twoStep !== null ? issueOrderFields(layer, twoStep, ctx) : {};
  const fields: Fields = {
    ...windowFields(layer, w, s, rows),
    fits16: String(Number(layer.requantization !== null && fits16(packed.largest, layer.requantization.factors))),
    ...{ twice: `0x${packed.twice.toString(16)}ull`, cuts: `0x${packed.cuts.toString(16)}ull` },
    ...{ weights: ctx.constant(packed.weights), ...ordered },
    ...(s.issueOrdered && twoStep !== null && stepFields(w, s, ctx)),
    ...resultFields(layer, bias, ctx),
  };
  const groups = w.images * Math.ceil(w.output[0] / s.rows);
  const range = ctx.steps(groups, groups).join(', ');
  const scratch = rows.elements > 0 ? ctx.scratch(rows.elements * itemOf(w)) : 'NULL';
  return {
    includes: [kernelOf(s.kernel).header],
    body: `${cDescription('depthwise', 'd', fields)}${runOf(w, s, rows)}(&d, ${ctx.input(0)}, ${scratch}, ${ctx.output(0)}, ${range});\n`,
    inPlace: rows.lead === null ? [] : [{ operand: 0, lead: rows.lead }],
  };
}

/** The function of native/kernels that computes a layer. */
function runOf(w: DepthwiseWorkload, s: DepthwiseSchedule, { from }: RowSource): string {
  if (from === 'windows') return 'depthwise_run_windows';
  return isWhole(w, s) ? 'depthwise_run_whole' : `depthwise_run_${s.kernel}`;
}

const zeroPointOf = ({ data, requantization }: DepthwiseLayer): number =>
  requantization === null ? 0 : parameters(data).zeroPoint;

/** Members for the window and the schedule. */
function windowFields(layer: DepthwiseLayer, w: DepthwiseWorkload, s: DepthwiseSchedule, rows: RowSource): Fields {
  const { groups: _, ...window } = layer.shape;
  const zeroPoint = zeroPointOf(layer);
  // Kernels that multiply int8 read uint8 as x - 128 from the ring.
  const { signed, ring } = kernelOf(s.kernel);
  const flips = signed && w.data === 'uint8' && rows.from !== 'windows';
  return integers({
    ...{ ...window, batch: layer.batch, multiplier: layer.multiplier, is_float: layer.requantization === null },
    ...{ rows: s.rows, pixels: s.pixels, reload: s.reload },
    ...{ ringed: rows.from === 'ring', ring_w: rows.width, ring_items: ring === 'quads' ? 4 : 1, whole: isWhole(w, s) },
    fill: (flips ? zeroPoint ^ 128 : zeroPoint) & 255,
  });
}

/** Members for steps in issue order: their counts, and the table of window pointers. */
function stepFields(w: DepthwiseWorkload, s: DepthwiseSchedule, ctx: EmitContext): Fields {
  const windows = windowsOf(w);
  const pointers = 3 * (windows.steps * s.rows + 1);
  return { ...integers({ ...windows }), windows: `(const int8_t **)${ctx.scratch(pointers * POINTER_BYTES)}` };
}

/** Members of the epilogue. */
function resultFields(layer: DepthwiseLayer, bias: string, ctx: EmitContext): Fields {
  const { output, activation, requantization } = layer;
  if (requantization === null) return { bias, ...floatClamp(activation) };
  const outs = layer.shape.channels * layer.multiplier;
  const layout: Layout = (valueAt) => Array.from({ length: outs }, (_, c) => valueAt(c));
  return epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout }, ctx);
}

/** Whether every requantized accumulator is in int16, roundings included. */
function fits16(largest: PackedDepthwise['largest'], factors: readonly number[]): boolean {
  return largest.every((sum, c) => sum < 2 ** 31 && sum * factors[factors.length === 1 ? 0 : c] < 32766);
}
