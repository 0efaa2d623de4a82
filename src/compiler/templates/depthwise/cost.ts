/**
 * Estimated cycles of a depthwise layer: vector instructions, one a cycle; what each step along the row and each group of
 * rows take besides. The instructions decide between kernels; the rest is so little that it decides between the other knobs
 * alone.
 */
import { type Core, coreOf } from '../../targets/cores.ts';
import type { Target } from '../../targets/target.ts';
import { kernelOf } from './kernels.ts';
import { fitsResult } from './rows.ts';
import type { DepthwiseSchedule } from './schedule.ts';
import { type DepthwiseWorkload, outputsOf } from './workload.ts';

/** SRSHL, UZP1 and the like that two-step scaling does without, for 16 outputs. */
const TWO_STEP_SAVES = 4;
/** Accumulators of 16 outputs. */
const ACCUMULATORS = 4;

/** A step along the row. */
const STEP = 0.02;
/** What the last step lacks in loads to share, where it has a single pixel. */
const SINGLE_PIXEL = 0.5;
/** Steps of more pixels are worth as many of these on cores that load beside their arithmetic: sharing loads gains nothing. */
const ENOUGH_PIXELS = 4;
const WIDER_STEP = 2.5;

/** A block's constants, loaded for each group of rows. */
const CONSTANTS = 0.1;
/** Pixels of a group beside which loading them no longer matters; in issue order more are loaded, beside less arithmetic. */
const PIXELS_PER_GROUP = 48;
const PIXELS_PER_ORDERED_GROUP = 96;
/** A row more in the group, by its pixels beyond those: it only takes more of the cache. */
const PIXEL_BEYOND = 0.4;
/** Memory beyond what the result takes makes the arena grow: worth as many times the loads. */
const OVERSIZE = 3.01;

export function depthwiseCycles(w: DepthwiseWorkload, s: DepthwiseSchedule, target: Target): number {
  const core = coreOf(target);
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
  const start = knob === 'either' ? ACCUMULATORS * (reload ? load : 1) : 0;
  return instructions(w) + start - (issueOrdered ? TWO_STEP_SAVES : 0);
}

/** Steps along a row. */
function stepsOf(width: number, { pixels }: DepthwiseSchedule, core: Core): number {
  const steps = Math.ceil(width / pixels) + (width % pixels === 1 ? SINGLE_PIXEL : 0);
  return STEP * steps * (core.loads >= 1 && pixels > ENOUGH_PIXELS ? WIDER_STEP : 1);
}

/** Groups of rows of a block of channels. */
function groupsOf(w: DepthwiseWorkload, s: DepthwiseSchedule): number {
  const [height, width] = w.output;
  const groups = Math.ceil(height / s.rows);
  const enough = s.issueOrdered ? PIXELS_PER_ORDERED_GROUP : PIXELS_PER_GROUP;
  const beyond = Math.max(0, (s.rows - 1) * width - (enough - 1));
  return CONSTANTS * groups * (fitsResult(w, s) ? 1 : OVERSIZE) + PIXEL_BEYOND * height * beyond;
}
