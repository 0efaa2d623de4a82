import { z } from 'zod';
import { finite } from './schema.ts';

/** What another runtime computes for the same samples, as the report carries it. */
export const referenceSchema = z
  .object({
    name: z.string().describe('of the runtime, as --reference takes it: litert, …'),
    version: z.string(),
    target: z.string().describe('whose build was compared'),
    samples: z.int().nonnegative().describe('of the data, spread over it'),
    values: z.int().nonnegative().describe('output values compared'),
    differing: z
      .int()
      .nonnegative()
      .describe('values that are not the same: quantized ones in their codes, floats beyond 1e-5 of their magnitude'),
    largest: finite.nonnegative().describe('largest difference, in the unit below'),
    unit: z.enum(['steps', 'real']).describe('steps of quantized outputs; real: the model has none'),
    explanation: z.string().nullable().describe('where values differ, why, in a sentence; else null'),
    fault: z.string().nullable().describe('why the runtime could not run the model, which fails no check; else null'),
    seconds: finite.nonnegative().describe('that the comparison took'),
  })
  .describe('our build of the model against the same model in another runtime');
export type ReferenceFigures = z.infer<typeof referenceSchema>;
