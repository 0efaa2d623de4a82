import { z } from 'zod';
import { classesSchema } from './classes.ts';
import { KINDS, type Kind } from './kinds.ts';
import { figure, finite, interval } from './schema.ts';

/** Figures of accuracy, as the report carries them. */

const comparisonSchema = z
  .object({
    agreement: figure.describe(
      'share of samples whose largest output is the same; null unless outputs are class scores',
    ),
    sqnr: figure.describe('10·log10(Σ fp32² / Σ (int8 − fp32)²) in dB; null where it is no finite number: see noSqnr'),
    noSqnr: z
      .enum(['equal', 'no-signal', 'class-numbers', 'not-finite'])
      .nullable()
      .describe(
        'why sqnr is null. equal: no error, +∞; no-signal: FP32 outputs are all zero and those of INT8 are not, −∞; class-numbers: the outputs are numbers of classes, not values; not-finite: the twin gave NaN or infinities',
      ),
    cosine: figure.describe('mean over samples of the cosine between the outputs'),
    mse: figure,
    mae: figure,
  })
  .describe('INT8 outputs, dequantized, against FP32 outputs of the same samples');
export type Comparison = z.infer<typeof comparisonSchema>;

const chanceSchema = z.object({
  level: finite.describe('the metric of a model that never looks at the data'),
  p: finite.describe('how often such a model is at least as good as FP32, one-sided: binomial for top-N'),
  pInt8: finite.describe('the same for INT8'),
  by: z.enum(['guessing', 'the commonest class', 'the mean of the labels']).describe('how that model answers'),
});
export type Chance = z.infer<typeof chanceSchema>;

const evidenceSchema = z
  .object({
    distinct: z.int().nonnegative().describe('samples whose inputs differ from those of every earlier sample'),
    clipped: figure.describe(
      'largest share, over the inputs, of values outside the range of the INT8 input by more than a step; null where no INT8 input is quantized',
    ),
    chance: chanceSchema.nullable().describe('null without labels'),
    constant: z.boolean().describe('FP32 gives the same outputs for every sample'),
    oneClass: z.boolean().describe('FP32 chooses the same class everywhere'),
    ties: z
      .int()
      .nonnegative()
      .describe(
        'samples on which INT8 scores the right class and another equally, so that their order decided (top-N)',
      ),
    notFinite: z.int().nonnegative().describe('samples for which the twin gave NaN or infinities'),
  })
  .describe('what the data can tell: docs/verdict.md');
export type Evidence = z.infer<typeof evidenceSchema>;

export const boundsSchema = z
  .object({
    low: finite,
    high: finite,
    deviation: finite.describe('√samples times the standard error, for planning a number of samples'),
  })
  .nullable()
  .describe('one-sided bounds; null where samples or figure do not allow any');
export type Bounds = NonNullable<z.infer<typeof boundsSchema>>;

const boundsOfAllSchema = z
  .object({
    confidence: finite
      .nullable()
      .describe('of each bound; null where verdicts go by the point, and the bounds are those of a 95 % interval'),
    int8: boundsSchema,
    drop: boundsSchema,
    ratio: boundsSchema.optional(),
    agreement: boundsSchema,
    sqnr: boundsSchema,
    cosine: boundsSchema,
  })
  .describe('what the true figures may be: verdicts rest on them');

export const accuracySchema = z.object({
  metric: z.string(),
  kind: z.enum(Object.keys(KINDS) as [Kind]).describe('what int8 and fp32 are: a share is 0 to 1, higher is better'),
  samples: z.int().nonnegative(),
  inferences: z.int().nonnegative().describe('more than samples where a record is cut into windows'),
  int8: figure,
  fp32: figure,
  twin: z
    .boolean()
    .describe('FP32 is the dequantized twin of the INT8 model: what its weights lost is not in the drop'),
  drop: figure.describe(
    'fp32 − int8 in percentage points for a share; how much worse INT8 is, in its own unit, otherwise',
  ),
  ratio: figure
    .optional()
    .describe('int8 / fp32 for a share that should be large; null where fp32 is 0; absent for other kinds'),
  interval: interval.describe(
    '95 % interval of the drop over paired samples: by score test for top-N, else by bootstrap (BCa) from 30 samples on',
  ),
  bounds: boundsOfAllSchema,
  resolution: finite.nullable().describe('what one sample is worth, in the unit of the drop (top-k and agreement)'),
  discordant: z
    .object({
      int8Only: z.int().describe('samples that only INT8 gets right'),
      fp32Only: z.int().describe('samples that only FP32 gets right'),
      p: finite.describe("McNemar's exact test, two-sided"),
    })
    .nullable(),
  int8Target: z
    .string()
    .describe('the build that INT8 accuracy was computed with; another target where both give the same bits'),
  fp32Target: z
    .string()
    .describe('the build that FP32 accuracy was computed with; `host` where emulation would take too long'),
  classes: classesSchema.nullable().optional().describe('null unless the metric is on classes that labels name'),
  comparison: comparisonSchema,
  evidence: evidenceSchema,
});
export type Accuracy = z.infer<typeof accuracySchema>;
