/** Instances of the depthwise templates (native/kernels/depthwise.h). */
import { parameters } from '../../../model/ops/checks.ts';
import { itemSize } from '../../../model/tensor/dtype.ts';
import type { Emission, EmitContext } from '../../emission/context.ts';
import { cDescription, type Fields, integers } from '../../emission/description.ts';
import { leadOf, type Step } from '../../emission/lead.ts';
import type { ConvShape, DepthwiseLayer } from '../../lower/layers.ts';
import { epilogueFields, floatClamp, type Layout } from '../epilogue/epilogue.ts';
import {
  choose,
  DEPTHWISE_SPACE,
  type DepthwiseSchedule,
  type DepthwiseWorkload,
  depthwiseOperands,
  dotQuads,
  packDepthwise,
} from '../index.ts';
import { chainsOf, type Windows, windowsOf } from './chains.ts';

/** Output pixels of a step: DEPTHWISE_PIXELS of depthwise.h. */
const MOST_PIXELS = 4;
const POINTER_BYTES = 8;

/**
 * Whether each row of the result ends before the rows of the data begin that are not in the ring yet: the result may lie
 * over the data then. Output row y is written when rows below y * stride + seen - pad_top are in the ring.
 */
const staysBehind = (s: ConvShape, multiplier: number): boolean =>
  multiplier === 1 && s.out_w <= s.in_w && s.out_h <= s.in_h && s.pad_top <= (s.kernel_h - 1) * s.dilation_h;

/** The C of a layer. */
export function emitDepthwise(given: DepthwiseLayer, ctx: EmitContext): Emission {
  const layer = { ...given, shape: asRow(given.shape) };
  const { shape: s, data, output, multiplier, activation, requantization } = layer;
  const unsigned = data.dtype === 'uint8';
  const workload: DepthwiseWorkload = {
    op: 'nn.depthwise_conv2d',
    operands: depthwiseOperands(layer.weights),
    unsigned,
    channels: s.channels,
    multiplier,
    out: [s.out_h, s.out_w],
    kernel: [s.kernel_h, s.kernel_w],
    strides: [s.stride_h, s.stride_w],
    dilation: [s.dilation_h, s.dilation_w],
  };
  const schedule = choose(DEPTHWISE_SPACE, workload, ctx);
  const zeroPoint = requantization === null ? 0 : parameters(data).zeroPoint;
  const outs = s.channels * multiplier;
  const packed = packDepthwise(layer.weights, workload, schedule, zeroPoint);
  const bias = ctx.constant(packed.bias);
  const layout: Layout = (valueAt) => Array.from({ length: outs }, (_, c) => valueAt(c));
  const chains = schedule.chains ? chainsOf(layer, packed.bias, ctx) : null;
  const windows = chains === null ? null : windowsOf(s);
  const item = itemSize(data.dtype);
  const placeOf = (rows: number): Place => {
    const own = { ...schedule, rows };
    if (windows === null || !chains?.complete) return ringOf(s, workload, own);
    return { ...copiesOf(s, windows, own), lead: leadOf(windowSteps(s, layer.batch, rows)) };
  };
  const rows = rowsThatFit(schedule.rows, s.out_h, (count) => {
    const { bytes, lead } = placeOf(count);
    return bytes * item + Math.max(0, lead ?? 0) <= layer.batch * s.out_h * s.out_w * outs * item;
  });
  const ring = placeOf(rows);
  const ringed = ring.bytes > 0 && !ring.windows;
  const flipped = unsigned && !ring.windows && (schedule.kernel === 'pairs' || schedule.kernel === 'dot');
  const { groups: _, ...window } = s;
  const fields: Fields = {
    kernel: `DEPTHWISE_${schedule.kernel.toUpperCase()}`,
    ...integers({
      ...{ ...window, batch: layer.batch, multiplier, is_float: requantization === null },
      ...{ rows, pixels: schedule.pixels, reload: schedule.reload },
      ...{
        ringed,
        ring_w: ring.width,
        whole: isWhole(s, schedule.kernel, rows),
        fill: (flipped ? zeroPoint ^ 128 : zeroPoint) & 255,
      },
      fits16: requantization !== null && fits16(packed.largest, requantization.factors),
    }),
    twice: `0x${packed.twice.toString(16)}ull`,
    cuts: `0x${packed.cuts.toString(16)}ull`,
    weights: ctx.constant(packed.weights),
    ...chains?.fields,
    ...(windows && { ...integers({ ...windows }), windows: windowTable(windows.steps * rows, ctx) }),
    ...(requantization === null
      ? { bias, ...floatClamp(activation) }
      : epilogueFields({ output, activation, requantization, profile: ctx.profile, bias, layout }, ctx)),
  };
  const steps = layer.batch * Math.ceil(s.out_h / rows);
  const range = ctx.steps(steps, steps).join(', ');
  const scratch = ring.bytes > 0 ? ctx.scratch(ring.bytes * item) : 'NULL';
  const behind = ringed && !isWhole(s, schedule.kernel, rows) && staysBehind(s, multiplier);
  const lead = ring.lead ?? (behind ? 0 : null);
  return {
    includes: ['depthwise.h'],
    body: `${cDescription('depthwise', 'd', fields)}depthwise_run(&d, ${ctx.input(0)}, ${scratch}, ${ctx.output(0)}, ${range});\n`,
    inPlace: lead === null ? [] : [{ operand: 0, lead }],
  };
}

