/** How far a build's results are from the interpreter's. */
import { complexParts, type DType, type TensorData } from '../../src/model/tensor/dtype.ts';

/** Elements as numbers to compare: complex ones as their parts. */
export const numbersOf = (data: TensorData, dtype: DType): TensorData =>
  dtype === 'complex64' ? complexParts(data as BigUint64Array) : data;

/**
 * What is wrong with a result; null when nothing is. Integers are equal; floats agree within 1e-5 of themselves or of
 * `largest`, the largest number that they were summed up from.
 */
export function difference(actual: TensorData, expected: TensorData, largest: number): string | null {
  if (actual.length !== expected.length) return `${actual.length} elements, not ${expected.length}`;
  const real = expected instanceof Float32Array || expected instanceof Float64Array;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const allowed = real ? 1e-6 + 1e-5 * Math.max(largest, Math.abs(Number(b))) : 0;
    const off = real && Number.isFinite(b) ? Math.abs(Number(a) - Number(b)) : Number.POSITIVE_INFINITY;
    if (!(off <= allowed)) return `element ${i} is ${a}, not ${b}`;
  }
  return null;
}

/** Where two results differ in any bit, but for the bits of NaN; null where they do not. */
export function changed(actual: TensorData, expected: TensorData): string | null {
  for (let i = 0; i < expected.length; i++)
    if (!Object.is(actual[i], expected[i])) return `element ${i} is ${actual[i]}, and ${expected[i]} with memory apart`;
  return null;
}
