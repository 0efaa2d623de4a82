/**
 * Estimated cycles of a depthwise layer: vector instructions, one a cycle; beside them steps along the row and groups of
 * rows. Instructions decide between kernels. The other terms are scaled down, so that each decides over a knob of its own:
 * pixels, reload, rows.
 */
import type { Core } from '../../targets/cpus.ts';
import type { Target } from '../../targets/target.ts';
import { kernelOf } from './kernels.ts';
import { fitsResult } from './rows.ts';
import type { DepthwiseSchedule } from './space.ts';
import { type DepthwiseWorkload, outputsOf } from './workload.ts';

/** SRSHL, UZP1 and the like that two-step scaling does without, for 16 outputs. */
const TWO_STEP_SAVES = 4;
/** To start the four accumulators of 16 outputs: for each cycle of a load or a move. */
const START = 4 * 0.05;

/** A step along the row. */
const STEP = 0.005;
/** A last step of a single pixel has no loads to share: worth as many steps more. */
const SINGLE_PIXEL = 0.5;
/** On cores that load beside their arithmetic, a step of more pixels than these is worth several: sharing loads gains nothing. */
const ENOUGH_PIXELS = 4;
const WIDE_STEP = 2.5;

/** A block's constants, loaded for each group of rows. */
const CONSTANTS = 0.05;
/** Pixels of a group beside which loading them no longer matters; in issue order more are loaded, beside less arithmetic. */
const PIXELS_PER_GROUP = 48;
const PIXELS_PER_ORDERED_GROUP = 96;
/** A row more in the group, by its pixels beyond those: it only takes more of the cache. */
const PIXEL_BEYOND = 0.2;
/** Scratch memory beyond what the result takes makes the arena grow: worth as many times the loads. */
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
