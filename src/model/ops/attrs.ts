/** Attribute types shared by several operator families. */

export type Padding = 'SAME' | 'VALID';
/** Explicit padding, in elements. */
export interface Pads {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}
/** TFLite's fused activations. */
export type Activation = 'NONE' | 'RELU' | 'RELU_N1_TO_1' | 'RELU6' | 'TANH' | 'SIGN_BIT';
/** Height and width. */
export type HW = readonly [number, number];

export type NoAttrs = Readonly<Record<string, never>>;
