import type { TensorData } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';

/** A value while a graph runs: its elements and the shape they have in this run. */
export interface Value {
  readonly shape: Shape;
  readonly data: TensorData;
}
