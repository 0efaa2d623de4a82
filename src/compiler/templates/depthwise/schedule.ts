import { z } from 'zod';
import { DEPTHWISE_KERNEL_NAMES } from './kernels.ts';

/** The knobs of the depthwise template. */
export const depthwiseKnobs = z.strictObject({
  kernel: z.enum(DEPTHWISE_KERNEL_NAMES),
  /** Output rows that a block of channels computes in one go, before the next block loads its weights. */
  rows: z.int(),
  /** Output pixels of a step along the row: neighbours share loads. */
  pixels: z.int(),
  /** Each step loads the bias again: for cores that load beside their arithmetic. */
  reload: z.boolean(),
  /** Kernel `pairs`, in issue order where a block of channels has constants for it. */
  issueOrdered: z.boolean(),
});

/** A value for every knob. */
export type DepthwiseSchedule = Readonly<z.infer<typeof depthwiseKnobs>>;
