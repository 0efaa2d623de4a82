import type { Port } from '../../compiler/build.ts';
import { isFloat } from '../../model/tensor/dtype.ts';

/** Figures of one output or of a pair of them; all on real (dequantized) values. */

/** Whether an output holds numbers of classes or the like (what ARG_MAX gives): equal or not, but never near. */
export const holdsIndexes = (port: Port): boolean => !isFloat(port.dtype) && port.quantization === null;

/** The classes that an output chooses, row by row: argmax along the last dimension, or class numbers as such. */
export function classesOf(output: Float32Array, port: Port): ArrayLike<number> {
  if (holdsIndexes(port)) return output;
  const classes = port.shape.at(-1) ?? 1;
  return Float64Array.from({ length: output.length / classes }, (_, row) =>
    argmax(output.subarray(row * classes, (row + 1) * classes)),
  );
}

/** Index of the largest element; the first of several, as numpy.argmax. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * Whether `label` is among the k largest; of equal elements the ones that come first are taken. k = 1 is argmax.
 */
export function inTopK(values: ArrayLike<number>, label: number, k: number): boolean {
  const own = values[label];
  let before = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > own || (values[i] === own && i < label)) before++;
  }
  return before < k;
}

/** Whether `label` is among the k largest only because of equal elements it comes first, or is not because it does not. */
export function tiesInTopK(values: ArrayLike<number>, label: number, k: number): boolean {
  let above = 0;
  let equal = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > values[label]) above++;
    else if (values[i] === values[label]) equal++;
  }
  return above < k && above + equal > k;
}

/** Mean over the inferences of a sample, element by element. */
export function meanOfInferences(output: Float32Array, size: number): ArrayLike<number> {
  if (output.length === size) return output;
  const mean = new Float64Array(size);
  for (let i = 0; i < output.length; i++) mean[i % size] += output[i];
  return mean.map((sum) => (sum * size) / output.length);
}

/** What INT8 and FP32 gave for one sample. What is asked for twice is computed once. */
export class OutputPair {
  private readonly int8: readonly Float32Array[];
  private readonly fp32: readonly Float32Array[];
  private readonly ports: readonly Port[];
  private knownSums?: PairSums;
  private knownClasses?: OutputPair['classes'];

  constructor(int8: readonly Float32Array[], fp32: readonly Float32Array[], ports: readonly Port[]) {
    this.int8 = int8;
    this.fp32 = fp32;
    this.ports = ports;
  }

  /** Of the first output. */
  get first(): { readonly int8: Float32Array; readonly fp32: Float32Array } {
    return { int8: this.int8[0], fp32: this.fp32[0] };
  }

  /** Of all outputs that hold values. */
  get sums(): PairSums {
    const values = (outputs: readonly Float32Array[]) => concat(outputs.filter((_, i) => !holdsIndexes(this.ports[i])));
    this.knownSums ??= pairSums(values(this.int8), values(this.fp32));
    return this.knownSums;
  }

  /** The classes that the first output chooses. */
  get classes(): { readonly int8: ArrayLike<number>; readonly fp32: ArrayLike<number> } {
    this.knownClasses ??= {
      int8: classesOf(this.int8[0], this.ports[0]),
      fp32: classesOf(this.fp32[0], this.ports[0]),
    };
    return this.knownClasses;
  }
}

/** Values one after another; without a copy where there is one list. */
export function concat(outputs: readonly Float32Array[]): Float32Array {
  if (outputs.length === 1) return outputs[0];
  const all = new Float32Array(outputs.reduce((n, output) => n + output.length, 0));
  let at = 0;
  for (const output of outputs) {
    all.set(output, at);
    at += output.length;
  }
  return all;
}

/** Sums over the elements of two equally long outputs, from which the error figures follow. */
export interface PairSums {
  readonly elements: number;
  /** Σ reference² */
  readonly signal: number;
  /** Σ other² */
  readonly energy: number;
  /** Σ reference · other */
  readonly product: number;
  /** Σ (other − reference)² */
  readonly squared: number;
  /** Σ |other − reference| */
  readonly absolute: number;
}

export function pairSums(other: ArrayLike<number>, reference: ArrayLike<number>): PairSums {
  let signal = 0;
  let energy = 0;
  let product = 0;
  let squared = 0;
  let absolute = 0;
  for (let i = 0; i < reference.length; i++) {
    const a = other[i];
    const b = reference[i];
    signal += b * b;
    energy += a * a;
    product += a * b;
    squared += (a - b) * (a - b);
    absolute += Math.abs(a - b);
  }
  return { elements: reference.length, signal, energy, product, squared, absolute };
}

export const mseOf = (sums: PairSums): number => sums.squared / sums.elements;
export const maeOf = (sums: PairSums): number => sums.absolute / sums.elements;

/** 1 for two zero vectors, 0 where only one is. */
export function cosineOf({ product, signal, energy }: PairSums): number {
  if (signal === 0 && energy === 0) return 1;
  if (signal === 0 || energy === 0) return 0;
  return product / Math.sqrt(signal) / Math.sqrt(energy);
}

/** 10·log10(Σ reference² / Σ error²); infinite where there is no error. */
export const sqnrOf = (signal: number, noise: number): number =>
  noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
