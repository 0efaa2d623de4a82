import type { TensorData } from '../tensor/dtype.ts';
import { complexParts } from '../tensor/dtype.ts';
import { elements, type Shape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { dataOf, defineOp, dtypeIs, firstProblems, integers, operand, rankIs } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

/** Fourier transforms and what else there is of complex numbers. */
export interface SpectrumFamily {
  /**
   * float32 data, [height, width] of the transform, powers of two: images are cut or padded with zeros at their ends.
   * complex64 [.., height, width / 2 + 1]. TFLite RFFT2D.
   */
  'signal.rfft2d': NoAttrs;
  real: NoAttrs;
  imag: NoAttrs;
  complex_abs: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends SpectrumFamily {}
}
export type PartKind = Exclude<keyof SpectrumFamily, 'signal.rfft2d'>;

/** Larger transforms are no model's, and a build would need as much memory beside its tensors. */
const MOST_POINTS = 2 ** 24;

/** The transform of one image, and how many images there are. */
export interface Transform {
  readonly images: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly height: number;
  readonly width: number;
}
/** null while the lengths are unknown. */
export function transformOf(op: OpView<'signal.rfft2d'>): Transform | null {
  const lengths = integers(op.inputs[1]);
  if (lengths === null) return null;
  const { shape } = operand(op, 0);
  const [inHeight, inWidth] = shape.slice(-2);
  return { images: elements(shape.slice(0, -2)), inHeight, inWidth, height: lengths[0], width: lengths[1] };
}

/** cos and sin of −2πk / n for k < n / 2, one after the other. */
export function turns(n: number): Float64Array {
  const out = new Float64Array(Math.max(2, n));
  for (let k = 0; k < n / 2; k++) {
    const angle = (-2 * Math.PI * k) / n;
    out[2 * k] = Math.cos(angle);
    out[2 * k + 1] = Math.sin(angle);
  }
  return out;
}

/**
 * Transforms n complex numbers in place, which lie `step` apart from `at` on: Cooley and Tukey's, radix 2, with `table`
 * for `points` ≥ n.
 */
export function fft(x: Float64Array, at: number, step: number, n: number, table: Float64Array, points: number): void {
  const re = (i: number): number => 2 * (at + i * step);
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    const [a, b] = [re(i), re(j)];
    [x[a], x[a + 1], x[b], x[b + 1]] = [x[b], x[b + 1], x[a], x[a + 1]];
  }
  for (let half = 1; half < n; half *= 2) {
    const stride = points / (2 * half);
    for (let start = 0; start < n; start += 2 * half)
      for (let k = 0; k < half; k++) {
        const [c, s] = [table[2 * k * stride], table[2 * k * stride + 1]];
        const [a, b] = [re(start + k), re(start + k + half)];
        const [p, q] = [x[b] * c - x[b + 1] * s, x[b] * s + x[b + 1] * c];
        x[b] = x[a] - p;
        x[b + 1] = x[a + 1] - q;
        x[a] += p;
        x[a + 1] += q;
      }
  }
}

/** In doubles, as TFLite's; other sums of the same numbers, so that the last bits may differ. Source: rfft2d.cc. */
function transform(op: EvalView<'signal.rfft2d'>): TensorData[] {
  const t = transformOf({ ...op, inputs: [operand(op, 0), { ...operand(op, 1), data: op.data[1] }] })!;
  const { height, width } = t;
  const columns = (width >> 1) + 1;
  const out = new BigUint64Array(t.images * height * columns);
  const parts = complexParts(out);
  const points = Math.max(height, width);
  const table = turns(points);
  const row = new Float64Array(2 * width);
  const half = new Float64Array(2 * height * columns);
  const data = dataOf<Float32Array>(op, 0);
  for (let i = 0; i < t.images; i++) {
    half.fill(0);
    for (let y = 0; y < Math.min(height, t.inHeight); y++) {
      row.fill(0);
      for (let x = 0; x < Math.min(width, t.inWidth); x++) row[2 * x] = data[(i * t.inHeight + y) * t.inWidth + x];
      fft(row, 0, 1, width, table, points);
      half.set(row.subarray(0, 2 * columns), 2 * y * columns);
    }
    for (let x = 0; x < columns; x++) fft(half, x, columns, height, table, points);
    parts.set(half, 2 * i * height * columns);
  }
  return [out];
}

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n)) && n >= 1;

const rfft2d: OpDefinition<'signal.rfft2d'> = defineOp<'signal.rfft2d'>({
  arity: { inputs: [2, 2], outputs: [1, 1] },
  check(op) {
    const [data, lengths] = [operand(op, 0), operand(op, 1)];
    const given = integers(lengths);
    return firstProblems(
      () => [
        dtypeIs(data, 'the input', 'float32'),
        dtypeIs(op.outputs[0], 'the output', 'complex64'),
        dtypeIs(lengths, 'the lengths', 'int32'),
        rankIs(lengths, 'the lengths', 1),
        data.shape.length < 2 && `the input has ${data.shape.length} dimensions, at least 2`,
        elements(lengths.shape) !== 2 && `there are ${elements(lengths.shape)} lengths, must be 2`,
      ],
      () => [given?.some((n) => !isPowerOfTwo(n)) && `the lengths are ${given?.join(' × ')}, must be powers of two`],
      () => [given !== null && elements(given) > MOST_POINTS && `a transform of ${given.join(' × ')} is too large`],
    );
  },
  shapes(op) {
    const lengths = integers(op.inputs[1]);
    return [lengths && [...operand(op, 0).shape.slice(0, -2), lengths[0], (lengths[1] >> 1) + 1]];
  },
  evaluate: transform,
});

/** Source: complex_support.cc. */
const PARTS: Readonly<Record<PartKind, (re: number, im: number) => number>> = {
  real: (re) => re,
  imag: (_, im) => im,
  complex_abs: Math.hypot,
};

const part = <K extends PartKind>(kind: K): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    check: (op) =>
      firstProblems(() => [
        dtypeIs(operand(op, 0), 'the input', 'complex64'),
        dtypeIs(op.outputs[0], 'the output', 'float32'),
      ]),
    shapes: (op): Shape[] => [operand(op, 0).shape],
    evaluate: (op) => {
      const parts = complexParts(dataOf<BigUint64Array>(op, 0));
      return [Float32Array.from({ length: parts.length / 2 }, (_, i) => PARTS[kind](parts[2 * i], parts[2 * i + 1]))];
    },
  });

export const spectrumOps: OpTable<SpectrumFamily> = {
  'signal.rfft2d': rfft2d,
  real: part('real'),
  imag: part('imag'),
  complex_abs: part('complex_abs'),
};
