/** Bands of output rows of convolutions with gathered rows of A (im2col by tile): native/kernels/conv.h. */
import type { GemmKey } from './workload.ts';

/** Input rows or columns under `outputs` outputs: (outputs − 1) · stride + (kernel − 1) · dilation + 1. */
const seen = (outputs: number, stride: number, kernel: number, dilation: number): number =>
  (outputs - 1) * stride + (kernel - 1) * dilation + 1;

const seenHeight = (w: GemmKey, rows: number): number => seen(rows, w.strides[0], w.kernel[0], w.dilation[0]);
const seenWidth = (w: GemmKey): number => seen(w.output[1], w.strides[1], w.kernel[1], w.dilation[1]);

/** Whether any tap is outside the input. */
const isPadded = (w: GemmKey): boolean =>
  w.padding.some((before) => before > 0) || seenWidth(w) > w.input[1] || seenHeight(w, w.output[0]) > w.input[0];

/** Pixels per row and elements of the padded copy; zeros if there is no padding. */
export function paddedCopy(w: GemmKey, band: number): { readonly width: number; readonly elements: number } {
  if (!isPadded(w)) return { width: 0, elements: 0 };
  const width = seenWidth(w);
  return { width, elements: seenHeight(w, band) * width * w.channels };
}

/** Bands per image. */
export const bandCount = (w: GemmKey, band: number): number => Math.ceil(w.output[0] / band);

/** The fewest output rows that hold a tile of mr pixels. */
export const leastBand = (w: GemmKey, mr: number): number => Math.ceil(mr / w.output[1]);

/**
 * Candidate bands, largest first. Without padding: one band, or two per thread. With padding: bands that divide the rows evenly, at least
 * two per thread.
 */
export function bandsOf(w: GemmKey, mr: number): number[] {
  const [height] = w.output;
  const least = leastBand(w, mr);
  const most = w.threads === 1 ? height : Math.max(least, Math.ceil(height / (2 * w.threads)));
  if (!isPadded(w)) return [most];
  const even = Array.from({ length: height }, (_, i) => Math.ceil(height / (i + 1)));
  return [...new Set([...even.filter((band) => band > least && band <= most), least])];
}