/** A column of pixels lies in memory as a row does, and kernels run along rows. */
function asRow(s: ConvShape): ConvShape {
  if (s.in_w !== 1 || s.out_w !== 1 || s.kernel_w !== 1 || s.pad_left !== 0) return s;
  return {
    ...{ in_h: 1, in_w: s.in_h, channels: s.channels, out_h: 1, out_w: s.out_h, kernel_h: 1, kernel_w: s.kernel_h },
    ...{ stride_h: 1, stride_w: s.stride_h, dilation_h: 1, dilation_w: s.dilation_h, pad_top: 0, pad_left: s.pad_top },
    groups: s.groups,
  };
}

/** The table of pointers to the windows of so many steps. */
const windowTable = (steps: number, ctx: EmitContext): string =>
  `(const int8_t **)${ctx.scratch(3 * (steps + 1) * POINTER_BYTES)}`;

/** Where a layer's rows are read. */
interface Place {
  /** Of the ring: pixels of a row (`dot`: quads). */
  readonly width: number;
  /** Elements that it takes, 0 where all are read in place. */
  readonly bytes: number;
  /** Whether windows are read in place, but for copies of some. */
  readonly windows: boolean;
  /** How far before the data the result may begin; undefined where that depends on the ring. */
  readonly lead?: number;
}

/**
 * Output rows in one go, fewer than scheduled where what they need besides would take more memory than the result; but
 * never less than a third of them.
 */
function rowsThatFit(scheduled: number, height: number, fit: (rows: number) => boolean): number {
  for (let most = scheduled; 3 * most >= scheduled; most--) {
    const rows = Math.ceil(height / Math.ceil(height / most));
    if (fit(rows)) return rows;
  }
  return scheduled;
}

/**
 * Steps of layers whose windows are read in place: all rows that one sees are unread until it ends. From image to image
 * and, between the first rows and the last, from step to step all grows evenly: those where it does not are enough.
 */
function windowSteps(s: ConvShape, batch: number, rows: number): Step[] {
  const last = Math.ceil(s.out_h / rows) - 1;
  const padded = Math.floor(s.pad_top / (rows * s.stride_h));
  const steps = [0, padded, padded + 1, last - 1, last].filter((step) => step >= 0 && step <= last);
  return [0, batch - 1].flatMap((image) =>
    steps.map((step) => ({
      unread: (image * s.in_h + Math.max(0, step * rows * s.stride_h - s.pad_top)) * s.in_w * s.channels,
      written: (image * s.out_h + Math.min(s.out_h, (step + 1) * rows)) * s.out_w * s.channels,
    })),
  );
}

/** What takes the ring's place where windows within the image are read where they are: those that are not, and one of zeros. */
function copiesOf(s: ConvShape, { edges, window_w }: Windows, { rows: atOnce }: DepthwiseSchedule): Place {
  const rows = (s.kernel_h - 1) * s.dilation_h + 1 + (atOnce - 1) * s.stride_h;
  return { width: 0, bytes: (rows * edges + 1) * window_w * s.channels, windows: true };
}

/** Channels that `dot` puts into its ring at a time, or half as many where there are fewer. */
const DOT_LANES = 16;

/** Whether `dot` computes the image in one go: its ring then holds few channels at a time, which the result must not touch. */
const isWhole = (s: ConvShape, kernel: DepthwiseSchedule['kernel'], rows: number): boolean =>
  kernel === 'dot' && rows === s.out_h;

/** The ring of rows. */
function ringOf(s: ConvShape, w: DepthwiseWorkload, { kernel, rows: atOnce, chains }: DepthwiseSchedule): Place {
  const seen = (s.kernel_h - 1) * s.dilation_h + 1;
  const rows = seen + (atOnce - 1) * s.stride_h;
  if (kernel === 'dot') {
    const width = Math.ceil(s.out_w / 2) * s.stride_w + 2 * (dotQuads(w) - 1);
    const channels = isWhole(s, kernel, atOnce) ? (s.channels < DOT_LANES ? DOT_LANES / 2 : DOT_LANES) : s.channels;
    return { width, bytes: 4 * rows * width * channels, windows: false };
  }
  const width = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  const seenHeight = (s.out_h - 1) * s.stride_h + seen;
  const inside = s.pad_top === 0 && s.pad_left === 0 && width <= s.in_w && seenHeight <= s.in_h;
  const inPlace = inside && !chains && !(kernel === 'pairs' && w.unsigned);
  const beyond = chains ? MOST_PIXELS * s.stride_w : 0;
  return { width, bytes: inPlace ? 0 : (rows * width + beyond) * s.channels, windows: false };
}

/** Whether no accumulator is more than 16 bits once it is requantized, roundings included. */
function fits16(largest: readonly number[], factors: readonly number[]): boolean {
  return largest.every((sum, c) => sum < 2 ** 31 && sum * factors[factors.length === 1 ? 0 : c] < 32766);
}
