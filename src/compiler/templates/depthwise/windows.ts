/** Division of an output row into issue-ordered steps, and the windows that reach beyond the image. */
import { stepsOf, windowWidth } from '../in_order/depthwise.ts';
import type { DepthwiseKey } from './workload.ts';

/** Members of a `depthwise`. */
export interface Windows {
  /** Steps per row. */
  readonly steps: number;
  /** Steps of four pixels; they come first. */
  readonly fours: number;
  /** Pixels per window row. */
  readonly window_w: number;
  /** Windows per row that reach beyond the image: all, and at the left border. */
  readonly edges: number;
  readonly lefts: number;
}

export function windowsOf({ output, input, strides, padding }: DepthwiseKey): Windows {
  const sizes = stepsOf(output[1]).flatMap(([pixels, count]) => Array.from({ length: count }, () => pixels));
  const window_w = windowWidth(output[1], strides[1]);
  let pixel = 0;
  const starts = sizes.map((pixels) => {
    const start = pixel * strides[1] - padding[1];
    pixel += pixels;
    return start;
  });
  const lefts = starts.filter((start) => start < 0).length;
  const rights = starts.filter((start) => start >= 0 && start + window_w > input[1]).length;
  const fours = sizes.filter((pixels) => pixels === 4).length;
  return { steps: sizes.length, fours, window_w, edges: lefts + rights, lefts };
}
