/** What operators with weights (convolutions, fully connected) share: their forms, checks and scaling. */

import type { Activation } from '../../arithmetic/activation.ts';
import { activationRange, floatRange } from '../../arithmetic/activation.ts';
import { multiplyByMultiplier64, type Profile, quantizeMultiplier, requantizer } from '../../arithmetic/multiplier.ts';
import { clamp } from '../../arithmetic/rounding.ts';
import type { DType, TensorData } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { OpKind } from '../attrs.ts';
import {
  biasFits,
  clampingActivation,
  dtypeIs,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  weightsQuantized,
} from '../checks.ts';
import type { EvalView, OpView } from '../definition.ts';

/**
 * `float`: everything float32. `hybrid`: integer weights, float32 data that is quantized while running.
 * `integer`: everything quantized.
 */
export type WeightedForm = 'float' | 'hybrid' | 'integer';

const FORMS: Partial<Record<DType, Partial<Record<DType, WeightedForm>>>> = {
  float32: { float32: 'float', int8: 'hybrid', int4: 'hybrid' },
  int8: { int8: 'integer', int4: 'integer' },
  uint8: { uint8: 'integer' },
  int16: { int8: 'integer', int4: 'integer' },
};

export const weightedForm = (data: Tensor, weights: Tensor): WeightedForm | undefined =>
  FORMS[data.dtype]?.[weights.dtype];

/** Which types may be combined, and the output and bias that go with them. */
export function checkForm(op: OpView<OpKind>, channels: number, output = op.inputs[0]!.dtype): Problem[] {
  const [data, weights, bias = null] = op.inputs;
  if (weightedForm(data!, weights!) === undefined) {
    return [`${data!.dtype} data with ${weights!.dtype} weights is not supported`];
  }
  const biasTypes: readonly DType[] =
    data!.dtype === 'float32' ? ['float32'] : data!.dtype === 'int16' ? ['int32', 'int64'] : ['int32'];
  return [dtypeIs(op.outputs[0], 'the output', output), biasFits(bias, channels, ...biasTypes)];
}

/**
 * Scales where the form calls for them. `axis` is the weights' channel dimension; `asymmetricWeights` says whether
 * signed weights may carry a zero point when quantized per tensor (FULLY_CONNECTED).
 */
export function checkWeightedQuantization(op: OpView<OpKind>, axis: number, asymmetricWeights = false): Problem[] {
  const [data, weights, bias = null] = op.inputs;
  const form = weightedForm(data!, weights!);
  if (form === 'float') return [];
  const unsound = weightsQuantized(weights!, 'the weights', axis);
  if (unsound) return [unsound];
  const { scales, zeroPoints } = weights!.quantization!;
  const mayBeOff = data!.dtype === 'uint8' || (asymmetricWeights && form === 'integer' && scales.length === 1);
  const symmetric = !mayBeOff && zeroPoints.some((z) => z !== 0) && 'the weights have a zero point other than 0';
  if (form === 'hybrid') return [symmetric];
  return [
    symmetric,
    data!.dtype === 'uint8' && scales.length > 1 && 'uint8 weights are quantized per channel, must be per tensor',
    perTensorQuantized(data!, 'the input'),
    perTensorQuantized(op.outputs[0], 'the output'),
    bias?.quantization?.zeroPoints.some((z) => z !== 0) && 'the bias has a zero point other than 0',
    biasScale(op),
  ];
}

/** How far the scale of a bias may be from the sums', relative to the output's scale. */
const BIAS_TOLERANCE = 0.02;

/**
 * A bias counts in the sums' unit, whatever its scale says. TFLite refuses another one where weights have one scale, in
 * FULLY_CONNECTED and in uint8 models, and so do we. Source: GetQuantizedConvolutionMultipler (kernel_util.cc).
 */
function biasScale(op: OpView<OpKind>): Problem {
  const [data, weights, bias = null] = op.inputs;
  const one = (t: Tensor): boolean => t.quantization?.scales.length === 1;
  if (bias === null || ![data!, weights!, op.outputs[0], bias].every(one)) return null;
  if (op.kind !== 'nn.dense' && data!.dtype !== 'uint8') return null;
  const unit = parameters(data!).scale * parameters(weights!).scale;
  const { scale } = parameters(bias);
  return (
    Math.abs(unit - scale) / parameters(op.outputs[0]).scale > BIAS_TOLERANCE &&
    `the bias has the scale ${scale}, must be input scale × weight scale = ${unit} (TFLite refuses the model, too)`
  );
}

