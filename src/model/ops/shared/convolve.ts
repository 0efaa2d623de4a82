/** The loops of 2-D convolutions over NHWC data; outside of the image counts as the zero point. */

import {
  addTap32,
  addTapFloat,
  addTapWide,
  multiplyRows32,
  multiplyRowsFloat,
  multiplyRowsWide,
} from '../../arithmetic/linear.ts';
import type { HW } from '../attrs.ts';
import type { Finish } from './weights.ts';

export interface Geometry {
  readonly batches: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernel: HW;
  readonly strides: HW;
  readonly dilation: HW;
  /** Padding above and to the left. */
  readonly top: number;
  readonly left: number;
  readonly groups: number;
  /** The depth multiplier of a depthwise convolution, whose weights are HWC·M; null for OHWI weights. */
  readonly depthwise: number | null;
}

type Values = Int16Array | Float32Array;

/** Sums of one output pixel, for all output channels, with the origin of its window in the image. */
type Pixel = (batch: number, y: number, x: number) => void;

/**
 * `data` and `weights` are both float32, or both int16 with their zero points taken off. `wide`: sums do not wrap.
 */
export function convolve(
  g: Geometry,
  data: Values,
  weights: Values,
  wide: boolean,
  finishOf: (batch: number) => Finish,
  out: Int8Array | Float32Array,
): void {
  const sums =
    data instanceof Float32Array
      ? new Float32Array(g.outChannels)
      : wide
        ? new Float64Array(g.outChannels)
        : new Int32Array(g.outChannels);
  const pixel = (g.depthwise === null ? densePixel : depthwisePixel)(g, data, weights, sums);
  let o = 0;
  for (let b = 0; b < g.batches; b++) {
    const finish = finishOf(b);
    for (let y = 0; y < g.outHeight; y++) {
      for (let x = 0; x < g.outWidth; x++) {
        pixel(b, y * g.strides[0] - g.top, x * g.strides[1] - g.left);
        for (let c = 0; c < g.outChannels; c++) out[o++] = finish(sums[c], c);
      }
    }
  }
}

type Sums = Int32Array | Float64Array | Float32Array;

function densePixel(g: Geometry, data: Values, weights: Values, sums: Sums): Pixel {
  const [kh, kw] = g.kernel;
  const perGroup = g.channels / g.groups;
  const depth = kh * kw * perGroup;
  const rows = g.outChannels / g.groups;
  const multiply = (data instanceof Float32Array
    ? multiplyRowsFloat
    : sums instanceof Float64Array
      ? multiplyRowsWide
      : multiplyRows32) as unknown as (
    x: Values,
    xAt: number,
    w: Values,
    wAt: number,
    depth: number,
    rows: number,
    out: Sums,
    outAt: number,
  ) => void;
  const inside = kh === 1 && kw === 1 && g.groups === 1;
  const patch = data instanceof Float32Array ? new Float32Array(depth) : new Int16Array(depth);
  return (b, y0, x0) => {
    const image = b * g.height * g.width * g.channels;
    if (inside && y0 >= 0 && x0 >= 0 && y0 < g.height && x0 < g.width) {
      multiply(data, image + (y0 * g.width + x0) * g.channels, weights, 0, depth, rows, sums, 0);
      return;
    }
    for (let group = 0; group < g.groups; group++) {
      gather(g, data, image + group * perGroup, y0, x0, perGroup, patch);
      multiply(patch, 0, weights, group * rows * depth, depth, rows, sums, group * rows);
    }
  };
}

/** Copies the window at (y0, x0) of one group's channels into `patch`, zeros where it lies outside of the image. */
function gather(
  g: Geometry,
  data: Values,
  base: number,
  y0: number,
  x0: number,
  channels: number,
  patch: Values,
): void {
  const [kh, kw] = g.kernel;
  let p = 0;
  for (let ky = 0; ky < kh; ky++) {
    const y = y0 + ky * g.dilation[0];
    for (let kx = 0; kx < kw; kx++) {
      const x = x0 + kx * g.dilation[1];
      if (y < 0 || y >= g.height || x < 0 || x >= g.width) {
        for (let c = 0; c < channels; c++) patch[p++] = 0;
        continue;
      }
      const at = base + (y * g.width + x) * g.channels;
      for (let c = 0; c < channels; c++) patch[p++] = data[at + c];
    }
  }
}

function depthwisePixel(g: Geometry, data: Values, weights: Values, sums: Sums): Pixel {
  const [kh, kw] = g.kernel;
  const m = g.depthwise!;
  const addTap = (data instanceof Float32Array
    ? addTapFloat
    : sums instanceof Float64Array
      ? addTapWide
      : addTap32) as unknown as (
    x: Values,
    xAt: number,
    w: Values,
    wAt: number,
    channels: number,
    m: number,
    out: Sums,
  ) => void;
  return (b, y0, x0) => {
    sums.fill(0);
    const image = b * g.height * g.width * g.channels;
    for (let ky = 0; ky < kh; ky++) {
      const y = y0 + ky * g.dilation[0];
      if (y < 0 || y >= g.height) continue;
      for (let kx = 0; kx < kw; kx++) {
        const x = x0 + kx * g.dilation[1];
        if (x < 0 || x >= g.width) continue;
        const at = image + (y * g.width + x) * g.channels;
        addTap(data, at, weights, (ky * kw + kx) * g.outChannels, g.channels, m, sums);
      }
    }
  };
}
