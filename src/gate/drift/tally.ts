import { integerRange, isFloat, type TensorData } from '../../model/tensor/dtype.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';

/** More slices than this along the last axis are no channels that anyone reads: they are counted as one. */
const MOST_CHANNELS = 4096;

/** Sums over the elements of one tensor, all samples; those by channel run along the last axis. */
export interface Tally {
  readonly channels: number;
  /** Size of a step in real units; 0 where the tensor is float. */
  readonly step: number;
  /** Elements of one channel. */
  count: number;
  /** Σe and Σe² of the introduced error e, Σr and Σr² of the FP32 layer's result r, by channel. */
  readonly e: Float64Array;
  readonly e2: Float64Array;
  readonly r: Float64Array;
  readonly r2: Float64Array;
  /** Σ of the squared difference between the networks, and of FP32 squared. */
  inherited2: number;
  own2: number;
  /** Elements beyond either end of the output's range, both in r and in the FP32 network: the range is at fault. */
  low: number;
  high: number;
  /** Σe² over these. */
  clipped2: number;
  /** Σe² over elements where r alone leaves the range: inputs that FP32 never has are at fault, and whoever made them. */
  foreign2: number;
  /** Extremes of codes, and of the FP32 network. */
  codes: [least: number, most: number];
  reals: [least: number, most: number];
}

/** What one tensor was in one inference. */
export interface Seen {
  /** As INT8 holds it: codes, or floats. */
  readonly codes: TensorData;
  /** The same in real units. */
  readonly real: Float32Array;
  /** What the FP32 network has there. */
  readonly own: Float32Array;
  /** What the FP32 layer makes of INT8's inputs. */
  readonly made: Float32Array;
}

export function startTally({ shape, dtype, quantization }: Tensor): Tally {
  const last = shape.at(-1) ?? 1;
  const channels = last >= 1 && last <= MOST_CHANNELS ? last : 1;
  const sums = () => new Float64Array(channels);
  return {
    ...{ channels, step: isFloat(dtype) ? 0 : (quantization?.scales[0] ?? 0), count: 0 },
    ...{ e: sums(), e2: sums(), r: sums(), r2: sums() },
    ...{ inherited2: 0, own2: 0, low: 0, high: 0, clipped2: 0, foreign2: 0 },
    codes: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    reals: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  };
}

/** Adds one inference. */
export function addSeen(tally: Tally, tensor: Tensor, { codes, real, own, made }: Seen): void {
  const { channels, step, e, e2, r, r2 } = tally;
  const [lowest, highest] = realRange(tensor);
  const [from, to] = [lowest - step / 2, highest + step / 2];
  const integers = codes as Int8Array;
  let [least, most] = tally.codes;
  let [smallest, largest] = tally.reals;
  for (let i = 0, c = 0; i < real.length; i++) {
    const [q, x, y] = [real[i], own[i], made[i]];
    const d = q - y;
    e[c] += d;
    e2[c] += d * d;
    r[c] += y;
    r2[c] += y * y;
    tally.inherited2 += (q - x) * (q - x);
    tally.own2 += x * x;
    if (y < from || y > to) {
      if (x < from) tally.low++;
      else if (x > to) tally.high++;
      if (x < from || x > to) tally.clipped2 += d * d;
      else tally.foreign2 += d * d;
    }
    const code = integers[i];
    if (code < least) least = code;
    if (code > most) most = code;
    if (x < smallest) smallest = x;
    if (x > largest) largest = x;
    if (++c === channels) c = 0;
  }
  tally.count += real.length / channels;
  tally.codes = [least, most];
  tally.reals = [smallest, largest];
}

/** The real values that a tensor can hold. */
export function realRange({ dtype, quantization }: Tensor): readonly [number, number] {
  if (isFloat(dtype) || quantization === null) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { scales, zeroPoints } = quantization;
  const [lo, hi] = integerRange(dtype);
  return [scales[0] * (lo - zeroPoints[0]), scales[0] * (hi - zeroPoints[0])];
}

/** Power of the introduced error that is the layer's own, summed over all elements. */
export const noiseOf = (tally: Tally): number => Math.max(0, total(tally.e2) - tally.foreign2);

/** Sum of a tally's channels. */
export const total = (sums: Float64Array): number => sums.reduce((a, b) => a + b, 0);
