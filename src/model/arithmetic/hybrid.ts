/**
 * Quantization of float data while running, for operators with integer weights. float32 steps are written out with
 * Math.fround; the scale of the asymmetric variant is computed in double, from a range in float32, as TFLite does.
 * Source: neon_tensor_utils.cc, which TFLite compiles for x86 too, reference kernels included.
 */
import { castInt32, clamp, roundAway } from './rounding.ts';

export interface QuantizedBatches {
  readonly values: Int8Array<ArrayBuffer>;
  /** For each batch: real = scale · (value − offset). */
  readonly scales: readonly number[];
  readonly offsets: readonly number[];
}

interface Affine {
  readonly scale: number;
  readonly inverse: number;
  readonly offset: number;
}

function extremes(data: Float32Array, from: number, to: number): readonly [number, number] {
  let min = data[from];
  let max = data[from];
  for (let i = from + 1; i < to; i++) {
    if (data[i] < min) min = data[i];
    if (data[i] > max) max = data[i];
  }
  return [min, max];
}

function symmetric(min: number, max: number): Affine | null {
  const range = Math.max(Math.abs(min), Math.abs(max));
  return range === 0 ? null : { scale: Math.fround(range / 127), inverse: Math.fround(127 / range), offset: 0 };
}

function asymmetric(min: number, max: number): Affine | null {
  const low = min < 0 ? min : 0;
  const high = max > 0 ? max : 0;
  if (low === high) return null;
  const step = Math.fround(high - low) / 255;
  const fromLow = -128 - low / step;
  const fromHigh = 127 - high / step;
  const lowIsCloser = 128 + Math.abs(low / step) < 127 + Math.abs(high / step);
  const scale = Math.fround(step);
  const offset = roundAway(lowIsCloser ? fromLow : fromHigh);
  return {
    scale,
    inverse: scale === 0 ? 0 : Math.fround(1 / scale),
    // Infinities in the data leave none.
    offset: Number.isNaN(offset) ? 0 : clamp(offset, -128, 127),
  };
}

/** TFLite quantizes so many elements at a time, and the rest one by one. */
const LANES = 8;
/** Halves added and the fraction cut off, in float32: 0.49999997 becomes 1. Out of range int32 wraps. */
const cutOff = (product: number, offset: number): number =>
  (castInt32(Math.trunc(Math.fround(product + (product < 0 ? -0.5 : 0.5)))) + offset) | 0;
const rounded = (product: number, offset: number): number => castInt32(Math.fround(offset + roundAway(product)));

/** Quantizes each of `batches` equally long runs of `data` by itself. A run of zeros gets scale 1 and offset 0. */
export function quantizeBatches(data: Float32Array, batches: number, isAsymmetric: boolean): QuantizedBatches {
  const values = new Int8Array(data.length);
  const scales: number[] = [];
  const offsets: number[] = [];
  const size = data.length / batches;
  const eights = size - (size % LANES);
  const lowest = isAsymmetric ? -128 : -127;
  for (let b = 0; b < batches; b++) {
    const [min, max] = extremes(data, b * size, (b + 1) * size);
    const q = (isAsymmetric ? asymmetric : symmetric)(min, max);
    scales.push(q?.scale ?? 1);
    offsets.push(q?.offset ?? 0);
    if (q === null) continue;
    for (let i = 0; i < size; i++) {
      const product = Math.fround(data[b * size + i] * q.inverse);
      values[b * size + i] = clamp((i < eights ? cutOff : rounded)(product, q.offset), lowest, 127);
    }
  }
  return { values, scales, offsets };
}
