import type { Weights } from '../../lower/layers.ts';
import { type DepthwiseKernelName, dotQuads, kernelOf } from './kernels.ts';
import { type DepthwiseKey, outputsOf } from './workload.ts';

/** A depthwise layer's constants in the layout of native/kernels/depthwise*.h. */
export interface PackedDepthwise {
  readonly weights: Int8Array | Uint8Array | Int16Array | Float32Array;
  readonly bias: Int32Array | Float32Array;
  /** Bit i: weights are split into two; i: tap (`pairs`), kernel row (`dot`). */
  readonly twice: bigint;
  /** `pairs`: bit i: the 16-bit sum is widened after product i. */
  readonly cuts: bigint;
  /** By channel: max |accumulator| over all data. */
  readonly largest: readonly number[];
}

const [LOW, HIGH] = [-128, 127];
const clamp = (value: number): number => Math.max(LOW, Math.min(HIGH, value));
const bitsWhere = (count: number, test: (i: number) => boolean): bigint => {
  let bits = 0n;
  for (let i = 0; i < count; i++) if (test(i)) bits |= 1n << BigInt(i);
  return bits;
};
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Minimum and maximum of w · x for x in [low, high]. */
const extremes = (w: number, low: number, high: number) => [Math.min(w * low, w * high), Math.max(w * low, w * high)];

/** Bias with the zero point folded in: Σ(x − zx)w = Σx'w − (zx − offset)Σw, where x' = x − offset is the kernel's operand. */
export function foldedBias(
  { data, zeroPoint, bias }: Weights,
  w: DepthwiseKey,
  kernel: DepthwiseKernelName,
  dataZeroPoint: number,
): Int32Array {
  const outs = outputsOf(w);
  const offset = kernelOf(kernel).signed && w.data === 'uint8' ? 128 : 0;
  const folded = new Int32Array(outs);
  for (let c = 0; c < outs; c++) {
    let sum = 0;
    for (let at = c; at < data.length; at += outs) sum += data[at] - zeroPoint;
    folded[c] = (bias?.[c] ?? 0) - (dataZeroPoint - offset) * sum;
  }
  return folded;
}

/** Packs weights [taps][output channels] for a kernel, with the zero point subtracted. */
export function packDepthwise(
  source: Weights,
  w: DepthwiseKey,
  kernel: DepthwiseKernelName,
  dataZeroPoint: number,
): PackedDepthwise {
  const outs = outputsOf(w);
  const taps = source.data.length / outs;
  if (source.data instanceof Float32Array) {
    const bias = Float32Array.from({ length: outs }, (_, c) => source.bias?.[c] ?? 0);
    return { weights: source.data, bias, twice: 0n, cuts: 0n, largest: [] };
  }
  const weight = (tap: number, c: number): number => source.data[tap * outs + c] - source.zeroPoint;
  const rest = (tap: number, c: number): number => weight(tap, c) - clamp(weight(tap, c));
  const beyond = bitsWhere(taps, (tap) => range(outs).some((c) => rest(tap, c) !== 0));
  const packed = {
    ...{ bias: foldedBias(source, w, kernel, dataZeroPoint), largest: largestOf(source, w, dataZeroPoint) },
    ...{ twice: 0n, cuts: 0n },
  };
  if (kernel === 'dot') return { ...packed, ...packQuads(w, weight, beyond) };
  if (kernel !== 'pairs') return { ...packed, weights: Int16Array.from(source.data, (v) => v - source.zeroPoint) };
  const products = range(taps).flatMap((tap) => {
    const first = range(outs).map((c) => clamp(weight(tap, c)));
    return (beyond >> BigInt(tap)) & 1n ? [first, range(outs).map((c) => rest(tap, c))] : [first];
  });
  return { ...packed, twice: beyond, cuts: cutsOf(products), weights: Int8Array.from(products.flat()) };
}

/** By channel: max |accumulator|. */
function largestOf({ data, zeroPoint, bias }: Weights, w: DepthwiseKey, dataZeroPoint: number): number[] {
  const outs = outputsOf(w);
  const [least, most] = (w.data === 'uint8' ? [0, 255] : [LOW, HIGH]).map((end) => end - dataZeroPoint);
  return range(outs).map((c) => {
    let [low, high] = [bias?.[c] ?? 0, bias?.[c] ?? 0];
    for (let at = c; at < data.length; at += outs) {
      const ends = extremes(data[at] - zeroPoint, least, most);
      [low, high] = [low + ends[0], high + ends[1]];
    }
    return Math.max(-low, high);
  });
}

/** Cuts with which no 16-bit sum overflows for any int8 data; the last sum is as long as possible. */
export function cutsOf(products: readonly (readonly number[])[]): bigint {
  const sums = products[0].map(() => [0, 0]);
  let cuts = 0n;
  for (let i = products.length - 1; i >= 0; i--) {
    const longer = sums.map(([low, high], c) => {
      const [least, most] = extremes(products[i][c], LOW, HIGH);
      return [low + least, high + most];
    });
    const fits = longer.every(([low, high]) => low >= -32768 && high <= 32767);
    const last = i + 1 === products.length;
    if (last || !fits) cuts |= 1n << BigInt(i);
    products[i].forEach((w, c) => {
      sums[c] = last || fits ? longer[c] : extremes(w, LOW, HIGH);
    });
  }
  return cuts;
}

/** Weights in the layout of native/kernels/depthwise_dot.h, and the kernel rows that are split into two. */
function packQuads(w: DepthwiseKey, weight: (tap: number, c: number) => number, beyond: bigint) {
  const [rows, columns] = w.kernel;
  const ofRow = (1n << BigInt(columns)) - 1n;
  const twice = bitsWhere(rows, (ky) => ((beyond >> BigInt(ky * columns)) & ofRow) !== 0n);
  const phases = w.strides[1] === 1 ? 2 : 1;
  const block = 8;
  const values: number[] = [];
  for (let b = 0; b < Math.ceil(w.channels / block); b++) {
    const first = Math.min(b * block, w.channels - block);
    for (let ky = 0; ky < rows; ky++) {
      for (let part = 0; part <= Number((twice >> BigInt(ky)) & 1n); part++) {
        for (let at = 0; at < dotQuads(w) * phases; at++) {
          // The first tap of the second output is one pixel further in the quad.
          const tap0 = 4 * Math.floor(at / phases) - (at % phases);
          for (let c = first; c < first + block; c++) {
            for (let kx = tap0; kx < tap0 + 4; kx++) {
              const value = kx >= 0 && kx < columns ? weight(ky * columns + kx, c) : 0;
              values.push(part === 0 ? clamp(value) : value - clamp(value));
            }
          }
        }
      }
    }
  }
  return { twice, weights: Int8Array.from(values) };
}
