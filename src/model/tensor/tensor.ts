import type { DType, TensorData } from './dtype.ts';
import type { Quantization } from './quantization.ts';
import type { Shape } from './shape.ts';

/** Index of a tensor in its graph. */
export type TensorId = number;
/** Stands in a node's inputs for an optional operand that is left out, as in TFLite. */
export const ABSENT = -1;

/** A value of a graph: an activation, a constant (`data` set) or a variable that keeps its state between runs. */
export interface Tensor {
  readonly name: string;
  readonly dtype: DType;
  /** Concrete extents. A dynamic extent of the file (−1 in `signature`) stands here with its default, 1. */
  readonly shape: Shape;
  /** The file's shape signature where it has dynamic extents. */
  readonly signature?: Shape;
  readonly quantization: Quantization | null;
  /** Row-major elements of a constant; null for what is computed or fed. */
  readonly data: TensorData | null;
  readonly variable?: boolean;
  /** Of a graph input: the only elements it may have, because the graph was made for them; see `bindInputs`. */
  readonly bound?: TensorData;
}
