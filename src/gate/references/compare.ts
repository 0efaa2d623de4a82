import type { Port } from '../../compiler/build.ts';
import { isFloat, type TensorData } from '../../model/tensor/dtype.ts';
import type { Tensors } from '../engines/engine.ts';

/** How the outputs of two runtimes differ. */
export interface Differences {
  readonly values: number;
  readonly differing: number;
  readonly largest: number;
  /** Of `largest`: steps of integer outputs; real units for models that have none. */
  readonly unit: 'steps' | 'real';
}

/** Part of a float's magnitude, or of 1 where that is larger, that is no difference: sums of floats have no fixed order. */
const TOLERANCE = 1e-5;

/** Whether two values of a type are not the same. A NaN is the same as another. */
function differ(a: number, b: number, float: boolean): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return false;
  return !float || !(Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a)));
}

/** The indices at which two tensors differ, with the difference. Infinite where one of the two is no number. */
export function* differencesOf(
  a: TensorData,
  b: TensorData,
  dtype: Port['dtype'],
): Generator<readonly [number, number]> {
  const float = isFloat(dtype);
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (!differ(x, y, float)) continue;
    const apart = Math.abs(x - y);
    yield [i, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart];
  }
}

export const sameTensor = (a: TensorData, b: TensorData, dtype: Port['dtype']): boolean =>
  a.length === b.length && differencesOf(a, b, dtype).next().done === true;

export const sameOutputs = (a: Tensors, b: Tensors, ports: readonly Port[]): boolean =>
  ports.every(({ dtype }, k) => sameTensor(a[k], b[k], dtype));

/** Counts over all inferences and outputs. */
export function countDifferences(
  ours: readonly Tensors[],
  theirs: readonly Tensors[],
  ports: readonly Port[],
): Differences {
  let [values, differing, steps, real] = [0, 0, 0, 0];
  for (const [n, outputs] of ours.entries()) {
    for (const [k, { dtype }] of ports.entries()) {
      values += outputs[k].length;
      for (const [, apart] of differencesOf(outputs[k], theirs[n][k], dtype)) {
        differing++;
        // JSON has no infinities.
        const finite = Math.min(apart, Number.MAX_VALUE);
        if (isFloat(dtype)) real = Math.max(real, finite);
        else steps = Math.max(steps, finite);
      }
    }
  }
  const unit = ports.some(({ dtype }) => !isFloat(dtype)) ? 'steps' : 'real';
  return { values, differing, largest: unit === 'steps' ? steps : real, unit };
}
