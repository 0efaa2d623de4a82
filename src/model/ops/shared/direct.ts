/**
 * Convolutions over one to three spatial dimensions, straight or transposed, by tables of taps: for each output index of
 * an axis, which weights meet which input indices. Weights are [taps][input channels][output channels].
 */
import { addTap32, addTapFloat, addTapWide } from '../../arithmetic/linear.ts';
import type { Finish } from './weights.ts';

/** For output index o of an axis: `taps[starts[o] … starts[o + 1])` pairs of (kernel index, input index), input ascending. */
export interface AxisTaps {
  readonly starts: Int32Array;
  /** Pairs, one after the other. */
  readonly taps: Int32Array;
}

export interface Axis {
  readonly input: number;
  readonly output: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first element (of the output when transposed). */
  readonly before: number;
  readonly transposed: boolean;
}

export function tapsOf(axis: Axis): AxisTaps {
  const starts = new Int32Array(axis.output + 1);
  const taps: number[] = [];
  for (let o = 0; o < axis.output; o++) {
    if (axis.transposed) {
      const reach = (axis.kernel - 1) * axis.dilation;
      const first = Math.max(0, Math.ceil((o + axis.before - reach) / axis.stride));
      for (let i = first; i < axis.input && i * axis.stride <= o + axis.before; i++) {
        const k = (o + axis.before - i * axis.stride) / axis.dilation;
        if (Number.isInteger(k)) taps.push(k, i);
      }
    } else {
      for (let k = 0; k < axis.kernel; k++) {
        const i = o * axis.stride - axis.before + k * axis.dilation;
        if (i >= 0 && i < axis.input) taps.push(k, i);
      }
    }
    starts[o + 1] = taps.length / 2;
  }
  return { starts, taps: Int32Array.from(taps) };
}

export interface Direct {
  readonly batches: number;
  readonly channels: number;
  readonly outChannels: number;
  /** Depth, height, width; a 2-D convolution has a depth of 1. */
  readonly axes: readonly [Axis, Axis, Axis];
}

type Values = Int16Array | Float32Array;
type Sums = Int32Array | Float64Array | Float32Array;

/** Calls `visit` with (kernel index, input index) of each tap of output index `o`. */
function eachTap(t: AxisTaps, o: number, visit: (kernel: number, input: number) => void): void {
  for (let i = t.starts[o]; i < t.starts[o + 1]; i++) visit(t.taps[2 * i], t.taps[2 * i + 1]);
}

/** `data` and `weights` both float32, or both int16 with zero points taken off; `wide`: sums do not wrap. */
export function runDirect(
  g: Direct,
  data: Values,
  weights: Values,
  wide: boolean,
  finishOf: (batch: number) => Finish,
  out: Int8Array | Float32Array,
): void {
  const [depth, height, width] = g.axes;
  const [td, ty, tx] = g.axes.map(tapsOf);
  const { channels, outChannels } = g;
  const float = data instanceof Float32Array;
  const sums: Sums = new (float ? Float32Array : wide ? Float64Array : Int32Array)(outChannels);
  const add = (float ? addTapFloat : wide ? addTapWide : addTap32) as unknown as (
    x: Values,
    xAt: number,
    w: Values,
    wAt: number,
    one: 1,
    outs: number,
    sums: Sums,
  ) => void;
  let o = 0;
  for (let b = 0; b < g.batches; b++) {
    const finish = finishOf(b);
    for (let d = 0; d < depth.output; d++) {
      for (let y = 0; y < height.output; y++) {
        for (let x = 0; x < width.output; x++) {
          sums.fill(0);
          eachTap(td, d, (kd, id) =>
            eachTap(ty, y, (ky, iy) =>
              eachTap(tx, x, (kx, ix) => {
                const from = (((b * depth.input + id) * height.input + iy) * width.input + ix) * channels;
                const tap = (kd * height.kernel + ky) * width.kernel + kx;
                for (let c = 0; c < channels; c++)
                  add(data, from + c, weights, (tap * channels + c) * outChannels, 1, outChannels, sums);
              }),
            ),
          );
          for (let c = 0; c < outChannels; c++) out[o++] = finish(sums[c], c);
        }
      }
    }
  }
}

/** Weights OHWI as [taps][input channels][output channels]. */
export function tapsFirst<T extends Values>(weights: T, outs: number): T {
  const out = weights.slice() as T;
  const row = weights.length / outs;
  for (let o = 0; o < outs; o++) for (let i = 0; i < row; i++) out[i * outs + o] = weights[o * row + i];
  return out;
}

/** Weights [taps][output channels][input channels] as [taps][input channels][output channels]. */
export function swapChannels<T extends Values>(weights: T, outs: number, ins: number): T {
  const out = weights.slice() as T;
  for (let i = 0; i < weights.length; i++) {
    const [tap, o, c] = [Math.floor(i / (outs * ins)), Math.floor(i / ins) % outs, i % ins];
    out[(tap * ins + c) * outs + o] = weights[i];
  }
  return out;
}
