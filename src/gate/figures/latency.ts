import { z } from 'zod';
import { finite, interval } from './schema.ts';

/** Figures of speed, as the report carries them. */

const basisSchema = z
  .object({
    compiler: z.string().nullable().describe('of the builds, such as clang 19.1.7'),
    table: z.int().nullable().describe('version of the CPU tables; null for times on hardware'),
    disassembler: z.string().nullable().describe('what read the instructions; null for times on hardware'),
  })
  .describe('what the figures depend on besides the model: figures of different ones must not be compared');

export const latencySchema = z.object({
  mode: z.enum(['hardware', 'modelled']),
  unit: z.enum(['ns', 'cycles']),
  int8: finite.describe('median of one inference'),
  int8Interval: interval.optional().describe('95 % interval of int8; null for modelled cycles'),
  fp32: finite,
  speedup: finite.describe('FP32 over INT8: above 1, INT8 is faster'),
  interval: interval.describe('95 % interval of the speedup; null for modelled cycles, which are deterministic'),
  speedupOfSamples: interval
    .optional()
    .describe('least and largest speedup over the samples of the data that were timed; null for modelled cycles'),
  cpu: z.string().nullable().describe('the processor that was timed, or the one whose pipeline is modelled'),
  basis: basisSchema.optional().describe('absent in reports of versions that did not know it'),
});
export type Latency = z.infer<typeof latencySchema>;
