import type { Activation, NoAttrs } from './attrs.ts';
import type { DType } from '../tensor/dtype.ts';

export interface ShapeFamily {
  /** data, optional constant new shape; `newShape` is used when the operand is absent. */
  reshape: { readonly newShape: readonly number[] | null };
  squeeze: { readonly axes: readonly number[] };
  /** The shape of a tensor as int32 or int64. TFLite SHAPE. */
  shape_of: { readonly dtype: DType };
  strided_slice: {
    readonly beginMask: number;
    readonly endMask: number;
    readonly ellipsisMask: number;
    readonly newAxisMask: number;
    readonly shrinkAxisMask: number;
    readonly offset: boolean;
  };
  /** TFLite PACK. */
  stack: { readonly axis: number };
  concatenate: { readonly axis: number; readonly activation: Activation };
  /** data, paddings [rank, 2]. Pads with the output's zero point. TFLite PAD. */
  'nn.pad': NoAttrs;
  transpose: NoAttrs;
}
