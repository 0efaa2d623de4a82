/** Layers with constant weights, as their templates take them. */

import type { Activation } from '../../model/arithmetic/activation.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import type { Requantization } from '../templates/epilogue/epilogue.ts';
import type { GemmWorkload, Weights } from '../templates/index.ts';

/** The window of a convolution as members of a `conv_shape`. */
export interface ConvShape {
  readonly in_h: number;
  readonly in_w: number;
  readonly channels: number;
  readonly out_h: number;
  readonly out_w: number;
  readonly kernel_h: number;
  readonly kernel_w: number;
  readonly stride_h: number;
  readonly stride_w: number;
  readonly dilation_h: number;
  readonly dilation_w: number;
  readonly pad_top: number;
  readonly pad_left: number;
  readonly groups: number;
}

/** A layer that is a matrix multiplication, 8 bits or float, with constant weights. */
export interface GemmLayer {
  readonly op: GemmWorkload['op'];
  readonly data: Tensor;
  readonly output: Tensor;
  /** [columns][k] row-major. */
  readonly weights: Weights;
  readonly shape: ConvShape;
  /** Output pixels of all images. */
  readonly m: number;
  /** Output channels of all groups. */
  readonly columns: number;
  readonly activation: Activation;
  /** null for float. */
  readonly requantization: Requantization | null;
  /** Whether a float result may be infinite: of convolutions it may not, whatever the activation. */
  readonly infinite?: boolean;
}

/** A depthwise convolution, 8 bits or float, with constant weights. */
export interface DepthwiseLayer {
  readonly data: Tensor;
  readonly output: Tensor;
  /** [taps][output channels] row-major. */
  readonly weights: Weights;
  readonly shape: ConvShape;
  readonly batch: number;
  readonly multiplier: number;
  readonly activation: Activation;
  readonly requantization: Requantization | null;
}
