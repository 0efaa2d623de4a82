import { complexParts, type DType, isFloat, type TensorData } from '../../model/tensor/dtype.ts';
import { floatOfHalf } from '../../model/tensor/half.ts';
import type { Tolerance } from './case.ts';

/** How far two tensors are apart. */
export interface Difference {
  readonly differing: number;
  readonly total: number;
  /** The largest difference; infinite where one side is NaN or infinite and the other is not. */
  readonly maxAbs: number;
}

export const NO_DIFFERENCE: Difference = { differing: 0, total: 0, maxAbs: 0 };

export const addDifferences = (a: Difference, b: Difference): Difference => ({
  differing: a.differing + b.differing,
  total: a.total + b.total,
  maxAbs: Math.max(a.maxAbs, b.maxAbs),
});

/**
 * Compares computed with expected elements. Integers must be equal; so must floats when there is no tolerance.
 * NaN equals NaN, and an infinity equals only itself. A missing or surplus element differs. Complex elements are compared
 * and counted by their two parts.
 */
export function compare(
  actual: TensorData,
  expected: TensorData,
  dtype: DType,
  tolerance: Tolerance | null,
): Difference {
  if (dtype === 'complex64') {
    const [a, b] = [actual, expected].map((data) => complexParts(data as BigUint64Array));
    return compare(a, b, 'float32', tolerance);
  }
  const number = dtype === 'float16' ? floatOfHalf : Number;
  const allowed = isFloat(dtype) ? tolerance : null;
  const total = Math.max(actual.length, expected.length);
  let differing = total - Math.min(actual.length, expected.length);
  let maxAbs = differing > 0 ? Number.POSITIVE_INFINITY : 0;
  for (let i = 0; i < Math.min(actual.length, expected.length); i++) {
    if (actual[i] === expected[i]) continue;
    const [a, b] = [number(actual[i] as number), number(expected[i] as number)];
    if (a === b && typeof actual[i] === 'number') continue;
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    // Two int64 that are equal as doubles still differ, by at least one.
    const distance = Number.isFinite(a) && Number.isFinite(b) ? Math.abs(a - b) || 1 : Number.POSITIVE_INFINITY;
    maxAbs = Math.max(maxAbs, distance);
    if (allowed === null || !(distance <= allowed.abs + allowed.rel * Math.abs(b))) differing++;
  }
  return { differing, total, maxAbs };
}
