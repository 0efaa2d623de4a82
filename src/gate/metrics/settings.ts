import { z } from 'zod';
import { mapping, want } from '../words/words.ts';

/** What a configuration may say about a metric beside its name: `metric: { name: f1, average: macro }`. */

export const AVERAGES = ['binary', 'macro', 'micro', 'weighted'] as const;
export type Average = (typeof AVERAGES)[number];

const MOST_TOKENS = 1 << 20;

/** Every setting that some metric takes; a metric names its own in `settings`. */
const SHAPE = {
  threshold: z
    .number(want('a number'))
    .describe(
      'f1, precision, recall, miou of one score a pixel: the least score that counts as positive; 0.5 when absent',
    ),
  average: z
    .enum(AVERAGES, want(`one of ${AVERAGES.join(', ')}`))
    .describe(
      'binary: of class 1, the default for one or two outputs; macro: the mean over classes, the default for more; micro: over all answers; weighted: the mean by how often a class occurs',
    ),
  blank: z
    .int(want('the number of a class'))
    .nonnegative(want('the number of a class'))
    .max(MOST_TOKENS, want('the number of a class'))
    .describe('wer, cer: the class that stands for no token; the last one when absent'),
  ignore: z
    .int(want('the number of a class, or -1'))
    .min(-1, want('the number of a class, or -1'))
    .max(MOST_TOKENS, want('the number of a class, or -1'))
    .describe('miou: the label of pixels that do not count; 255 when absent'),
  range: z
    .number(want('a number above 0'))
    .positive(want('a number above 0'))
    .describe('psnr, ssim: largest less least value that a pixel can have: 255, 1, or 2 for −1 to 1'),
};

/** Settings of every metric, whatever its name. */
const COMMON = {
  output: z
    .union([z.int().nonnegative(), z.string().min(1)], want('the name of an output, or its position from 0'))
    .describe('the output that the metric is on, by name or by position from 0; the first one when absent'),
} satisfies z.ZodRawShape;

export type SettingName = keyof typeof SHAPE;
type Shape = typeof SHAPE & typeof COMMON;
/** Those that a configuration gives; which of them a metric takes has been checked. */
export type MetricSettings = { readonly [K in keyof Shape]?: z.infer<Shape[K]> };

/** The settings that a mapping gives and its metric does not take. */
export const foreignSettings = (settings: MetricSettings, own: readonly SettingName[]): string[] =>
  Object.keys(settings).filter((key) => !(key in COMMON) && !own.includes(key as SettingName));

/**
 * What stands under `metric`: the name of a metric, or a mapping with its name and settings.
 *
 * @param name what a name may be
 */
export const metricSchema = <N extends z.ZodType<string>>(name: N, words: string) =>
  z.union(
    [
      name,
      mapping({
        name,
        ...(Object.fromEntries(Object.entries({ ...SHAPE, ...COMMON }).map(([key, of]) => [key, of.optional()])) as {
          [K in keyof Shape]: z.ZodOptional<Shape[K]>;
        }),
      }),
    ],
    want(`${words}, or a mapping such as { name: f1, average: macro }`),
  );
