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

const memorySchema = z
  .object({ int8: finite, fp32: finite })
  .describe(
    'bytes that an inference moves between the second level of cache and memory, simulated; modelled cycles only',
  );

const range = z.tuple([finite, finite]).describe('least and largest time that may be');

const estimateSchema = z
  .object({
    board: z.string().describe('the target'),
    title: z.string().describe('as people call the board'),
    threads: z.int().positive(),
    int8: finite,
    int8Interval: range,
    fp32: finite,
    fp32Interval: range,
  })
  .describe(
    'times on a board in ns, estimated as cycles / clock + lines × ns a line, with what such estimates and measured times differed by; nothing was measured',
  );

export const latencySchema = z.object({
  mode: z.enum(['hardware', 'modelled']),
  unit: z.enum(['ns', 'cycles']),
  int8: finite.describe('median of one inference'),
  int8Interval: interval.optional().describe('95 % interval of int8; null for modelled cycles'),
  fp32: finite,
  speedup: finite.describe('FP32 over INT8: above 1, INT8 is faster'),
  interval: interval.describe(
    '95 % interval of the speedup; of modelled cycles, which are the same every time, where the speedup on hardware is to be expected',
  ),
  speedupOfSamples: interval
    .optional()
    .describe('least and largest speedup over the samples of the data that were timed; null for modelled cycles'),
  cpu: z.string().nullable().describe('the processor that was timed, or the one whose pipeline is modelled'),
  memory: memorySchema.optional(),
  estimate: estimateSchema.optional(),
  basis: basisSchema.optional().describe('absent in reports of versions that did not know it'),
});
export type Latency = z.infer<typeof latencySchema>;
