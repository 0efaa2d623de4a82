import { z } from 'zod';
import { finite } from './schema.ts';

/** Figures of single classes, as the report carries them. */

/** Classes that a report lists. */
export const MOST_CLASSES = 10;

const classSchema = z.object({
  class: z.int().nonnegative().describe('its number'),
  name: z.string().nullable().describe('null where labels and configuration have no names'),
  samples: z.int().positive().describe('of this class, by the labels'),
  int8: finite.describe('share of them that INT8 answers rightly: recall'),
  fp32: finite,
  int8Only: z.int().nonnegative().describe('samples that only INT8 gets right'),
  fp32Only: z.int().nonnegative().describe('samples that only FP32 gets right'),
  p: finite.describe(
    'how often a class loses so much by chance: the larger of two exact one-sided tests, of its own losses against its gains (sign test) and of its losses against those of the other classes (hypergeometric)',
  ),
  adjusted: finite.describe('p, corrected for the number of classes by Holm'),
});
export type ClassFigure = z.infer<typeof classSchema>;

export const classesSchema = z
  .object({
    count: z.int().nonnegative().describe('classes that have a sample'),
    significant: z.int().nonnegative().describe('classes that lose, and more than the others: adjusted p below 0.05'),
    worst: z.array(classSchema).max(MOST_CLASSES).describe('classes that lose most surely, the surest first'),
  })
  .describe('recall by class, where the metric is on classes');
export type ClassFigures = z.infer<typeof classesSchema>;