/** The activations that the form can fuse. */
export const checkActivation = (activation: Activation): Problem => clampingActivation(activation);

/**
 * Input scale · weight scale / output scale, one for all channels or one a channel. uint8 models multiply the two
 * scales in float32, the rest in double. Source: PopulateConvolutionQuantizationParams (kernel_util.cc).
 */
export function convFactors(data: Tensor, weights: Tensor, output: Tensor, profile: Profile): number[] {
  const input = data.quantization!.scales[0];
  const out = output.quantization!.scales[0];
  if (isSingle(output, profile)) return singleFactors(input, weights, out);
  return weights.quantization!.scales.map((w) => (data.dtype === 'uint8' ? Math.fround(input * w) : input * w) / out);
}

/** Whether the factor itself is computed in float32: XNNPACK does, which has no INT16 forms. */
export const isSingle = ({ dtype }: Pick<Tensor, 'dtype'>, profile: Profile): boolean =>
  profile === 'xnnpack' && dtype !== 'int16';

/** Input scale · weight scale / output scale, rounded to float32 at each step. Source: XNNPACK's convolution-nhwc.c, fully-connected-nc.c. */
export const singleFactors = (input: number, weights: Tensor, out: number): number[] =>
  weights.quantization!.scales.map((w) => Math.fround(Math.fround(input * w) / out));

/** Turns the accumulators of one pixel or row into outputs. */
export type Finish = (accumulator: number, channel: number) => number;

/** What an operator's options say about the bias of its INT16x8 form. */
export interface BiasType {
  readonly biasType?: 'int32' | 'int64';
}

/** The accumulator's type: int64 (doubles here) for INT16x8 unless the bias is int32, otherwise int32. */
export const isWide = (data: Tensor, bias: Tensor | null | undefined, { biasType }: BiasType = {}): boolean =>
  data.dtype === 'int16' && (bias?.dtype ?? biasType) !== 'int32';

/** A bias as numbers, zeros where it is absent. int64 values beyond 2^53 are rounded. */
export function biasValues(
  bias: TensorData | null | undefined,
  channels: number,
  wide: boolean,
): Int32Array | Float64Array {
  const values = wide ? new Float64Array(channels) : new Int32Array(channels);
  if (bias) for (let c = 0; c < channels; c++) values[c] = Number(bias[c]);
  return values;
}

/** Bias, requantization, zero point and clamp of an integer convolution. */
export function integerFinish(op: EvalView<OpKind>, activation: Activation, channels: number): Finish {
  const [data, weights, biasTensor] = [operand(op, 0), operand(op, 1), op.inputs[2]];
  const output = op.outputs[0];
  const { scale, zeroPoint } = parameters(output);
  const { min, max } = activationRange(activation, scale, zeroPoint, output.dtype);
  const wide = isWide(data, biasTensor, op.attrs as BiasType);
  const bias = biasValues(op.data[2], channels, wide);
  const factors = convFactors(data, weights, output, op.profile);
  if (wide) {
    const multipliers = factors.map(quantizeMultiplier);
    return (acc, c) =>
      clamp(multiplyByMultiplier64(acc + bias[c], multipliers[multipliers.length === 1 ? 0 : c]) + zeroPoint, min, max);
  }
  const requantize = requantizer(op.profile, factors);
  return (acc, c) => clamp((requantize((acc + bias[c]) | 0, c) + zeroPoint) | 0, min, max);
}

/** Bias and clamp of a float operator. */
export function floatFinish(bias: TensorData | null | undefined, activation: Activation): Finish {
  const { min, max } = floatRange(activation);
  if (!bias) return (acc) => clamp(acc, min, max);
  const values = bias as Float32Array;
  return (acc, c) => clamp(Math.fround(acc + values[c]), min, max);
}

/**
 * Quantized data or weights with the zero point subtracted, as int16. `zeroPoints`: one for all, or one for each of
 * equally long runs of elements (the batches of a hybrid operator).
 */
export function centered(data: TensorData, zeroPoints: readonly number[]): Int16Array {
  const values = data as Int8Array;
  const out = new Int16Array(values.length);
  const run = values.length / zeroPoints.length;
  for (let b = 0; b < zeroPoints.length; b++) {
    const zero = zeroPoints[b];
    for (let i = b * run; i < (b + 1) * run; i++) out[i] = values[i] - zero;
  }
  return out;
}
