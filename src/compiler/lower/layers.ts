/** What operators with weights become, as templates take them. */

import type { Activation } from '../../model/arithmetic/activation.ts';
import type { MatmulForm, MatrixPair } from '../../model/ops/batch_matmul.ts';
import type { Direct } from '../../model/ops/shared/direct.ts';
import type { BiasType } from '../../model/ops/shared/weights.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';

/** How accumulators become integers again: one factor for all columns, or one a column. */
export interface Requantization {
  readonly factors: readonly number[];
  /** `round(acc · factor)` in double, as TFLite's FULLY_CONNECTED does; otherwise what the profile says. */
  readonly inDouble: boolean;
}

/** Constant weights, row-major, and what acts on their output channels. */
export interface Weights {
  readonly data: Int8Array | Uint8Array | Float32Array;
  /** Of 8-bit weights. */
  readonly zeroPoint: number;
  /** By output channel; int32 for 8 bits, float for float. null: zeros. */
  readonly bias: ArrayLike<number> | null;
}

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

/** A matrix multiplication, 8 bits or float, with constant weights. */
export interface GemmLayer {
  readonly kind: 'gemm';
  readonly op: 'nn.conv2d' | 'nn.dense' | 'nn.batch_matmul';
  readonly data: Tensor;
  readonly output: Tensor;
  /** [columns][k]. */
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

/** Rows of a depthwise kernel: DEPTHWISE_ROWS of native/kernels/depthwise.h. Higher ones go to the reference kernels. */
export const MAX_KERNEL_ROWS = 64;

/** A depthwise convolution, 8 bits or float, with constant weights; at most MAX_KERNEL_ROWS rows of taps. */
export interface DepthwiseLayer {
  readonly kind: 'depthwise';
  readonly data: Tensor;
  readonly output: Tensor;
  /** [taps][output channels]. */
  readonly weights: Weights;
  readonly shape: ConvShape;
  readonly batch: number;
  readonly multiplier: number;
  readonly activation: Activation;
  /** null for float. */
  readonly requantization: Requantization | null;
}

/** How a hybrid layer quantizes its data and scales its accumulators. */
export interface HybridScaling {
  /** Data over [-128, 127] with a zero point; otherwise over [-127, 127]. */
  readonly asymmetric: boolean;
  /** (acc · weight scale) · data scale; otherwise acc · (both scales). */
  readonly weightsThenData: boolean;
}

/** Float data, quantized while running, and constant int8 weights. */
interface Hybrid {
  readonly data: Tensor;
  /** Their data is an Int8Array. */
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  readonly output: Tensor;
  readonly shape: ConvShape;
  readonly batch: number;
  /** Output channels. */
  readonly outs: number;
  readonly activation: Activation;
  readonly hybrid: HybridScaling;
}

export interface HybridGemmLayer extends Hybrid {
  readonly kind: 'hybrid_gemm';
  readonly op: GemmLayer['op'];
}

/** Depth multiplier 1. */
export interface HybridDepthwiseLayer extends Hybrid {
  readonly kind: 'hybrid_depthwise';
}

/** Products of pairs of matrices. */
interface Matmul {
  readonly lhs: Tensor;
  readonly rhs: Tensor;
  readonly output: Tensor;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly pairs: readonly MatrixPair[];
  /** Whether the last two dimensions of an operand are swapped. */
  readonly swapX: boolean;
  readonly swapY: boolean;
}

/** Float, or int8 with an int8 result. */
export interface MatmulPairsLayer extends Matmul {
  readonly kind: 'matmul_pairs';
  /** null for float. */
  readonly requantization: Requantization | null;
}

/** The forms of BATCH_MATMUL that no tile kernel computes. */
export interface ReferenceMatmulLayer extends Matmul {
  readonly kind: 'reference_matmul';
  readonly form: Exclude<MatmulForm, 'float' | 'int8'>;
  /** Hybrid: whether data is quantized with a zero point. */
  readonly asymmetric: boolean;
  /** Of form `wide`. */
  readonly requantization: Requantization | null;
}

/** What the reference kernels make of their accumulators, of any element types. */
export interface ReferenceResult extends BiasType {
  readonly data: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  /** Which of the operator's operands these are. */
  readonly operands: { readonly data: number; readonly weights: number; readonly bias: number };
  readonly output: Tensor;
  readonly activation: Activation;
  /** null for float and hybrid. */
  readonly requantization: Requantization | null;
  /** Rounds twice, with halves up, whatever the profile. */
  readonly halvesUp?: boolean;
  readonly hybrid: HybridScaling;
}

/** Convolution, depthwise convolution or fully connected, in plain loops over the window. */
export interface ReferenceConvLayer extends ReferenceResult {
  readonly kind: 'reference_conv';
  readonly shape: ConvShape;
  readonly batch: number;
  /** Output channels. */
  readonly outs: number;
  /** Depth multiplier; 0 for OHWI weights. */
  readonly multiplier: number;
}

/** Transposed or three-dimensional convolution, by tables of taps. */
export interface ReferenceTapsLayer extends ReferenceResult {
  readonly kind: 'reference_taps';
  readonly geometry: Direct;
  readonly layout: TapWeights;
}

/** How weights come to lie as [taps][channels][output channels], for integers less their zero point. */
export type TapWeights =
  | { readonly from: 'constant'; readonly values: Int16Array | Float32Array }
  /** The operand lies so. */
  | { readonly from: 'operand' }
  /** `blocks` of the operand are [output channels][inner] and are transposed while running. */
  | { readonly from: 'transposed'; readonly blocks: number; readonly inner: number };

export type Layer =
  | (GemmLayer | HybridGemmLayer | MatmulPairsLayer)
  | (DepthwiseLayer | HybridDepthwiseLayer)
  | (ReferenceConvLayer | ReferenceTapsLayer | ReferenceMatmulLayer);

/** The layer of a kind. */
export type LayerOf<Kind extends Layer['kind']> = Extract<Layer, { readonly kind: Kind }>;
