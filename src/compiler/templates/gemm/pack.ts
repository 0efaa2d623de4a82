import type { Range } from '../../../model/arithmetic/activation.ts';
import type { Tensor } from '../../../model/tensor/tensor.ts';
import type { GemmWorkload } from '../workload.ts';
import { packChains } from './pack_chains.ts';
import { panelStarts } from './panels.ts';
import { GEMM_KERNELS, type GemmKernel, type GemmSchedule } from './schedule.ts';

/** Weights of one convolution or fully connected layer as a [columns][k] matrix, and what acts on their columns. */
export interface Weights {
  readonly data: Int8Array | Uint8Array | Float32Array;
  /** Of 8-bit weights. */
  readonly zeroPoint: number;
  /** Per column; int32 for 8 bits, float for float. null: zeros. */
  readonly bias: ArrayLike<number> | null;
}

/** A layer's constants as the kernel reads them; `rowFactor` goes with them. */
export interface PackedWeights {
  readonly weights: Int8Array | Uint8Array | Int16Array | Float32Array;
  readonly bias: Int32Array | Float32Array;
  /** k as packed. */
  readonly depth: number;
  readonly rowFactor: number;
  /** Of `chains`: the block of A for each block of weights; the chains of each panel. */
  readonly chains?: { readonly order: Uint32Array; readonly counts: Uint32Array };
}

/** Depth of the blocks in which a kernel reads one column's weights; a last block may be shorter. */
const BLOCK: Readonly<Record<GemmKernel, number>> = {
  portable: 1,
  f32_portable: 1,
  f32: 1,
  mlal: 1,
  smull: 8,
  chains: 8,
  dot: 4,
  mmla: 8,
};

/** Kernels may load so many elements beyond the last. */
const READ_AHEAD = 16;

/** What a kernel takes from the stored data and weights before it multiplies them. */
export function offsets(
  kernel: GemmKernel,
  w: GemmWorkload,
  zeroPoint: number,
): { readonly data: number; readonly weights: number } {
  switch (kernel) {
    case 'chains':
      return { data: w.unsigned ? 128 : 0, weights: zeroPoint };
    case 'smull':
      return { data: w.unsigned ? 128 : 0, weights: w.operands === 'uint8-offset' ? 128 : zeroPoint };
    case 'dot':
    case 'mmla':
      return { data: 0, weights: w.unsigned ? 0 : zeroPoint };
    default:
      return { data: 0, weights: zeroPoint };
  }
}

const storage = (kernel: GemmKernel, unsigned: boolean) => {
  if (kernel === 'f32' || kernel === 'f32_portable') return Float32Array;
  if (kernel === 'mlal' || kernel === 'portable') return Int16Array;
  return unsigned && kernel !== 'smull' && kernel !== 'chains' ? Uint8Array : Int8Array;
};

/**
 * `values` of [groups][n] columns as the kernel reads them: each group's stretched with zeros to the width of a panel; for
 * matrix products panel by panel, each pair of columns twice.
 */
export function perColumn(values: (column: number) => number, w: GemmWorkload, s: GemmSchedule): number[] {
  const group =
    s.kernel === 'mmla'
      ? panelStarts(w.n, s.nr).flatMap((start) => Array.from({ length: 2 * s.nr }, (_, i) => start + pairTwice(i)))
      : Array.from({ length: Math.max(w.n, s.nr) }, (_, i) => i);
  return Array.from({ length: w.groups }, (_, g) =>
    group.map((column) => (column < w.n ? values(g * w.n + column) : 0)),
  ).flat();
}

/** 0, 1, 0, 1, 2, 3, 2, 3, … */
const pairTwice = (i: number): number => 2 * Math.floor(i / 4) + (i % 2);

/** Panels of nr columns, each in blocks along k as the kernel loads them. */
function packPanels(w: GemmWorkload, s: GemmSchedule, data: Weights['data'], offset: number): PackedWeights['weights'] {
  const { unit } = GEMM_KERNELS[s.kernel];
  const depth = Math.ceil(w.k / unit) * unit;
  const starts = panelStarts(w.n, s.nr);
  const packed = new (storage(s.kernel, w.unsigned))(w.groups * starts.length * s.nr * depth + READ_AHEAD);
  const columns = s.kernel === 'smull' ? 2 : 1;
  const run = BLOCK[s.kernel] / columns;
  let at = 0;
  for (let group = 0; group < w.groups; group++) {
    for (const start of starts) {
      for (let k0 = 0; k0 < depth; k0 += BLOCK[s.kernel]) {
        for (let v0 = 0; v0 < s.nr; v0 += columns) {
          for (let half = 0; half < columns; half++) {
            for (let v = start + v0; v < start + v0 + columns; v++) {
              const k1 = k0 + half * run;
              const column = (group * w.n + v) * w.k;
              for (let k = k1; k < k1 + run; k++, at++) {
                if (v < w.n && k < w.k) packed[at] = data[column + k] - offset;
              }
            }
          }
        }
      }
    }
  }
  return packed;
}

