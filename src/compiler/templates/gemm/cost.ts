/** Estimated cycles of matrix multiplications. */
import { partsWorth } from '../../emission/parts.ts';
import type { Core } from '../../targets/cpus.ts';
import type { Target } from '../../targets/target.ts';
import { bandCount, paddedCopy } from './bands.ts';
import { kernelOf } from './kernels/index.ts';
import { inOrderLoop, type KBlocks } from './kernels/kernel.ts';
import { type GemmSchedule, tileOf } from './space.ts';
import { depthOf, type GemmWorkload, itemOf, packedDepth, pixelsOf, rowsOf } from './workload.ts';

/** Bytes of the first-level data cache for a resident matrix, and for the padded copy of a band. */
const RESIDENT = 24 * 1024;
const BAND_BYTES = 4096;
/**
 * Cycles per byte that is loaded or passes through the first-level cache. So small that memory decides only between schedules of equal
 * arithmetic: modelled cycles have no caches, so it cannot be fitted.
 */
const PER_BYTE = 2 ** -20;
/** Cost of a band, in bytes of traffic. */
const PER_BAND = 64;
/** Cycles per panel of the two further loops for K-sums of one block. */
const SINGLES = 6;
/** Start-up cycles of a kernel with `sums16`, if tiles do not follow each other. */
const START = 40;

/** Cycles of one tile: packed_k at the rate of the most used unit, and the epilogue. */
function tileCycles(w: GemmWorkload, s: GemmSchedule, core: Core): number {
  const kernel = kernelOf(s.kernel);
  const { rates, sums16 } = kernel;
  const tile = tileOf(s);
  const loop = inOrderLoop(kernel, tile, core);
  const waiting = core.inOrder ? (rates.waiting ?? 1) : 1;
  const step = (kBlocks: KBlocks): number => {
    if (loop !== null) return loop.cycles(tile);
    const { vector, loads, instructions } = rates.work({ ...tile, kBlocks }, core);
    return waiting * Math.max(vector, loads / core.loads, instructions / core.width);
  };
  const sums = sums16 ? kSumCycles(w, s, step) : (packedDepth(w, kernel.unit) / rates.step) * step(1);
  return sums + (loop?.finish(tile) ?? waiting * rates.finish(tile, core)) + (sums16 && s.weightsFirst ? START : 0);
}

/** Cycles of the loops of a kernel with `sums16`: one step per K-sum. */
function kSumCycles(
  w: GemmWorkload,
  { kBlocks = 1, singles }: GemmSchedule,
  step: (kBlocks: KBlocks) => number,
): number {
  const full = Math.ceil(depthOf(w) / 8) / kBlocks;
  const { kSums } = w.weights;
  if (!singles) return (kSums?.[kBlocks] ?? full) * step(kBlocks);
  const mixed = kSums?.mixed ?? { pairs: full, singles: 1 };
  return mixed.pairs * step(kBlocks) + mixed.singles * step(1) + SINGLES;
}

/** Bytes loaded by the loops along k. */
function loaded(w: GemmWorkload, s: GemmSchedule, tiles: number, core: Core): number {
  const { rates, unit } = kernelOf(s.kernel);
  return tiles * (packedDepth(w, unit) / rates.step) * 16 * rates.work(tileOf(s), core).loads;
}

/** Bytes that pass through the first-level cache. */
function traffic(w: GemmWorkload, { mr, nr, weightsFirst, band }: GemmSchedule): number {
  const row = depthOf(w) * itemOf(w);
  const [a, weights] = [rowsOf(w) * row, w.n * row];
  if (weightsFirst) return a <= RESIDENT ? 0 : a * Math.ceil(w.n / nr);
  const perTile = weights <= RESIDENT ? 0 : weights * Math.ceil(rowsOf(w) / mr);
  return perTile + (band === 0 ? 0 : copied(w, band));
}

/** The same for padded copies; a copy larger than the cache is read from memory for every output row. */
function copied(w: GemmWorkload, band: number): number {
  const bytes = paddedCopy(w, band).elements * itemOf(w);
  return PER_BAND * bandCount(w, band) + (bytes > BAND_BYTES ? bytes * w.output[0] : 0);
}

/** Estimated cycles of a workload: (tiles + gathering) · imbalance of threads + memory traffic. */
export function gemmCycles(w: GemmWorkload, s: GemmSchedule, target: Target): number {
  const core = target.core;
  const gathered = s.band > 0;
  const rows = gathered ? w.images * Math.ceil(pixelsOf(w) / s.mr) : Math.ceil(rowsOf(w) / s.mr);
  const panels = Math.ceil(w.n / s.nr);
  const tiles = rows * panels * w.groups;
  const arithmetic = tiles * tileCycles(w, s, core);
  const gather = gathered ? (rowsOf(w) * w.groups * depthOf(w) * itemOf(w)) / (16 * core.loads) : 0;
  const steps = gathered ? w.images * bandCount(w, s.band) : s.weightsFirst ? panels : rows;
  const idle = Math.max(1, partsWorth(w.threads, rowsOf(w) * w.n * w.groups * depthOf(w)) / steps);
  return (arithmetic + gather) * idle + PER_BYTE * (loaded(w, s, tiles, core) + traffic(w, s));
}
