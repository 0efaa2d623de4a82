/** Layers: lowered operators with weights, the input of templates. */

import type { Activation } from '../../model/arithmetic/activation.ts';
import type { MatmulForm, MatrixPair } from '../../model/ops/batch_matmul.ts';
import type { Direct } from '../../model/ops/shared/direct.ts';
import type { BiasType } from '../../model/ops/shared/weights.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';

/** Requantization of accumulators: one factor for all columns, or one per column. */
export interface Requantization {
  readonly factors: readonly number[];
  /** `round(acc · factor)` in double, as TFLite's FULLY_CONNECTED; otherwise the profile's. */
  readonly inDouble: boolean;
}

/** Constant weights, row-major, with zero point and bias. */
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
  /** Whether a float result may be infinite; results of convolutions are clamped to finite values. */
  readonly infinite?: boolean;
}

/** Largest kernel height of depthwise layers: DEPTHWISE_ROWS of native/kernels/depthwise.h. Others use reference kernels. */
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

/** Quantization of data and scaling of accumulators of a hybrid layer. */
export interface HybridScaling {
  /** Data in [-128, 127] with a zero point; otherwise in [-127, 127]. */
  readonly asymmetric: boolean;
  /** (acc · weight scale) · data scale; otherwise acc · (weight scale · data scale). */
  readonly weightsThenData: boolean;
}

/** Float data, quantized at run time, and constant int8 weights. */
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

/** Operands and epilogue of the reference kernels. */
export interface ReferenceResult extends BiasType {
  readonly data: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | null;
  /** Their operand indices. */
  readonly operands: { readonly data: number; readonly weights: number; readonly bias: number };
  readonly output: Tensor;
  readonly activation: Activation;
  /** null for float and hybrid. */
  readonly requantization: Requantization | null;
  /** Two roundings, halves up, in every profile. */
  readonly halvesUp?: boolean;
  readonly hybrid: HybridScaling;
}

/** Convolution, depthwise convolution or fully connected layer by reference kernel. */
export interface ReferenceConvLayer extends ReferenceResult {
  readonly kind: 'reference_conv';
  readonly shape: ConvShape;
  readonly batch: number;
  /** Output channels. */
  readonly outs: number;
  /** Depth multiplier; 0 for OHWI weights. */
  readonly multiplier: number;
}

/** Transposed or 3-D convolution, by lists of taps. */
export interface ReferenceTapsLayer extends ReferenceResult {
  readonly kind: 'reference_taps';
  readonly geometry: Direct;
  readonly layout: TapWeights;
}

/** Source of weights [taps][channels][output channels]; integers have the zero point subtracted. */
export type TapWeights =
  | { readonly from: 'constant'; readonly values: Int16Array | Float32Array }
  /** The operand has this layout. */
  | { readonly from: 'operand' }
  /** The operand is [blocks][output channels][inner] and is transposed at run time. */
  | { readonly from: 'transposed'; readonly blocks: number; readonly inner: number };

export type Layer =
  | (GemmLayer | HybridGemmLayer | MatmulPairsLayer)
  | (DepthwiseLayer | HybridDepthwiseLayer)
  | (ReferenceConvLayer | ReferenceTapsLayer | ReferenceMatmulLayer);

/** The layer of a kind. */
export type LayerOf<Kind extends Layer['kind']> = Extract<Layer, { readonly kind: Kind }>;
