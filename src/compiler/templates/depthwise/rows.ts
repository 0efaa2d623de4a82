/** Where a layer's rows of data are read, and the scratch memory that takes. */
import { leadOf, type Step } from '../../emission/lead.ts';
import { dotQuads, kernelOf } from './kernels.ts';
import type { DepthwiseSchedule } from './space.ts';
import { type Windows, windowsOf } from './windows.ts';
import { type DepthwiseKey, type DepthwiseWorkload, itemOf, outputsOf } from './workload.ts';

/** Output pixels of an issue-ordered step: DEPTHWISE_PIXELS of depthwise.h. */
const MOST_PIXELS = 4;
/** Channels that `dot` puts into its ring at a time, or half as many where there are fewer. */
const DOT_LANES = 16;

export interface RowSource {
  /** Rows are read in the data itself, or in a ring of padded copies; windows in the data, but for copies of those at its edges. */
  readonly from: 'data' | 'ring' | 'windows';
  /** Pixels of a padded row (`dot`: quads); 0 of windows. */
  readonly width: number;
  /** Elements of scratch memory. */
  readonly elements: number;
  /** How far before the data the result may begin; null: they must be apart. */
  readonly lead: number | null;
}

/** Where the rows of a layer are read under a schedule. */
export function rowSourceOf(w: DepthwiseWorkload, s: DepthwiseSchedule): RowSource {
  return s.issueOrdered && w.weights.twoStep?.complete ? windowSource(w, s, windowsOf(w)) : ringSource(w, s);
}

/** Whether `dot` computes an image in one go: its ring then holds few channels at a time, which the result must not touch. */
export const isWhole = (w: DepthwiseKey, { kernel, rows }: DepthwiseSchedule): boolean =>
  kernelOf(kernel).ring === 'quads' && rows === w.output[0];

/** Whether scratch memory, and what the result keeps from lying over the data, take no more than the result itself. */
export function fitsResult(w: DepthwiseWorkload, s: DepthwiseSchedule): boolean {
  const { elements, lead } = rowSourceOf(w, s);
  const results = w.images * w.output[0] * w.output[1] * outputsOf(w);
  return elements * itemOf(w) + Math.max(0, lead ?? 0) <= results * itemOf(w);
}

/** Rows of data that one output row sees, and that a schedule's output rows see. */
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
  // Steps in issue order load ahead.
  const beyond = s.issueOrdered ? MOST_PIXELS * strides[1] : 0;
  return { from: 'ring', width, elements: (rows * width + beyond) * channels, lead };
}

/**
 * Whether each row of the result ends before the rows of the data begin that are not in the ring yet. Output row y is
 * written when padded rows below y · stride + (kernel − 1) · dilation + 1 are in the ring.
 */
const staysBehind = ({ multiplier, input, output, kernel, dilation, padding }: DepthwiseKey): boolean =>
  multiplier === 1 && output.every((extent, i) => extent <= input[i]) && padding[0] <= (kernel[0] - 1) * dilation[0];

/** Copies of the windows at the edges of each row, and one window of zeros. */
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
