import { z } from 'zod';
import { MAX_THREADS } from '../../compiler/compile.ts';
import { PROFILES } from '../../model/ops/definition.ts';
import { didYouMean } from './suggest.ts';

/**
 * What `.github/int8-gate.yml` may hold. `schema/config.schema.json` is published from this, so that editors complete
 * and check the file; docs/config.md explains it.
 */

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** A mapping with these keys and no others; an unknown key is named, with what it was probably meant to be. */
function mapping<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `unknown key "${key}"${didYouMean(key, known)}`).join('\n')
        : want(`a mapping with some of the keys ${known.join(', ')}`).error(issue),
  });
}

/** Replaces zod's own words by what the reader should write; a value that is missing is said to be missing. */
const want = (what: string) => ({
  error: (issue: { input?: unknown }) =>
    issue.input === undefined ? `is missing: ${what}` : `must be ${what}; found ${show(issue.input)}`,
});

const path = (what: string) => z.string(want(what)).min(1, want(what)).max(4096, want(what));
const positive = (what: string) => z.number(want(what)).positive(want(what));
const count = (what: string) => z.int(want(what)).positive(want(what)).max(1e9, want(what));

const globs = z.union(
  [
    path('a path'),
    z.array(path('a path')).min(1),
    z.record(z.string(), z.union([path('a path'), z.array(path('a path')).min(1)])),
  ],
  want("a path or glob, a list of them, or a mapping from the model's input names to them"),
);

const perChannel = (what: string) =>
  z.union(
    [z.number(), z.array(z.number()).min(1).max(4096)],
    want(`${what}: a number, or a list of one number a channel`),
  );

const preprocess = mapping({
  crop: positive('a fraction above 0, at most 1')
    .max(1, want('a fraction above 0, at most 1'))
    .optional()
    .describe('central crop: the fraction of height and width that is kept, e.g. 0.875'),
  resize: z
    .enum(['bilinear', 'pillow', 'nearest', 'none'], want('bilinear, pillow, nearest or none'))
    .optional()
    .describe(
      "how images are brought to the size of the model's input. bilinear, the default: as TensorFlow's tf.image.resize; pillow: bilinear as Pillow and torchvision do it, with antialiasing and whole pixels",
    ),
  channels: z
    .enum(['rgb', 'bgr', 'gray'], want('rgb, bgr or gray'))
    .optional()
    .describe('order of the channels; when absent rgb, or gray for a model with one channel'),
  scale: z.number(want('a number')).optional().describe('x · scale, first of the three; 1 when absent'),
  mean: perChannel('what is subtracted').optional().describe('then x − mean; 0 when absent'),
  std: perChannel('what is divided by').optional().describe('then x / std; 1 when absent'),
});

const quantized = z.union(
  [
    z.literal('model'),
    z.literal(false),
    mapping({
      scale: positive('a scale above 0'),
      'zero-point': z.int(want('a whole number')),
    }),
  ],
  want('"model", false, or a mapping with scale and zero-point'),
);

const SOURCE_DTYPES = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'int64'] as const;

const data = mapping({
  inputs: globs.describe('files: .bin, .npy, .npz#array, .png, .jpg, IDX; globs know *, ** and ?'),
  labels: path('the file of labels')
    .optional()
    .describe('.csv, .txt, .npy, .npz#array or IDX; when absent, INT8 is compared with FP32'),
  'file-column': path('a column name')
    .optional()
    .describe('column of a labels .csv that names the file; "file" when absent'),
  'label-column': path('a column name')
    .optional()
    .describe('column of a labels .csv that holds the class; "label" when absent'),
  'label-offset': z
    .int(want('a whole number'))
    .optional()
    .describe('added to every label, e.g. 1 for models with a background class'),
  dtype: z
    .enum(SOURCE_DTYPES, want(`one of ${SOURCE_DTYPES.join(', ')}`))
    .optional()
    .describe('element type of .bin files; when absent it follows from the size'),
  quantized: quantized
    .optional()
    .describe(
      'data that are already quantized: "model" = with the INT8 model\'s own input parameters; or these parameters; false = real values',
    ),
  preprocess: preprocess.optional(),
  window: mapping({
    length: count('a number of elements')
      .optional()
      .describe("elements of a window; the size of the model's input when absent"),
    step: count('a number of elements').describe('elements from one window to the next'),
  })
    .optional()
    .describe('cuts every file into overlapping windows, whose scores are averaged'),
  limit: count('a number of samples').optional().describe('use so many samples, spread evenly over the set'),
});

const latency = z
  .string(want('a time or cycles, e.g. 4ms, 120us, 1.2Mcycles'))
  .regex(
    /^\d+(\.\d+)? ?(ns|us|ms|s|cycles|kcycles|Mcycles|Gcycles)$/,
    want('a time or cycles, e.g. 4ms, 120us, 1.2Mcycles'),
  );

