import { z } from 'zod';
import { boundsSchema } from './accuracy.ts';
import { figure, finite, interval } from './schema.ts';

/** Figures of INT8 against INT8 of the baseline, as the report carries them. */

export const accuracyRegressionSchema = z
  .object({
    base: figure.describe('the metric of INT8 of the baseline, on the same samples'),
    drop: figure.describe(
      'base − head in percentage points for a share; how much worse head is, in its own unit, otherwise',
    ),
    interval: interval.describe(
      '95 % interval of the drop over paired samples, by the statistics of accuracy.interval; null against a report, which knows no single samples',
    ),
    bounds: boundsSchema,
    byPoint: z.boolean().describe('judged by the point, because a report has no answers to single samples'),
    discordant: z
      .object({
        headOnly: z.int().describe('samples that only INT8 of head gets right'),
        baseOnly: z.int().describe('samples that only INT8 of the baseline gets right'),
        p: finite.describe("McNemar's exact test, two-sided"),
      })
      .nullable(),
  })
  .describe('accuracy of INT8 against INT8 of the baseline');
export type AccuracyRegression = z.infer<typeof accuracyRegressionSchema>;

const speedRegressionSchema = z
  .object({
    base: finite.describe('median of one inference of INT8 of the baseline, in the unit of latency'),
    slowdown: finite.describe('INT8 time over that of the baseline: above 1, head is slower'),
    interval: interval.describe('95 % interval of the slowdown; null for modelled cycles, which are deterministic'),
  })
  .describe('speed of INT8 against INT8 of the baseline');
export type SpeedRegression = z.infer<typeof speedRegressionSchema>;

export const regressionSchema = z
  .object({
    unchanged: z
      .boolean()
      .describe('the INT8 model is the same file, built the same way: its figures are those of both'),
    accuracy: accuracyRegressionSchema.nullable(),
    noAccuracy: z.string().nullable().describe('why accuracy is not compared'),
    latency: speedRegressionSchema.nullable(),
    noLatency: z.string().nullable().describe('why speed is not compared'),
  })
  .describe('INT8 against INT8 of the baseline');
export type Regression = z.infer<typeof regressionSchema>;

/** What a check compared with, as a report says it. */
export const baselineSchema = z.object({
  kind: z.enum(['merge-base', 'ref', 'report']),
  ref: z
    .string()
    .describe('the branch that the merge base is one with, what the user named, or the path of the report'),
  commit: z.string().nullable().describe('full name of the commit; null for a report'),
  removed: z.array(z.string()).describe('names of models that the baseline has and this configuration has not'),
});
export type BaselineFigures = z.infer<typeof baselineSchema>;
