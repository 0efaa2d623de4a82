/** Schedules of the depthwise template: the knobs, their values, and which are legal. */
import { z } from 'zod';
import { MAX_KERNEL_ROWS } from '../../lower/layers.ts';
import type { Target } from '../../targets/target.ts';
import { DEPTHWISE_KERNEL_NAMES, kernelOf, tapsOf } from './kernels.ts';
import { suitsIssueOrder } from './two_step_blocks.ts';
import type { DepthwiseWorkload } from './workload.ts';

export const depthwiseKnobs = z.strictObject({
  kernel: z.enum(DEPTHWISE_KERNEL_NAMES),
  /** Output rows per group: rows that a block of channels computes before the next block loads its weights. */
  rows: z.int(),
  /** Output pixels per step along the row; adjacent pixels share loads. */
  pixels: z.int(),
  /** Each step loads the bias again: for cores that dual-issue loads. */
  reload: z.boolean(),
  /** Kernel `pairs` on in-order cores: blocks that have two-step constants run the scheduled function. */
  issueOrdered: z.boolean(),
});

/** A value for every knob. */
export type DepthwiseSchedule = Readonly<z.infer<typeof depthwiseKnobs>>;

/** Largest rows · kernel_h: DEPTHWISE_ROWS of depthwise.h. */
const MAX_ROWS = MAX_KERNEL_ROWS;
/** Largest number of pixels per step: DEPTHWISE_F32_PIXELS of depthwise.h. */
const MAX_PIXELS = 8;

/** Every legal combination of knobs, with groups of rows of even size: other sizes only shrink the last group. */
export function* depthwiseSpace(w: DepthwiseWorkload, target: Target): Generator<DepthwiseSchedule> {
  for (const kernel of DEPTHWISE_KERNEL_NAMES) {
    if (illegalKernel(w, kernel, target) !== null) continue;
    for (const rows of evenRows(w))
      for (let pixels = 1; pixels <= MAX_PIXELS; pixels++)
        for (const reload of [false, true])
          for (const issueOrdered of [false, true]) {
            const schedule = { kernel, rows, pixels, reload, issueOrdered };
            if (illegalDepthwise(w, schedule, target) === null) yield schedule;
          }
  }
}

/** Rows per group that divide an image evenly. */
function evenRows({ output: [height], kernel }: DepthwiseWorkload): number[] {
  const most = Math.min(height, Math.floor(MAX_ROWS / kernel[0]));
  const even = Array.from({ length: most }, (_, i) => Math.ceil(height / Math.ceil(height / (i + 1))));
  return [...new Set(even)];
}

export function illegalDepthwise(w: DepthwiseWorkload, s: DepthwiseSchedule, target: Target): string | null {
  return illegalKernel(w, s.kernel, target) ?? illegalRows(w, s) ?? illegalPixels(w, s) ?? illegalOrder(w, s, target);
}

function illegalKernel(w: DepthwiseWorkload, name: DepthwiseSchedule['kernel'], target: Target): string | null {
  const { needs, exactFor, block, mostTaps, window } = kernelOf(name);
  if (needs.arch !== undefined && target.arch !== needs.arch) return `kernel ${name} is for ${needs.arch}`;
  if (needs.dotprod && !target.features.dotprod) return `kernel ${name} needs dotprod`;
  const { operands } = w.weights;
  if (!exactFor.includes(operands)) return `kernel ${name} is not exact for ${operands} operands`;
  if (block !== null && w.multiplier !== 1) return `kernel ${name} has no depth multiplier`;
  if (block !== null && w.channels < block) return `kernel ${name} takes ${block} channels or more`;
  if (tapsOf(w) > mostTaps) return `kernel ${name} takes ${mostTaps} taps at most`;
  return window?.(w) ?? null;
}

function illegalRows({ output, kernel }: DepthwiseWorkload, { kernel: name, rows }: DepthwiseSchedule): string | null {
  if (rows < 1 || rows > output[0]) return `rows ${rows}: there are 1 to ${output[0]}`;
  if (kernelOf(name).block === null && rows > 1) return `rows ${rows}: kernel ${name} takes one at a time`;
  if (rows * kernel[0] > MAX_ROWS) return `rows ${rows}: their kernels have more than ${MAX_ROWS} rows`;
  return null;
}

function illegalPixels(w: DepthwiseWorkload, { kernel: name, pixels }: DepthwiseSchedule): string | null {
  const { pixels: range, heldTaps } = kernelOf(name);
  const most = tapsOf(w) > heldTaps ? range.loaded : range.held;
  if (pixels < range.least || pixels > most) return `pixels ${pixels}: kernel ${name} takes ${range.least} to ${most}`;
  return pixels > Math.max(range.least, w.output[1]) ? `pixels ${pixels}: a row has ${w.output[1]}` : null;
}

function illegalOrder(w: DepthwiseWorkload, s: DepthwiseSchedule, target: Target): string | null {
  const { reload } = kernelOf(s.kernel);
  if (reload !== 'either' && s.reload !== (reload === 'always'))
    return `kernel ${s.kernel} ${reload} loads the bias again`;
  if (!s.issueOrdered) return null;
  if (s.kernel !== 'pairs') return `kernel ${s.kernel} has no steps in issue order`;
  if (!target.core.inOrder) return 'issue order is for cores that issue in order';
  return suitsIssueOrder(w, w.weights.operands)
    ? null
    : 'issue order is for windows of 3 x 3, undilated, of stride 1 or 2';
}
