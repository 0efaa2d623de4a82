import { z } from 'zod';
import { figure, finite } from './schema.ts';

const accusedSchema = z.object({
  node: z
    .int()
    .nonnegative()
    .nullable()
    .describe(
      'index of the operator in the main graph of the INT8 model; null: an input of the model, and how it is quantized',
    ),
  label: z.string(),
  reason: z.string().describe('one sentence for people'),
  kind: z
    .enum(['scale', 'zero-point', 'channels', 'bias', 'range', 'weights', 'rounding'])
    .describe('what is wrong: rounding where the error is too large, and no cause was found'),
});

/** A layer in which error arises that quantization does not explain. */
export type Accused = Readonly<z.infer<typeof accusedSchema>>;

const layerSchema = z.object({
  node: z
    .int()
    .nonnegative()
    .nullable()
    .describe(
      'index of the operator in the main graph of the INT8 model; null: an input of the model, and how it is quantized',
    ),
  label: z.string(),
  inherited: figure.describe(
    'SQNR in dB of INT8 against FP32, whole networks side by side; null: no error, or no signal',
  ),
  introduced: figure.describe(
    'SQNR in dB of the INT8 result against what the layer of the FP32 model makes of the very inputs that INT8 had; saturation by inputs that FP32 never has is left out',
  ),
  excess: figure.describe('introduced error over what rounding of output and weights explains, a ratio of powers'),
  rmse: figure.describe('of the introduced error, in steps of the output'),
  bias: figure.describe('mean of the introduced error, in steps of the output'),
  clippedLow: finite.describe('share of results below the range of the output by half a step or more, in FP32 as well'),
  clippedHigh: finite.describe('share of results above it'),
  used: figure.describe('share of the codes of the type between the least and the largest that occurred'),
  channels: z
    .array(z.object({ channel: z.int().nonnegative(), bias: figure, rmse: figure }))
    .describe('those with the largest introduced error, in steps of the output'),
});
export type DriftLayer = z.infer<typeof layerSchema>;

export const driftSchema = z
  .object({
    samples: z.int().nonnegative(),
    inferences: z.int().nonnegative(),
    twin: z.boolean().describe('FP32 is the dequantized twin: damage of weights is in both'),
    accused: z.array(accusedSchema).describe('the culprit first; none where rounding explains all'),
    layers: z.array(layerSchema).describe('the layer that adds most error to its signal first'),
    apart: z.array(z.string()).describe('operators of the INT8 model that have no counterpart in the FP32 model'),
    notes: z.array(z.string()),
  })
  .describe('where INT8 leaves FP32, layer by layer: docs/drift.md');
/** What a drift analysis found. */
export type Drift = z.infer<typeof driftSchema>;
