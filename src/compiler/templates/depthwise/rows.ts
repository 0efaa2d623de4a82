/** Source of a layer's input rows, and its scratch memory. */
import { leadOf, type Step } from '../../emission/lead.ts';
import { dotQuads, kernelOf } from './kernels.ts';
import type { DepthwiseSchedule } from './space.ts';
import { type Windows, windowsOf } from './windows.ts';
import { type DepthwiseKey, type DepthwiseWorkload, itemOf, outputsOf } from './workload.ts';

/** Largest number of output pixels of an issue-ordered step: DEPTHWISE_PIXELS of depthwise.h. */
const MOST_PIXELS = 4;
/** Channels that `dot` writes to its ring at a time; half as many if the layer has fewer. */
const DOT_LANES = 16;

export interface RowSource {
  /** data: in place; ring: a ring buffer of padded copies; windows: in place, with copies of windows at the borders. */
  readonly from: 'data' | 'ring' | 'windows';
  /** Pixels per padded row (`dot`: quads); windows: 0. */
  readonly width: number;
  /** Elements of scratch memory. */
  readonly elements: number;
  /** `lead` of the result over the data (emission/lead.ts); null: they must not overlap. */
  readonly lead: number | null;
}

/** The row source of a layer under a schedule. */
export function rowSourceOf(w: DepthwiseWorkload, s: DepthwiseSchedule): RowSource {
  return s.issueOrdered && w.weights.twoStep?.complete ? windowSource(w, s, windowsOf(w)) : ringSource(w, s);
}

/** Whether `dot` computes all output rows at once. Its ring then holds 8 or 16 channels, so the data is read several times. */
export const isWhole = (w: DepthwiseKey, { kernel, rows }: DepthwiseSchedule): boolean =>
  kernelOf(kernel).ring === 'quads' && rows === w.output[0];

/** Whether scratch memory + lead is at most the size of the result. */
export function fitsResult(w: DepthwiseWorkload, s: DepthwiseSchedule): boolean {
  const { elements, lead } = rowSourceOf(w, s);
  const results = w.images * w.output[0] * w.output[1] * outputsOf(w);
  return elements * itemOf(w) + Math.max(0, lead ?? 0) <= results * itemOf(w);
}

/** Input rows under `rows` output rows. */
const seenRows = ({ kernel, strides, dilation }: DepthwiseKey, rows: number): number =>
  (kernel[0] - 1) * dilation[0] + 1 + (rows - 1) * strides[0];

function ringSource(w: DepthwiseWorkload, s: DepthwiseSchedule): RowSource {
  const { channels, output, kernel, strides, dilation, input, padding } = w;
  const rows = seenRows(w, s.rows);
  const lead = !isWhole(w, s) && staysBehind(w) ? 0 : null;
  if (kernelOf(s.kernel).ring === 'quads') {
    const width = Math.ceil(output[1] / 2) * strides[1] + 2 * (dotQuads(w) - 1);
    const held = isWhole(w, s) ? (channels < DOT_LANES ? DOT_LANES / 2 : DOT_LANES) : channels;
    return { from: 'ring', width, elements: 4 * rows * width * held, lead };
  }
  const width = (output[1] - 1) * strides[1] + (kernel[1] - 1) * dilation[1] + 1;
  const inside = padding.every((p) => p === 0) && width <= input[1] && seenRows(w, output[0]) <= input[0];
  const flips = kernelOf(s.kernel).signed && w.data === 'uint8';
  if (inside && !s.issueOrdered && !flips) return { from: 'data', width, elements: 0, lead: null };
  // Steps in issue order load beyond the row.
  const beyond = s.issueOrdered ? MOST_PIXELS * strides[1] : 0;
  return { from: 'ring', width, elements: (rows * width + beyond) * channels, lead };
}

/**
 * Whether each output row ends before the first input row that is not in the ring yet. Output row y is written when padded rows
 * [0, y · stride + (kernel − 1) · dilation + 1) are in the ring.
 */
const staysBehind = ({ multiplier, input, output, kernel, dilation, padding }: DepthwiseKey): boolean =>
  multiplier === 1 && output.every((extent, i) => extent <= input[i]) && padding[0] <= (kernel[0] - 1) * dilation[0];

/** Windows: copies of those at the borders of each row, and one window of padding. */
function windowSource(w: DepthwiseWorkload, { rows }: DepthwiseSchedule, windows: Windows): RowSource {
  const elements = (seenRows(w, rows) * windows.edges + 1) * windows.window_w * w.channels;
  return { from: 'windows', width: 0, elements, lead: leadOf(windowSteps(w, rows)) };
}

/**
 * Steps of layers whose windows are read in place: all rows that one sees are unread until it ends. From image to image
 * and, between the first rows and the last, from step to step all grows evenly: those where it does not are enough.
 */
function windowSteps({ images, input, output, strides, padding, channels }: DepthwiseKey, rows: number): Step[] {
  const last = Math.ceil(output[0] / rows) - 1;
  const padded = Math.floor(padding[0] / (rows * strides[0]));
  const steps = [0, padded, padded + 1, last - 1, last].filter((step) => step >= 0 && step <= last);
  return [0, images - 1].flatMap((image) =>
    steps.map((step) => ({
      unread: (image * input[0] + Math.max(0, step * rows * strides[0] - padding[0])) * input[1] * channels,
      written: (image * output[0] + Math.min(output[0], (step + 1) * rows)) * output[1] * channels,
    })),
  );
}
