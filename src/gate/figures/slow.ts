import { z } from 'zod';
import { finite } from './schema.ts';

/** Why INT8 is slow, as the report carries it. */

export const slowSchema = z
  .array(
    z.object({
      operator: z.string().describe('as `inspect` lists it'),
      why: z
        .enum([
          'base',
          'float',
          'conversion',
          'memory',
          'generic',
          'channels',
          'depthwise',
          'far',
          'instructions',
          'values',
          'no-gain',
        ])
        .describe(
          'base: slower than at the baseline; float: runs in float32; conversion: only changes the type; memory: waits for memory; generic: a kernel without tiles; channels: too few to fill vectors, or too few products for each result; depthwise: few products a result; far: from the peak, for none of these; instructions: near the peak of a CPU without dot products; values: no multiply-accumulates, and many cycles a result; no-gain: FP32 takes no longer',
        ),
      cycles: finite,
      share: finite.describe('of the cycles of an inference, 0 to 1'),
      sentence: z.string(),
    }),
  )
  .describe('operators of INT8 that cost most beyond what the CPU could do, by modelled cycles');
export type Slow = z.infer<typeof slowSchema>;
export type SlowOperator = Slow[number];
