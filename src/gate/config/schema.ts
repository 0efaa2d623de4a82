import { z } from 'zod';
import { MAX_THREADS } from '../../compiler/compile.ts';
import { LEVEL_HELP } from '../../compiler/targets/index.ts';
import { PROFILES } from '../../model/arithmetic/multiplier.ts';
import { METRIC_PATTERN, METRIC_WORDS } from '../metrics/index.ts';
import { metricSchema } from '../metrics/settings.ts';
import { REGRESSION, schemaOf, THRESHOLDS } from '../thresholds/index.ts';
import { confidence as confidenceLimit, tolerance as toleranceLimit } from '../thresholds/quantities.ts';
import { count, mapping, path, want } from '../words/words.ts';
import { accept } from './accept_schema.ts';
import { data } from './data_schema.ts';
import { fp32 } from './fp32_schema.ts';

/**
 * What `.github/int8-gate.yml` may hold. `schema/config.schema.json` is published from this, so that editors complete
 * and check the file; docs/config.md explains it.
 */

const metric = metricSchema(z.string(want(METRIC_WORDS)).regex(METRIC_PATTERN, want(METRIC_WORDS)), METRIC_WORDS);

const thresholds = schemaOf(THRESHOLDS);
const regression = schemaOf(REGRESSION).describe('against the baseline, where a check compares with one');

const profile = z
  .enum(PROFILES, want(PROFILES.join(', ')))
  .describe(
    'the integer rounding of INT8 builds: that of the runtime you deploy on (docs/arithmetic.md); tflite when absent',
  );

const threads = count('a number of threads')
  .max(MAX_THREADS, want(`a number of threads, at most ${MAX_THREADS}`))
  .describe('threads that INT8 and FP32 run on where speed is measured on hardware; 1 when absent');

const confidence = confidenceLimit.describe(
  'how sure verdicts on accuracy have to be: the confidence of one-sided bounds, 80% when absent, or "point": the figure itself decides',
);

const tolerance = toleranceLimit.describe(
  'how far beyond a limit on speed a measured time has to be to fail, as a share of the limit; 2% of min-speedup and max-slowdown, 5% of max-latency when absent',
);

const model = mapping({
  name: z
    .string(want('a name'))
    .regex(/^[^\p{Cc}]{1,100}$/u, want('a name of 1 to 100 printable characters'))
    .describe('what reports call it'),
  int8: path('the path of the INT8 .tflite'),
  fp32: fp32
    .optional()
    .describe(
      'the same network in FP32: a .tflite, the folder of a SavedModel, or the model.json of a TF.js model; when absent: a dequantized twin of the INT8 model',
    ),
  signature: path('the name of a signature')
    .optional()
    .describe("which of the models' signatures is checked; their main graph when absent"),
  profile: profile.optional(),
  threads: threads.optional(),
  tolerance: tolerance.optional(),
  data: data.describe('the samples that both models see'),
  metric: metric
    .optional()
    .describe('top1 with labels and agreement without, when absent; a mapping has its settings: docs/metrics.md'),
  score: z
    .union([z.literal('reconstruction'), z.int().nonnegative()], want('"reconstruction" or the number of an output'))
    .optional()
    .describe('auc only. reconstruction: mean squared error between output and input; a number: that output element'),
  confidence: confidence.optional(),
  thresholds: thresholds.optional(),
  regression: regression.optional(),
  accept: accept.optional().describe('known regressions that do not fail the model until a day'),
});

export const configSchema = mapping({
  version: z.literal(1, want('1')),
  targets: z
    .array(z.string(want('a target')))
    .min(1, want('a list of at least one target'))
    .max(32)
    .optional()
    .describe(`native (when absent), host, cortex-a72, neoverse-n1, …, ${LEVEL_HELP}, or a board: raspberry-pi-4, …`),
  defaults: mapping({
    thresholds: thresholds.optional(),
    regression: regression.optional(),
    confidence: confidence.optional(),
    profile: profile.optional(),
    threads: threads.optional(),
    tolerance: tolerance.optional(),
  }).optional(),
  models: z.array(model, want('a list of models')).min(1, want('a list of at least one model')).max(1000),
});

/** The file as it is written. */
export type RawConfig = z.infer<typeof configSchema>;
export type RawModel = RawConfig['models'][number];
