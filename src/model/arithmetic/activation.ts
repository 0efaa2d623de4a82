import { type DType, integerRange } from '../tensor/dtype.ts';
import { roundAway } from './rounding.ts';

/** TFLite's fused activations. */
export type Activation = 'NONE' | 'RELU' | 'RELU_N1_TO_1' | 'RELU6' | 'TANH' | 'SIGN_BIT';

/** Limits of an output. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The real interval of a fused activation; infinite where it has no bound. */
export function activationInterval(activation: Activation): Range {
  switch (activation) {
    case 'RELU':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'RELU6':
      return { min: 0, max: 6 };
    case 'RELU_N1_TO_1':
      return { min: -1, max: 1 };
    default:
      return { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };
  }
}

/**
 * The limits of a quantized output under a fused activation: zero point + round(bound / scale), the division in
 * float32, within the type's own range; without a scale (0) that range. Source: CalculateActivationRangeQuantized (kernel_util.cc).
 */
export function activationRange(activation: Activation, scale: number, zeroPoint: number, dtype: DType): Range {
  const [lo, hi] = integerRange(dtype);
  const { min, max } = activationInterval(activation);
  if (scale === 0) return { min: lo, max: hi };
  const quantized = (bound: number) => zeroPoint + roundAway(Math.fround(bound / scale));
  return {
    min: min === Number.NEGATIVE_INFINITY ? lo : Math.max(lo, quantized(min)),
    max: max === Number.POSITIVE_INFINITY ? hi : Math.min(hi, quantized(max)),
  };
}

const FLT_MAX = 3.4028234663852886e38;

/** The limits of a float output under a fused activation: like TFLite's, finite even without a bound. */
export function floatRange(activation: Activation): Range {
  const { min, max } = activationInterval(activation);
  return { min: Math.max(min, -FLT_MAX), max: Math.min(max, FLT_MAX) };
}
