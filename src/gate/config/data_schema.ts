import { z } from 'zod';
import { WINDOWS } from '../metrics/metric.ts';
import { count, mapping, path, positive, positiveReal, real, want } from '../words/words.ts';

const fileList = [path('a path'), z.array(path('a path')).min(1, want('a list of at least one path'))] as const;

const perChannel = (what: string) =>
  z.union(
    [real('a number'), z.array(real('a number')).min(1).max(4096)],
    want(`${what}: a number, or a list of one number a channel`),
  );

const fraction = positive('a fraction above 0, at most 1').max(1, want('a fraction above 0, at most 1'));

const crop = z.union(
  [
    fraction,
    mapping({
      fraction,
      rule: z
        .enum(['floor', 'tensorflow'], want('floor or tensorflow'))
        .describe('floor: ⌊fraction · n⌋ pixels, as many scripts with Pillow; tensorflow: as tf.image.central_crop'),
    }),
  ],
  want('a fraction above 0, at most 1, or a mapping such as { fraction: 0.875, rule: tensorflow }'),
);

export const RESIZE_METHODS = [
  ...['bilinear', 'bicubic', 'nearest', 'tf1-bilinear', 'tf1-bilinear-corners'],
  ...['pillow', 'pillow-bicubic', 'pillow-lanczos', 'none'],
] as const;

const resizeMethod = z
  .enum(RESIZE_METHODS, want(`one of ${RESIZE_METHODS.join(', ')}`))
  .describe(
    "bilinear, the default, bicubic, nearest: tf.image.resize; tf1-bilinear: TensorFlow 1's resize_bilinear, as slim has it, tf1-bilinear-corners: with align_corners; pillow, pillow-bicubic, pillow-lanczos: Pillow's and torchvision's, antialiased and with whole pixels; none",
  );

const resize = z.union(
  [
    resizeMethod,
    mapping({
      method: resizeMethod,
      'shorter-side': count('a number of pixels')
        .max(16_384, want('a number of pixels, at most 16384'))
        .optional()
        .describe(
          "pixels of the shorter side, whose ratio to the longer one stays; the middle of the model's size is kept, as torchvision's Resize and CenterCrop do",
        ),
      letterbox: z
        .number(want('a pixel value from 0 to 255'))
        .min(0, want('a pixel value from 0 to 255'))
        .max(255, want('a pixel value from 0 to 255'))
        .optional()
        .describe(
          'keeps the ratio of the sides and fills what stays empty with this value, as tf.image.resize_with_pad does, or ImageOps.pad for the methods of Pillow',
        ),
      antialias: z
        .boolean(want('true or false'))
        .optional()
        .describe('as in tf.image.resize; bilinear and bicubic only'),
    }),
  ],
  want(`one of ${RESIZE_METHODS.join(', ')}, or a mapping such as { method: pillow, shorter-side: 256 }`),
);

const preprocess = mapping({
  crop: crop
    .optional()
    .describe('central crop, before all else: the fraction of height and width that is kept, e.g. 0.875'),
  resize: resize
    .optional()
    .describe("how images are brought to the size of the model's input; docs/data.md says whose each method is"),
  channels: z
    .enum(['rgb', 'bgr', 'gray'], want('rgb, bgr or gray'))
    .optional()
    .describe('order of the channels; when absent rgb, or gray for a model with one channel'),
  scale: real('a number').optional().describe('x · scale, first of the three; 1 when absent'),
  mean: perChannel('what is subtracted').optional().describe('then x − mean; 0 when absent'),
  std: perChannel('the divisor').optional().describe('then x / std; 1 when absent'),
});

const quantized = z.union(
  [
    z.literal('model'),
    z.literal(false),
    mapping({
      scale: positiveReal('a scale'),
      'zero-point': z.int(want('a whole number')),
    }),
  ],
  want('"model", false, or a mapping with scale and zero-point'),
);

const ROUNDINGS = ['tflite', 'numpy', 'truncate'] as const;

export const SOURCE_DTYPES = ['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32', 'int64'] as const;

/** How files become the elements of an input; may be given for all inputs, and for each of them. */
const reading = {
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
  rounding: z
    .enum(ROUNDINGS, want(ROUNDINGS.join(', ')))
    .optional()
    .describe(
      "how real values are quantized for the INT8 model. tflite, when absent: as TFLite's QUANTIZE, halves away from zero; numpy: np.round(x / scale + zero_point), halves to even; truncate: (x / scale + zero_point).astype(int8)",
    ),
  window: mapping({
    length: count('a number of elements')
      .optional()
      .describe("elements of a window; the size of the model's input when absent"),
    step: count('a number of elements').describe('elements from one window to the next'),
  })
    .optional()
    .describe('cuts every file into overlapping windows, whose scores are averaged'),
};

const input = mapping({ files: z.union([...fileList], want('a path or glob, or a list of them')), ...reading });

const inputs = z.union(
  [...fileList, z.record(z.string(), z.union([...fileList, input]))],
  want(
    "a path or glob, a list of them, or a mapping from the model's inputs (names, or positions from 0) to them or to { files, preprocess, dtype, quantized, window }",
  ),
);

const classes = z.union(
  [path('a path'), z.array(path('a class name')).min(1, want('a list of at least one class name'))],
  want('a list of class names, or a .txt file with one name a line'),
);

const limit = z.union(
  [
    count('a number of samples'),
    mapping({
      count: count('a number of samples'),
      seed: z
        .int(want('a whole number'))
        .nonnegative(want('a whole number from 0'))
        .optional()
        .describe('1 when absent'),
      stratify: z
        .boolean(want('true or false'))
        .optional()
        .describe('draws from every class in proportion to its size'),
    }),
  ],
  want('a number of samples, or a mapping such as { count: 500, seed: 1, stratify: true }'),
);

const windows = z
  .enum(WINDOWS, want(WINDOWS.join(', ')))
  .describe(
    "what of a record's windows is scored: the mean of their outputs, when absent; the last one's; or the largest value of each output element",
  );

/** `data` of a model: which samples both models see, and how they are read. */
export const data = mapping({
  inputs: inputs.describe('files: .bin, .npy, .npz#array, .png, .jpg, IDX; globs know *, **, ?, [0-9] and {a,b}'),
  labels: path('the file of labels')
    .optional()
    .describe(
      '.csv, .tsv, .txt, .npy, .npz#array or IDX; a glob of .png or .npy masks, one a sample; "folders": the folder of a file names its class; when absent, INT8 is compared with FP32',
    ),
  classes: classes
    .optional()
    .describe(
      'names of the classes in the order of their numbers, for labels that are names; when absent: the names found, in alphabetical order',
    ),
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
  ...reading,
  windows: windows.optional(),
  state: z
    .enum(['fresh', 'carried'], want('fresh or carried'))
    .optional()
    .describe(
      "variables of streaming models. fresh, when absent: reset before every window; carried: kept over a record's windows",
    ),
  limit: limit
    .optional()
    .describe('use so many samples: a number spreads them evenly over the set, a mapping draws them'),
});

export type DataConfig = z.infer<typeof data>;
export type ReadingConfig = Pick<DataConfig, keyof typeof reading>;
export type PreprocessConfig = NonNullable<DataConfig['preprocess']>;
export type CropConfig = NonNullable<PreprocessConfig['crop']>;
export type Rounding = (typeof ROUNDINGS)[number];
export type ResizeMethod = (typeof RESIZE_METHODS)[number];
export type ResizeConfig = Extract<PreprocessConfig['resize'], object>;
export type SourceDType = (typeof SOURCE_DTYPES)[number];
