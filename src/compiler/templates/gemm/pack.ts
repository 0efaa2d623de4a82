/** Packs constant weights for the tile kernels. */
import type { Range } from '../../../model/arithmetic/activation.ts';
import type { Weights } from '../../lower/layers.ts';
import { packKSums } from './k_sums/pack.ts';
import { kernelOf } from './kernels/index.ts';
import { panelStarts } from './panels.ts';
import type { GemmSchedule } from './space.ts';
import { depthOf, type GemmWorkload, packedDepth } from './workload.ts';

/** A layer's constants in the kernel's layout. */
export interface PackedWeights {
  readonly weights: Int8Array | Uint8Array | Int16Array | Float32Array;
  readonly bias: Int32Array | Float32Array;
  /** packed_k. */
  readonly depth: number;
  readonly rowFactor: number;
  /** Kernels with `sums16`: the K-block of A for each K-block of weights; K-sums per panel. */
  readonly kSums?: { readonly order: Uint32Array; readonly counts: Uint32Array };
}

/** Elements that kernels may load beyond the last. */
const READ_AHEAD = 16;

const STORAGE = { int8: Int8Array, int16: Int16Array, float32: Float32Array } as const;

/** Per-column constants [groups][n] in the kernel's layout; each group is padded with zeros to at least nr. */
export function perColumn(values: (column: number) => number, w: GemmWorkload, s: GemmSchedule): number[] {
  const group = kernelOf(s.kernel).layout.pairsTwice
    ? panelStarts(w.n, s.nr).flatMap((start) => Array.from({ length: 2 * s.nr }, (_, i) => start + pairTwice(i)))
    : Array.from({ length: Math.max(w.n, s.nr) }, (_, i) => i);
  return Array.from({ length: w.groups }, (_, g) =>
    group.map((column) => (column < w.n ? values(g * w.n + column) : 0)),
  ).flat();
}

/** 0, 1, 0, 1, 2, 3, 2, 3, … */
const pairTwice = (i: number): number => 2 * Math.floor(i / 4) + (i % 2);

/** Panels of nr columns in the layout of the kernel's record. */
function packPanels(w: GemmWorkload, s: GemmSchedule, data: Weights['data'], offset: number): PackedWeights['weights'] {
  const { unit, layout } = kernelOf(s.kernel);
  const { block, alternate, storage, unsignedWeights } = layout;
  const [k, depth] = [depthOf(w), packedDepth(w, unit)];
  const starts = panelStarts(w.n, s.nr);
  const Elements = w.data === 'uint8' && unsignedWeights ? Uint8Array : STORAGE[storage];
  const packed = new Elements(w.groups * starts.length * s.nr * depth + READ_AHEAD);
  const run = block / alternate;
  let at = 0;
  for (let group = 0; group < w.groups; group++)
    for (const start of starts)
      for (let block0 = 0; block0 < depth; block0 += block)
        for (let v0 = start; v0 < start + s.nr; v0 += alternate)
          for (let run0 = block0; run0 < block0 + block; run0 += run)
            for (let v = v0; v < v0 + alternate; v++)
              for (let i = run0; i < run0 + run; i++, at++)
                if (v < w.n && i < k) packed[at] = data[(group * w.n + v) * k + i] - offset;
  return packed;
}

/**
 * Packs weights for a schedule and folds zero points. x' = x − offset.data and w' = w − offset.weights are the kernel's operands,
 * zx' and zw' their remaining zero points:
 *
 *     Σ(x' − zx')(w' − zw') = Σx'w' − zx'Σw' − zw'Σx' + k·zx'·zw'
 *
 * The second and the last term go into the bias. The kernel adds rowFactor·Σx with rowFactor = −zw'; since x is the stored data, the
 * bias also gets k·zw'·offset.data.
 */
export function packGemm(w: GemmWorkload, s: GemmSchedule, source: Weights, dataZeroPoint: number): PackedWeights {
  const { unit, sums16, layout, offsets } = kernelOf(s.kernel);
  const [k, depth] = [depthOf(w), packedDepth(w, unit)];
  const offset = offsets({ unsigned: w.data === 'uint8', operands: w.weights.operands }, source.zeroPoint);
  const packed = sums16
    ? packKSums(w, s, source.data, offset.weights)
    : { weights: packPanels(w, s, source.data, offset.weights) };
  const biasOf = (column: number): number => source.bias?.[column] ?? 0;
  if (w.data === 'float32') return { ...packed, bias: Float32Array.from(perColumn(biasOf, w, s)), depth, rowFactor: 0 };
  const zx = dataZeroPoint - offset.data;
  const zw = source.zeroPoint - offset.weights;
  const folded = (column: number): number => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += source.data[column * k + i] - offset.weights;
    return biasOf(column) - zx * sum + k * zw * (zx + offset.data);
  };
  const bias = perColumn(folded, w, s).flatMap((value) => [value, ...new Array<number>(layout.biasWords - 1).fill(0)]);
  return { ...packed, bias: Int32Array.from(bias), depth, rowFactor: zw === 0 ? 0 : -zw };
}

/** Range of each column's accumulator, bias included; element k of column c stands at c * columnStride + k * depthStride. */
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