/**
 * Packs weights for a schedule: panels of nr columns, each in blocks along k as the kernel loads them. With x' and w'
 * what the kernel multiplies, and zx', zw' the zero points that are left of them,
 * Σ(x' − zx')(w' − zw') = Σx'w' − zx'Σw' − zw'Σx' + k·zx'·zw': all but the first term goes into the bias, save Σx',
 * which the kernel adds times `rowFactor` (of the stored data, hence the correction by k·offset).
 */
export function packGemm(w: GemmWorkload, s: GemmSchedule, source: Weights, dataZeroPoint: number): PackedWeights {
  const { unit } = GEMM_KERNELS[s.kernel];
  const depth = Math.ceil(w.k / unit) * unit;
  const float = w.operands === 'float32';
  const offset = float ? { data: 0, weights: 0 } : offsets(s.kernel, w, source.zeroPoint);
  const packed =
    s.kernel === 'chains'
      ? packChains(w, s, source.data, offset.weights)
      : { weights: packPanels(w, s, source.data, offset.weights) };
  const biasOf = (column: number): number => source.bias?.[column] ?? 0;
  if (float) return { ...packed, bias: Float32Array.from(perColumn(biasOf, w, s)), depth, rowFactor: 0 };
  const zx = dataZeroPoint - offset.data;
  const zw = source.zeroPoint - offset.weights;
  const folded = (column: number): number => {
    let sum = 0;
    for (let k = 0; k < w.k; k++) sum += source.data[column * w.k + k] - offset.weights;
    return biasOf(column) - zx * sum + w.k * zw * (zx + offset.data);
  };
  const bias = perColumn(folded, w, s).flatMap((value) => (s.kernel === 'smull' ? [value, 0] : [value]));
  return { ...packed, bias: Int32Array.from(bias), depth, rowFactor: zw === 0 ? 0 : -zw };
}

/**
 * Between what the sums of each column lie, bias included, whatever the data. Element k of column c stands at
 * c * columnStride + k * depthStride.
 */
export function sumRanges(
  source: Weights,
  columns: number,
  columnStride: number,
  depthStride: number,
  data: Range,
): readonly Range[] {
  const depth = source.data.length / columns;
  return Array.from({ length: columns }, (_, column) => {
    let min = source.bias?.[column] ?? 0;
    let max = min;
    for (let k = 0, at = column * columnStride; k < depth; k++, at += depthStride) {
      const weight = source.data[at] - source.zeroPoint;
      min += weight * (weight < 0 ? data.max : data.min);
      max += weight * (weight < 0 ? data.min : data.max);
    }
    return { min, max };
  });
}

/** Which kernels are exact for these weights. */
export function operandsOf(weights: Weights['data'], zeroPoint: number): GemmWorkload['operands'] {
  if (weights instanceof Float32Array) return 'float32';
  let low = weights[0] ?? zeroPoint;
  let high = low;
  for (const w of weights) {
    if (w < low) low = w;
    if (w > high) high = w;
  }
  const fits = (least: number): boolean => low - zeroPoint >= least && high - zeroPoint <= 127;
  if (fits(-127)) return 'int8';
  if (weights instanceof Uint8Array) return low >= 1 ? 'uint8-offset' : 'uint8-full';
  return fits(-128) ? 'int8-full' : 'int8-wide';
}

/** Weights [taps][outs] as [outs][taps]. */
export function transposeHwo<T extends Weights['data']>(data: T, outs: number): T {
  const taps = data.length / outs;
  return data.map((_, i) => data[(i % taps) * outs + Math.floor(i / taps)]) as T;
}

/** The zero point that operators take off the weights: of uint8, and of signed ones quantized as a whole. */
export function zeroPointOf(weights: Tensor): number {
  const q = weights.quantization;
  return q === null || q.scales.length > 1 ? 0 : q.zeroPoints[0];
}
