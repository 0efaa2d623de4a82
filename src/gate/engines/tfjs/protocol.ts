import { z } from 'zod';
import type { TensorData } from '../../../model/tensor/dtype.ts';

/** What the program in native/reference/tfjs.cjs answers. */

const portSchema = z.object({
  names: z.array(z.string()).min(1),
  dtype: z.string(),
  shape: z.array(z.number().nullable()).nullable(),
});
/** What `open` answers. */
export const openedSchema = z.object({
  inputs: z.array(portSchema),
  outputs: z.array(portSchema),
  version: z.string(),
});
/** What `run` answers: for each inference its outputs. */
export const resultsSchema = z.array(
  z.array(z.object({ data: z.custom<TensorData>(ArrayBuffer.isView), shape: z.array(z.number()) })),
);
export type Results = z.infer<typeof resultsSchema>;
