/** Weights and biases of the convolutions that replace a transposed one. */

import { allocate } from '../../model/tensor/dtype.ts';
import type { Quantization } from '../../model/tensor/quantization.ts';
import { elements } from '../../model/tensor/shape.ts';
import type { Tensor } from '../../model/tensor/tensor.ts';
import { kernelIndices, type PhaseGroup, type Phases } from './phases.ts';

/** The weights of a group: [phase of rows, phase of columns, output channel][taps of rows][taps of columns][channels]. */
export function weightsOf(kernel: Tensor, [y, x]: readonly [Phases, Phases], a: PhaseGroup, b: PhaseGroup): Tensor {
  const [outs, height, width, channels] = kernel.shape;
  const shape = [a.count * b.count * outs, a.taps, b.taps, channels];
  const from = kernel.data as Int8Array;
  const data = allocate(kernel.dtype, elements(shape)) as Int8Array;
  data.fill(kernel.quantization?.zeroPoints[0] ?? 0);
  let at = 0;
  for (const rows of kernelIndices(y, a)) {
    for (const columns of kernelIndices(x, b)) {
      for (let o = 0; o < outs; o++) {
        for (const ky of rows) {
          for (const kx of columns) {
            const tap = ((o * height + ky) * width + kx) * channels;
            if (ky >= 0 && kx >= 0) data.set(from.subarray(tap, tap + channels), at);
            at += channels;
          }
        }
      }
    }
  }
  return { ...kernel, shape, quantization: repeatedQuantization(kernel.quantization, a.count * b.count), data };
}

/** A bias repeated for `times` phases. */
export function repeatedBias(bias: Tensor, times: number): Tensor {
  const from = bias.data as Int32Array;
  const data = allocate(bias.dtype, from.length * times) as Int32Array;
  for (let i = 0; i < times; i++) data.set(from, i * from.length);
  return { ...bias, shape: [data.length], quantization: repeatedQuantization(bias.quantization, times), data };
}

function repeatedQuantization(q: Quantization | null, times: number): Quantization | null {
  if (q === null || q.scales.length === 1) return q;
  const repeat = (list: readonly number[]): number[] => Array.from({ length: times }, () => list).flat();
  return { scales: repeat(q.scales), zeroPoints: repeat(q.zeroPoints), axis: 0 };
}
