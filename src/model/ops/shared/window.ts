/** Sliding windows: the geometry that convolutions and pools share. Source of the rules: padding.h. */
import type { Tensor } from '../../tensor/tensor.ts';
import type { HW, Padding, Pads } from '../attrs.ts';
import { type Problem, positive } from '../checks.ts';

/** One spatial dimension: output extent and the padding before the first element. */
export interface Extent {
  readonly out: number;
  readonly before: number;
}

export function extent(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: 'SAME' | 'VALID' | readonly [before: number, after: number],
): Extent {
  const effective = (kernel - 1) * dilation + 1;
  if (padding === 'VALID') return { out: Math.floor((input - effective + stride) / stride), before: 0 };
  if (padding === 'SAME') {
    const out = Math.ceil(input / stride);
    return { out, before: Math.floor(Math.max((out - 1) * stride + effective - input, 0) / 2) };
  }
  const [before, after] = padding;
  return { out: Math.floor((input + before + after - effective + stride) / stride), before };
}

export interface Window {
  readonly kernel: HW;
  readonly strides: HW;
  readonly dilation: HW;
  readonly padding: Padding | Pads;
}

/** Height and width of the result of sliding `w` over NHWC data. */
export function windowExtents(data: Tensor, w: Window): readonly [height: Extent, width: Extent] {
  const p = w.padding;
  const rows = typeof p === 'string' ? p : ([p.top, p.bottom] as const);
  const columns = typeof p === 'string' ? p : ([p.left, p.right] as const);
  return [
    extent(data.shape[1], w.kernel[0], w.strides[0], w.dilation[0], rows),
    extent(data.shape[2], w.kernel[1], w.strides[1], w.dilation[1], columns),
  ];
}

/** Kernels that reach further are no model's; what a build pads its input with grows with them. */
const WIDEST = 65536;

/** Whether dilation takes a kernel apart beyond all bounds. */
export function spread(kernel: readonly number[], dilation: readonly number[]): Problem {
  const widest = Math.max(...kernel.map((n, i) => (n - 1) * dilation[i] + 1));
  return (
    widest > WIDEST &&
    `the dilation ${dilation.join(' × ')} spreads the kernel over ${widest} elements, at most ${WIDEST}`
  );
}

export function checkWindow(data: Tensor, w: Window): Problem[] {
  const p = w.padding;
  const sizes = [
    positive(w.kernel, 'the kernel'),
    positive(w.strides, 'the stride'),
    positive(w.dilation, 'the dilation'),
    spread(w.kernel, w.dilation),
    typeof p === 'object' &&
      [p.top, p.bottom, p.left, p.right].some((v) => !Number.isInteger(v) || v < 0 || v > 65536) &&
      'the padding is out of range',
  ];
  if (sizes.some(Boolean)) return sizes;
  const [h, v] = windowExtents(data, w);
  return [
    (h.out < 1 || v.out < 1) &&
      `the kernel ${w.kernel.join(' × ')} is larger than the input ${data.shape[1]} × ${data.shape[2]}`,
  ];
}
