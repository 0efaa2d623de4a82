import { z } from 'zod';
import { mapping, path, want } from '../words/words.ts';

/** `models[].fp32`: a path, or a path with what cannot be told from the model itself. */

const numbers = (which: string) =>
  z
    .record(
      z.string().min(1).max(500),
      z
        .int(want(`the number of one of INT8's ${which}`))
        .nonnegative()
        .max(1000),
    )
    .describe(`which of INT8's ${which}, counted from 0, each of the model's is; by name, then by shape, when absent`);

export const fp32 = z.union(
  [
    path('the path of the FP32 model'),
    mapping({
      path: path('the path of the FP32 model'),
      signature: path('the name of a signature')
        .optional()
        .describe('of a SavedModel: serving_default, or the only one, when absent'),
      inputs: numbers('inputs').optional(),
      outputs: numbers('outputs').optional(),
      layout: z
        .enum(['nhwc', 'nchw'], want('nhwc or nchw'))
        .optional()
        .describe('where both fit: whether channels come last (nhwc) or first (nchw)'),
    }),
  ],
  want('the path of an FP32 model, or a mapping with one'),
);

/** What stands beside the path. */
export interface Fp32Options {
  readonly signature?: string;
  readonly inputs?: Readonly<Record<string, number>>;
  readonly outputs?: Readonly<Record<string, number>>;
  readonly layout?: 'nhwc' | 'nchw';
}
