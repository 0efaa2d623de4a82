/** What workloads of several templates share. */
import type { Weights } from '../lower/layers.ts';

/**
 * Operand types, as far as they decide which kernels are exact:
 * `float32`;
 * `int8`: 8-bit data (signed or not) and weights that, less their zero point, lie in [-127, 127];
 * `int8-full`: int8 data and weights that reach -128;
 * `uint8-offset`: uint8 data, weights that need the whole of uint8 but reach [1, 255] only: less 128 they fit int8;
 * `uint8-full`: uint8 data and weights, any values;
 * `int8-wide`: int8 data, weights that fit 8 bits only with a zero point (FULLY_CONNECTED may have one);
 * `int8-dynamic`: both int8 with zero points, known only when they run; `int8-dynamic-narrow`: the right one without -128.
 */
export type Operands =
  | 'float32'
  | 'int8'
  | 'int8-full'
  | 'uint8-offset'
  | 'uint8-full'
  | 'int8-wide'
  | 'int8-dynamic'
  | 'int8-dynamic-narrow';

/** A key of a template's workload: `NAME member=value …`, extents with `x` between them. */
export const keyOf = (
  template: string,
  members: Readonly<Record<string, string | number | boolean | readonly number[]>>,
): string =>
  [template, ...Object.entries(members).map(([name, v]) => `${name}=${typeof v === 'object' ? v.join('x') : v}`)].join(
    ' ',
  );

/** The operands of constant weights: what decides which kernels are exact. */
export function operandsOf(weights: Weights['data'], zeroPoint: number): Operands {
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
