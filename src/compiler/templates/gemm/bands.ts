/** Bands of output rows of convolutions whose rows of A are gathered: native/kernels/conv.h. */
import type { GemmKey } from './workload.ts';

/** Rows or columns of the input that `outputs` outputs see. */
const seen = (outputs: number, stride: number, kernel: number, dilation: number): number =>
  (outputs - 1) * stride + (kernel - 1) * dilation + 1;

const seenHeight = (w: GemmKey, rows: number): number => seen(rows, w.strides[0], w.kernel[0], w.dilation[0]);
const seenWidth = (w: GemmKey): number => seen(w.output[1], w.strides[1], w.kernel[1], w.dilation[1]);

/** Whether any tap lies outside of the input. */
const isPadded = (w: GemmKey): boolean =>
  w.padding.some((before) => before > 0) || seenWidth(w) > w.input[1] || seenHeight(w, w.output[0]) > w.input[0];

/** Pixels of a row of the padded copy, and elements of the copy; zeros where taps are read from the input itself. */
export function paddedCopy(w: GemmKey, band: number): { readonly width: number; readonly elements: number } {
  if (!isPadded(w)) return { width: 0, elements: 0 };
  const width = seenWidth(w);
  return { width, elements: seenHeight(w, band) * width * w.channels };
}

/** Bands of an image. */
export const bandCount = (w: GemmKey, band: number): number => Math.ceil(w.output[0] / band);

/** The fewest output rows that hold the rows of a tile. */
export const leastBand = (w: GemmKey, mr: number): number => Math.ceil(mr / w.output[1]);

/**
 * Bands worth trying, high ones first: all rows in one without padding or threads; else those that cut the rows evenly, two
 * at least for each thread.
 */
export function bandsOf(w: GemmKey, mr: number): number[] {
  const [height] = w.output;
  const least = leastBand(w, mr);
  const most = w.threads === 1 ? height : Math.max(least, Math.ceil(height / (2 * w.threads)));
  if (!isPadded(w)) return [most];
  const even = Array.from({ length: height }, (_, i) => Math.ceil(height / (i + 1)));
  return [...new Set([...even.filter((band) => band > least && band <= most), least])];
}