const thresholds = mapping({
  'max-accuracy-drop': z
    .number(want('percentage points'))
    .optional()
    .describe('percentage points that INT8 may lose against FP32'),
  'min-accuracy': z
    .number(want('a share from 0 to 1'))
    .min(0, want('a share from 0 to 1'))
    .max(1, want('a share from 0 to 1'))
    .optional()
    .describe('least accuracy of INT8, as a share: 0.9 is 90 %'),
  'max-error': z
    .number(want('a number'))
    .nonnegative(want('a number from 0'))
    .optional()
    .describe('largest value of the metrics mse and mae'),
  'min-agreement': z
    .number(want('a share from 0 to 1'))
    .min(0, want('a share from 0 to 1'))
    .max(1, want('a share from 0 to 1'))
    .optional()
    .describe('least share of samples on which INT8 and FP32 choose the same class'),
  'min-sqnr': z
    .number(want('decibels'))
    .optional()
    .describe('least signal to quantization noise ratio of INT8 against FP32, dB'),
  'min-cosine': z
    .number(want('a number from -1 to 1'))
    .min(-1, want('a number from -1 to 1'))
    .max(1, want('a number from -1 to 1'))
    .optional()
    .describe('least mean cosine between INT8 and FP32 outputs'),
  'min-speedup': positive('a ratio above 0').optional().describe('FP32 time over INT8 time'),
  'max-latency': latency.optional().describe('of INT8: a time (hardware only) or cycles (modelled only)'),
});

const percentage = z.union([z.number(), z.string().regex(/^\d+(\.\d+)? ?%$/)], want('a percentage, e.g. 5%'));

const regression = mapping({
  'max-accuracy-drop': z.number(want('percentage points')).optional(),
  'max-slowdown': percentage.optional(),
}).describe('against the merge base; accepted and not judged yet');

const metricPattern = /^(top[1-9]\d{0,3}|auc|agreement|mse|mae|cosine|sqnr)$/;
const metric = z
  .string(want('one of top1, top5 (any topN), auc, agreement, mse, mae, cosine, sqnr'))
  .regex(metricPattern, want('one of top1, top5 (any topN), auc, agreement, mse, mae, cosine, sqnr'));

const profile = z
  .enum(PROFILES, want(PROFILES.join(', ')))
  .describe(
    'the integer rounding of INT8 builds: that of the runtime you deploy on (docs/arithmetic.md); tflite when absent',
  );

const threads = count('a number of threads')
  .max(MAX_THREADS, want(`a number of threads, at most ${MAX_THREADS}`))
  .describe('threads that INT8 and FP32 run on where speed is measured on hardware; 1 when absent');

const model = mapping({
  name: z
    .string(want('a name'))
    .regex(/^[^\p{Cc}]{1,100}$/u, want('a name of 1 to 100 printable characters'))
    .describe('what reports call it'),
  int8: path('the path of the INT8 .tflite'),
  fp32: path('the path of the FP32 .tflite').optional().describe('when absent: a dequantized twin of the INT8 model'),
  signature: path('the name of a signature')
    .optional()
    .describe("which of the models' signatures is checked; their main graph when absent"),
  profile: profile.optional(),
  threads: threads.optional(),
  data: data.describe('the samples that both models see'),
  metric: metric.optional().describe('top1 with labels and agreement without, when absent'),
  score: z
    .union([z.literal('reconstruction'), z.int().nonnegative()], want('"reconstruction" or the number of an output'))
    .optional()
    .describe('auc only. reconstruction: mean squared error between output and input; a number: that output element'),
  thresholds: thresholds.optional(),
  regression: regression.optional(),
});

export const configSchema = mapping({
  version: z.literal(1, want('1')),
  targets: z
    .array(z.string(want('a target')))
    .min(1, want('a list of at least one target'))
    .max(32)
    .optional()
    .describe('native (when absent), host, cortex-a72, neoverse-n1, …, aarch64[+dotprod][+i8mm][+fp16]'),
  defaults: mapping({
    thresholds: thresholds.optional(),
    regression: regression.optional(),
    profile: profile.optional(),
    threads: threads.optional(),
  }).optional(),
  models: z.array(model, want('a list of models')).min(1, want('a list of at least one model')).max(1000),
});

/** The file as it is written. */
export type RawConfig = z.infer<typeof configSchema>;
export type RawModel = RawConfig['models'][number];
export type DataConfig = RawModel['data'];
export type PreprocessConfig = NonNullable<DataConfig['preprocess']>;
export type Thresholds = NonNullable<RawModel['thresholds']>;
export type ThresholdId = keyof Thresholds;
export type SourceDType = (typeof SOURCE_DTYPES)[number];
