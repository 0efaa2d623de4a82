/**
 * Estimated cycles of a depthwise layer: vector instructions, one per cycle, + steps along the rows + groups of rows. The first term
 * decides between kernels. The other terms are scaled down, so that each decides one knob: pixels, reload, rows.
 */
import type { Core } from '../../targets/cpus.ts';
import type { Target } from '../../targets/target.ts';
import { kernelOf } from './kernels.ts';
import { fitsResult } from './rows.ts';
import type { DepthwiseSchedule } from './space.ts';
import { type DepthwiseWorkload, outputsOf } from './workload.ts';

/** Instructions per 16 outputs that two-step requantization saves, such as SRSHL and UZP1. */
const TWO_STEP_SAVES = 4;
/** Initialising the four accumulators of 16 outputs, per cycle of a load or move. */
const START = 4 * 0.05;

/** A step along the row. */
const STEP = 0.005;
/** Extra cost, in steps, of a last step of a single pixel, which shares no loads. */
const SINGLE_PIXEL = 0.5;
/** On cores that dual-issue loads, sharing loads among more pixels gains nothing: a wider step costs WIDE_STEP steps. */
const ENOUGH_PIXELS = 4;
const WIDE_STEP = 2.5;

/** Loading a block's constants, per group of rows. */
const CONSTANTS = 0.05;
/** Pixels per group that amortise these loads; in issue order there are more constants and less arithmetic. */
const PIXELS_PER_GROUP = 48;
const PIXELS_PER_ORDERED_GROUP = 96;
/** Cost per pixel beyond those: a larger group only uses more cache. */
const PIXEL_BEYOND = 0.2;
/** Factor on the loads if scratch memory exceeds the result and so enlarges the arena. */
const OVERSIZE = 3.01;

export function depthwiseCycles(w: DepthwiseWorkload, s: DepthwiseSchedule, target: Target): number {
  const core = target.core;
  const block = kernelOf(s.kernel).block ?? 1;
  const [height, width] = w.output;
  const sixteens = (height * width * block) / 16;
  const ofBlock = sixteens * instructionsOf(w, s, core) + height * stepsOf(width, s, core) + groupsOf(w, s);
  return w.images * Math.ceil(outputsOf(w) / block) * ofBlock;
}

/** Vector instructions for 16 outputs. */
function instructionsOf(w: DepthwiseWorkload, { kernel, reload, issueOrdered }: DepthwiseSchedule, core: Core): number {
  const { instructions, reload: knob } = kernelOf(kernel);
  const load = core.loads >= 1 ? 0 : 1 / core.loads;
  const start = knob === 'either' ? START * (reload ? load : 1) : 0;
  return instructions(w) + start - (issueOrdered ? TWO_STEP_SAVES : 0);
}

/** Steps along a row. */
function stepsOf(width: number, { pixels }: DepthwiseSchedule, core: Core): number {
  const steps = Math.ceil(width / pixels) + (width % pixels === 1 ? SINGLE_PIXEL : 0);
  return STEP * steps * (core.loads >= 1 && pixels > ENOUGH_PIXELS ? WIDE_STEP : 1);
}

/** Groups of rows of a block of channels. */
function groupsOf(w: DepthwiseWorkload, s: DepthwiseSchedule): number {
  const [height, width] = w.output;
  const groups = Math.ceil(height / s.rows);
  const enough = s.issueOrdered ? PIXELS_PER_ORDERED_GROUP : PIXELS_PER_GROUP;
  const beyond = Math.max(0, (s.rows - 1) * width - (enough - 1));
  return CONSTANTS * groups * (fitsResult(w, s) ? 1 : OVERSIZE) + PIXEL_BEYOND * height * beyond;
}
